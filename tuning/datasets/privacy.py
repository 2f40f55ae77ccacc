"""Secrets and personal data: precise patterns, check digits where there are any, never the value.

The kernel counts them where it was built (`kernel/private.h`); this is what it counts, and what counts where
it was not. Each pattern has an anchor that is cheap to search for, and is only tried where that is: patterns
alone would take a hundred times as long. What is recognized by a word is searched for in the text; what is
recognized by the look of its numbers, in the text's shape: each digit a 0, each capital an A.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

from tuning.datasets import kernel
from tuning.datasets.formats.reserved_words import searcher


def _luhn(digits: str) -> bool:
    total = 0
    for i, digit in enumerate(reversed(digits)):
        n = int(digit) * (2 if i % 2 else 1)
        total += n - 9 if n > 9 else n  # noqa: PLR2004 — the sum of two digits
    return total % 10 == 0


def _card(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    return len(set(digits)) > 1 and _luhn(digits)  # 4444… is a placeholder


def _iban(text: str) -> bool:
    plain = text.replace(" ", "")
    turned = plain[4:] + plain[:4]
    return int("".join(str(int(c, 36)) for c in turned)) % 97 == 1


def _weighed(digits: list[int], weights: range | list[int]) -> int:
    rest = sum(d * w for d, w in zip(digits, weights, strict=True)) % 11
    return 0 if rest < 2 else 11 - rest  # noqa: PLR2004 — the rule of the Receita Federal


def _cpf(text: str) -> bool:
    digits = [int(c) for c in text if c.isdigit()]
    if len(set(digits)) == 1:
        return False
    first = _weighed(digits[:9], range(10, 1, -1))
    return digits[9:] == [first, _weighed([*digits[:9], first], range(11, 1, -1))]


def _cnpj(text: str) -> bool:
    digits = [int(c) for c in text if c.isdigit()]
    if len(set(digits)) == 1:
        return False
    weights = [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]
    first = _weighed(digits[:12], weights)
    return digits[12:] == [first, _weighed([*digits[:12], first], [6, *weights])]


def _real_mail(text: str) -> bool:
    # Domains reserved for examples: https://www.rfc-editor.org/rfc/rfc2606
    domain = text.rpartition("@")[2].lower()
    return not re.search(r"(^|\.)(example(\.(com|net|org))?|test|invalid|localhost)$", domain)


def _not_example(text: str) -> bool:
    # AWS writes its documentation's keys with this ending.
    return not text.endswith("EXAMPLE")


@cache
def _compiled(pattern: bytes) -> re.Pattern[bytes]:
    """On first use: where the kernel counts, none is used, and to compile them takes as long as a check of 100 KB."""
    return re.compile(pattern)


class _Kind(NamedTuple):
    rule: str
    name: str
    written: bytes
    valid: Callable[[str], bool]

    @property
    def pattern(self) -> re.Pattern[bytes]:
        return _compiled(self.written)


def _kind(
    rule: str, name: str, pattern: bytes, valid: Callable[[str], bool] = lambda _text: True
) -> _Kind:
    return _Kind(rule, name, pattern, valid)


_KEY = _kind(
    "DS801",
    "an AWS access key id",
    rb"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Z0-9])",
    _not_example,
)
_LITERAL: tuple[tuple[bytes, _Kind], ...] = (
    (b"AKIA", _KEY),
    (b"ASIA", _KEY),
    (
        b"-----BEGIN ",
        _kind("DS801", "a private key", rb"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"),
    ),
    (
        b"eyJ",
        _kind(
            "DS801",
            "a JSON web token",
            rb"(?<![\w-])eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}",
        ),
    ),
    *(
        (anchor, _kind("DS801", "a GitHub token", rb"(?<!\w)gh[pousr]_\w{36}(?!\w)"))
        for anchor in (b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_")
    ),
    (b"github_pat_", _kind("DS801", "a GitHub token", rb"(?<!\w)github_pat_\w{82}(?!\w)")),
    (b"xox", _kind("DS801", "a Slack token", rb"(?<!\w)xox[abprs]-[0-9]{8,}-[\w-]{20,}")),
)
_PHONE = _kind(
    "DS802",
    "a phone number",
    rb"(?<![\w+])\+[1-9][0-9]{0,2}[ .-]?(?:\([0-9]{1,4}\)[ .-]?)?"
    rb"[0-9]{2,5}(?:[ .-][0-9]{2,5}){1,3}(?![\w-])",
    lambda text: 8 <= sum(c.isdigit() for c in text) <= 15,  # noqa: PLR2004 — ITU-T E.164
)
_LOCAL_SIGNS = rb"[\w.+-]{65}"
_LOCAL = 64  # characters before the @: https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1.1
_MAIL = _kind(
    "DS802",
    "an e-mail address",
    rb"@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w-])",
    _real_mail,
)
_BEFORE = rb"(?<![\w.+-])[A-Za-z0-9][\w.+-]{0,63}\Z"
_NUMBER = rb"[0-9]{2}"
_NUMBERS = (
    _kind(
        "DS802",
        "a payment card number",
        rb"(?<![\w.-])(?:(?:4[0-9]{3}|5[1-5][0-9]{2}|2[2-7][0-9]{2}|6(?:011|5[0-9]{2}))"
        rb"([ -]?)[0-9]{4}\1[0-9]{4}\1[0-9]{4}|3[47][0-9]{2}([ -]?)[0-9]{6}\2[0-9]{5})(?![\w-])",
        _card,
    ),
    _kind(
        "DS802",
        "a Brazilian CPF",
        rb"(?<![\w.-])[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}(?![\w-])",
        _cpf,
    ),
    _kind(
        "DS802",
        "a Brazilian CNPJ",
        rb"(?<![\w.-])[0-9]{2}\.[0-9]{3}\.[0-9]{3}/[0-9]{4}-[0-9]{2}(?![\w-])",
        _cnpj,
    ),
)
_IBAN = _kind(
    "DS802",
    "an IBAN",
    rb"(?<!\w)[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)",
    _iban,
)


_IBAN_LOOK = "AA00"
_LOOKS = (
    "0000000000000000",
    "0000 0000 0000 0000",
    "0000-0000-0000-0000",
    "000000000000000",
    "0000 000000 00000",
    "0000-000000-00000",
    "000.000.000-00",
    "00.000.000/0000-00",
)
_SECRETS = 5  # the first kinds of the kernel: keys and tokens
KINDS = [(name, "DS801" if i < _SECRETS else "DS802") for i, name in enumerate(kernel.PRIVATE)]
"""Name and rule of each kind, in the order of the kernel's counts."""
_CAPITALS, _DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", b"0123456789"
_WORDS = tuple(anchor.decode() for anchor, _ in _LITERAL)
_SHAPE = bytes.maketrans(_CAPITALS + _DIGITS, b"A" * len(_CAPITALS) + b"0" * len(_DIGITS))


