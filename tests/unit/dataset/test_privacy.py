"""Secrets and personal data are found by their check digits, and sound-alikes are not."""

import pytest
from builders import LLAMA, checked, lines, method, pair

from tuning.dataset.privacy import private

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
    told = str(report.to_dict())
    assert not any(word in told for word in text.split() if len(word) > 8)
