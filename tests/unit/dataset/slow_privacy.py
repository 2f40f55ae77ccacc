"""The oracle of `tuning.datasets.privacy`: each pattern is tried wherever its anchor stands."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple


def _luhn(digits: str) -> bool:
    total = 0
    for i, digit in enumerate(reversed(digits)):
        n = int(digit) * (2 if i % 2 else 1)
        total += n - 9 if n > 9 else n
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
    return 0 if rest < 2 else 11 - rest


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


class _Kind(NamedTuple):
    rule: str
    name: str
    pattern: re.Pattern[bytes]
    valid: Callable[[str], bool]


def _kind(
    rule: str, name: str, pattern: bytes, valid: Callable[[str], bool] = lambda _text: True
) -> _Kind:
    return _Kind(rule, name, re.compile(pattern), valid)


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
    (
        b"gh",
        _kind("DS801", "a GitHub token", rb"(?<!\w)gh[pousr]_\w{36}(?!\w)"),
    ),
    (b"github_pat_", _kind("DS801", "a GitHub token", rb"(?<!\w)github_pat_\w{82}(?!\w)")),
    (b"xox", _kind("DS801", "a Slack token", rb"(?<!\w)xox[abprs]-[0-9]{8,}-[\w-]{20,}")),
    (
        b"+",
        _kind(
            "DS802",
            "a phone number",
            rb"(?<![\w+])\+[1-9][0-9]{0,2}[ .-]?(?:\([0-9]{1,4}\)[ .-]?)?"
            rb"[0-9]{2,5}(?:[ .-][0-9]{2,5}){1,3}(?![\w-])",
            lambda text: 8 <= sum(c.isdigit() for c in text) <= 15,
        ),
    ),
)
_LOCAL = 64  # characters before the @: https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1.1
_MAIL = _kind(
    "DS802",
    "an e-mail address",
    rb"(?<![\w.+-])[A-Za-z0-9][\w.+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}",
    _real_mail,
)
_NUMBER = re.compile(rb"[0-9]{2}")
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


def private(text: bytes) -> Counter[tuple[str, str]]:
    """How often each kind stands in the text, by its name and rule."""
    found: Counter[tuple[str, str]] = Counter()
    for kind, match in _matches(text):
        if match and kind.valid(match[0].decode()):
            found[kind.name, kind.rule] += 1
    return found


def _ends(text: bytes, at: int) -> Iterator[int]:
    """Where an address may end, the longest first: before a sign that could go on."""
    for end in range(min(len(text), at + 600), at, -1):
        if not re.match(rb"[\w-]", text[end : end + 1]):
            yield end


def _matches(text: bytes) -> Iterator[tuple[_Kind, "re.Match[bytes] | None"]]:
    for anchor, kind in _LITERAL:
        at = text.find(anchor)
        while at >= 0:
            yield kind, kind.pattern.match(text, at)
            at = text.find(anchor, at + len(anchor))
    at = text.find(b"@")
    while at >= 0:
        starts = range(max(0, at - _LOCAL), at)
        found = (_MAIL.pattern.fullmatch(text, s, e) for s in starts for e in _ends(text, at))
        yield _MAIL, next(filter(None, found), None)
        at = text.find(b"@", at + 1)
    end = 0
    while number := _NUMBER.search(text, end):
        start = end = number.start()
        for kind in _NUMBERS:
            if match := kind.pattern.match(text, start):
                end = match.end()
                yield kind, match
        yield _IBAN, _IBAN.pattern.match(text, max(0, start - 2))
        while end < len(text) and text[end : end + 1].isdigit():
            end += 1