def private(text: bytes) -> Counter[tuple[str, str]]:
    """How often each kind is in the text, by its name and rule."""
    if kernel.library():
        return by_kind(_native()(text))
    return by_patterns(text)


def private_places(text: bytes) -> Iterator[tuple[str, int, int, bool]]:
    """Name, first and last byte of what a pattern matches, and whether its check digits are right too."""
    for kind, match in _matches(text, _any_of):
        if match:
            start, end = match.span()
            if kind is _MAIL:
                before = _compiled(_BEFORE).search(text, max(0, start - _LOCAL - 1), start)
                start = before.start() if before else start
            yield kind.name, start, end, kind.valid(match[0].decode())


def by_kind(counts: Sequence[int]) -> Counter[tuple[str, str]]:
    """The counts of the kernel, by name and rule."""
    return Counter({KINDS[i]: n for i, n in enumerate(counts[: len(KINDS)]) if n})


@cache
def _native() -> Callable[[bytes], tuple[int, ...]]:
    return kernel.private_counter()


def by_patterns(text: bytes) -> Counter[tuple[str, str]]:
    """As `private`, without the kernel."""
    found: Counter[tuple[str, str]] = Counter()
    for kind, match in _matches(text):
        if match and kind.valid(match[0].decode()):
            found[kind.name, kind.rule] += 1
    return found


_Search = Callable[[tuple[str, ...]], Callable[[bytes], object]]


def _any_of(words: tuple[str, ...]) -> Callable[[bytes], object]:
    """As `searcher`, for short texts and where its library is not installed."""
    return lambda text: any(word.encode() in text for word in words)


def _matches(
    text: bytes, contains: _Search = searcher
) -> Iterator[tuple[_Kind, "re.Match[bytes] | None"]]:
    if contains(_WORDS)(text):
        for anchor, kind in _LITERAL:
            for at in _places(text, anchor):
                yield kind, kind.pattern.match(text, at)
    if b"+" in text:
        for at in _places(text, b"+"):
            yield _PHONE, _PHONE.pattern.match(text, at)
    if b"@" in text:
        for at in _places(text, b"@"):
            yield _MAIL, _mail(text, at)
    shape = text.translate(_SHAPE)
    if contains((*_LOOKS, _IBAN_LOOK))(shape):
        yield from _numbers(text)
        for at in _places(shape, _IBAN_LOOK.encode()):
            yield _IBAN, _IBAN.pattern.match(text, at)


def _mail(text: bytes, at: int) -> "re.Match[bytes] | None":
    """The domain of an address, if what is before its @ makes it one."""
    before = text[max(0, at - _LOCAL - 1) : at]
    if len(before) > _LOCAL and _compiled(_LOCAL_SIGNS).match(before):
        return None
    return _MAIL.pattern.match(text, at) if _compiled(_BEFORE).search(before) else None


def _places(text: bytes, anchor: bytes) -> Iterator[int]:
    at = text.find(anchor)
    while at >= 0:
        yield at
        at = text.find(anchor, at + len(anchor))


def _numbers(text: bytes) -> Iterator[tuple[_Kind, "re.Match[bytes]"]]:
    """Those that start where a number starts, none inside of another."""
    end = 0
    while number := _compiled(_NUMBER).search(text, end):
        start = end = number.start()
        for kind in _NUMBERS:
            if match := kind.pattern.match(text, start):
                end = match.end()
                yield kind, match
        while end < len(text) and text[end : end + 1].isdigit():
            end += 1
