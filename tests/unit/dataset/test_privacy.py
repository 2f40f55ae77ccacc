"""Secrets and personal data are found by their check digits, and sound-alikes are not."""

import random
import unicodedata
from itertools import pairwise

import pytest
from builders import LLAMA, checked, lines, method, pair
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn
from stdnum.br import cnpj, cpf
from stdnum.iso7064 import mod_97_10

from tuning.datasets.privacy import by_patterns, private
from tuning.datasets.quality import script

pytestmark = pytest.mark.usefixtures("way")

FOUND = [
    ("an AWS access key id", "id: A" + "KIAQWERTYUIOP234567,"),
    ("an AWS access key id", "(A" + "SIAQWERTYUIOP234567)"),
    ("a private key", "-----BEGIN RSA " + "PRIVATE KEY-----"),
    ("a private key", "-----BEGIN " + "PRIVATE KEY-----"),
    ("a JSON web token", "eyJhbGciOiJIUzI1NiJ9" + ".eyJzdWIiOiIxMjM0NTY3ODkwIn0." + "a" * 43),
    ("a GitHub token", "gh" + "p_" + "a1B2" * 9),
    ("a Slack token", "xo" + "xb-123456789012-" + "aB3d" * 6),
    ("an e-mail address", "mail ana.silva+x@empresa.com.br!"),
    ("a phone number", "call +55 11 91234-5678 now"),
    ("a phone number", "+1 (415) 555-2671"),
    ("a payment card number", "pay 4111 1111 1111 1111"),
    ("a payment card number", "378282246310005"),
    ("an IBAN", "to DE89 3704 0044 0532 0130 00."),
    ("an IBAN", "GB82WEST12345698765432"),
    ("a Brazilian CPF", "CPF 529.982.247-25"),
    ("a Brazilian CNPJ", "11.222.333/0001-81"),
]
SOUND_ALIKE = [
    "A" + "KIAIOSFODNN7EXAMPLE",
    "XA" + "KIAQWERTYUIOP2345678",
    "-----BEGIN CERTIFICATE-----",
    "-----BEGIN PUBLIC KEY-----",
    "eyJhbGciOiJIUzI1NiJ9 and .eyJ",
    "ana@example.com, x@test, git@localhost, @decorator, a@b",
    "1+1 = 2, +5 %, C++ 11 12",
    "4111 1111 1111 1112",
    "4444 4444 4444 4444",
    "v4111.1111.1111.1111",
    "DE89 3704 0044 0532 0130 01",
    "AB12 is a shelf",
    "529.982.247-26, 111.111.111-11",
    "11.222.333/0001-82",
    "2024-11-23 12:30:45, 3.14159265358979",
]


@pytest.mark.parametrize(("kind", "text"), FOUND)
def test_it_is_found_once(kind, text):
    assert [name for name, _ in private(text.encode()).elements()] == [kind]


@pytest.mark.parametrize("text", SOUND_ALIKE)
def test_what_only_looks_alike_is_not(text):
    assert not private(text.encode())


@pytest.mark.parametrize(("kind", "text"), FOUND)
def test_the_value_is_never_shown(kind, text):
    report = checked(lines(pair(f"see\n{text}", "b")), of=method(LLAMA))
    assert report.statistics["training"]["privacy"] == {kind: 1}
    assert report.verdict == "accepted"
    reported = str(report.to_dict())
    assert not any(word in reported for word in text.split() if len(word) > 8)


BY_THE_KERNEL = pytest.mark.parametrize("way", ["kernel"], indirect=True)
PIECES = (
    *(text for _, text in FOUND),
    *SOUND_ALIKE,
    *("4111111111111111", "4111-1111-1111-1111", "3782 822463 10005", "3782-822463-10005"),
    *(
        "A",
        "KIA",
        "ASI",
        "eyJ",
        "gh",
        "ghp_",
        "xox",
        "b-",
        "@",
        "+",
        "+1",
        " ",
        "-",
        ".",
        "/",
        "\0",
    ),
    *("0", "12", "123", "1234", "AB", "ab", "_", "é", "今", "\n", "2024", "(11)", "GB82", "DE89"),
)


def _planted(seed, count):
    rng = random.Random(seed)  # noqa: S311 — reproducible, no secret
    for _ in range(count):
        picked = rng.choices(PIECES, k=rng.randint(1, 9))
        text = rng.choice(("", "", " ", ", ")).join(picked)
        if rng.random() < 0.3:
            at = rng.randrange(len(text) + 1)
            text = text[:at] + rng.choice(PIECES) + text[at + rng.randint(0, 3) :]
        yield text.encode()


@pytest.mark.thorough
@BY_THE_KERNEL
def test_planted_values_are_counted_by_the_kernel_as_by_the_patterns():
    found = 0
    for text in _planted("planted", 20_000):
        slow = by_patterns(text)
        assert private(text) == slow, text
        found += bool(slow)
    assert found > 5_000


@BY_THE_KERNEL
@given(text=st.text(st.sampled_from("0123456789 -./AB+@_a\xe9"), max_size=60).map(str.encode))
def test_any_numbers_are_counted_by_the_kernel_as_by_the_patterns(text):
    assert private(text) == by_patterns(text)


def _iban(plain):
    """By the check digits alone: which countries have IBANs is not asked."""
    return mod_97_10.is_valid(plain[4:] + plain[:4])


def _grouped(digits, *lengths, by=" "):
    at = [sum(lengths[:i]) for i in range(len(lengths) + 1)]
    return by.join(digits[start:end] for start, end in pairwise(at))


NUMBERED = {
    "a payment card number": (
        ("4", 16, luhn.is_valid),
        ("51", 16, luhn.is_valid),
        ("6011", 16, luhn.is_valid),
        ("37", 15, luhn.is_valid),
    ),
    "a Brazilian CPF": (("", 11, cpf.is_valid),),
    "a Brazilian CNPJ": (("", 14, cnpj.is_valid),),
    "an IBAN": (("DE", 22, _iban), ("GB", 22, _iban), ("NO", 15, _iban)),
}
WRITTEN = {
    "a payment card number": lambda n: _grouped(n, *((4, 4, 4, 4) if len(n) == 16 else (4, 6, 5))),
    "a Brazilian CPF": cpf.format,
    "a Brazilian CNPJ": cnpj.format,
    "an IBAN": str,
}


@pytest.mark.parametrize("kind", NUMBERED)
@given(data=st.data())
def test_a_number_counts_when_a_library_finds_its_check_digits_right(kind, data):
    """Of random numbers a tenth or a hundredth is right, so all ways to end one are tried."""
    start, length, valid = data.draw(st.sampled_from(NUMBERED[kind]))
    drawn = data.draw(st.text("0123456789", min_size=length, max_size=length))
    body = (start + drawn)[: length - 2]
    right = 0
    for end in range(100):
        number = f"{body}{end:02}"
        counted = kind in {name for name, _ in private(WRITTEN[kind](number).encode())}
        placeholder = kind != "an IBAN" and len({*number}) == 1
        assert counted == (valid(number) and not placeholder), number
        right += counted
    assert right or len({*body}) == 1


@given(text=st.text())
def test_the_script_is_that_of_most_of_the_first_letters(text):
    letters = [c for c in text if c.isalpha() and c > "\x7f"][:48]
    names = [unicodedata.name(c, "UNKNOWN").partition(" ")[0] for c in letters]
    most = max(names, key=lambda name: (names.count(name), -names.index(name)), default="LATIN")
    japanese = {"HIRAGANA", "KATAKANA"} & {*names} and most != "LATIN"
    assert script(text.encode()) == ("JAPANESE" if japanese else most)
