"""Secrets and personal data: precise patterns, check digits where there are any, never the value."""

import re
from collections.abc import Callable, Iterator

Found = tuple[str, str]
"""What it looks like, and the rule that says so."""


def _luhn(digits: str) -> bool:
    total = 0
    for i, digit in enumerate(reversed(digits)):
        n = int(digit) * (2 if i % 2 else 1)
        total += n - 9 if n > 9 else n  # noqa: PLR2004 — the sum of two digits
    return total % 10 == 0


def _card(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    return len(set(digits)) > 2 and _luhn(digits)  # noqa: PLR2004 — 4444… is a placeholder


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


def _always(_text: str) -> bool:
    return True


_KINDS: tuple[tuple[str, str, str, Callable[[str], bool]], ...] = (
    (
        "DS801",
        "an AWS access key id",
        r"(?<![A-Z0-9])(?:AKIA|ASIA)[A-Z2-7]{16}(?![A-Z0-9])",
        _not_example,
    ),
    ("DS801", "a private key", r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----", _always),
    (
        "DS801",
        "a JSON web token",
        r"(?<![\w-])eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{20,}",
        _always,
    ),
    ("DS801", "a GitHub token", r"(?<!\w)(?:gh[pousr]_\w{36}|github_pat_\w{82})(?!\w)", _always),
    ("DS801", "a Slack token", r"(?<!\w)xox[abprs]-[0-9]{8,}-[\w-]{20,}", _always),
    (
        "DS802",
        "an e-mail address",
        r"(?<![\w.+-])[A-Za-z0-9][\w.+-]{0,63}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![\w-])",
        _real_mail,
    ),
    (
        "DS802",
        "a phone number",
        r"(?<![\w+])\+[1-9][0-9]{0,2}[ .-]?(?:\([0-9]{1,4}\)[ .-]?)?"
        r"[0-9]{2,5}(?:[ .-][0-9]{2,5}){1,3}(?![\w-])",
        lambda text: 8 <= sum(c.isdigit() for c in text) <= 15,  # noqa: PLR2004 — ITU-T E.164
    ),
    (
        "DS802",
        "a payment card number",
        r"(?<![\w.-])(?:4[0-9]{3}|5[1-5][0-9]{2}|2[2-7][0-9]{2}|6(?:011|5[0-9]{2}))"
        r"([ -]?)[0-9]{4}\1[0-9]{4}\1[0-9]{4}(?![\w-])|(?<![\w.-])3[47][0-9]{2}([ -]?)"
        r"[0-9]{6}\2[0-9]{5}(?![\w-])",
        _card,
    ),
    (
        "DS802",
        "an IBAN",
        r"(?<!\w)[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?!\w)",
        _iban,
    ),
    (
        "DS802",
        "a Brazilian CPF",
        r"(?<![\w.-])[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}(?![\w-])",
        _cpf,
    ),
    (
        "DS802",
        "a Brazilian CNPJ",
        r"(?<![\w.-])[0-9]{2}\.[0-9]{3}\.[0-9]{3}/[0-9]{4}-[0-9]{2}(?![\w-])",
        _cnpj,
    ),
)
_COMPILED = tuple((rule, kind, re.compile(p), valid) for rule, kind, p, valid in _KINDS)


def private(line: bytes) -> Iterator[Found]:
    """Every kind that stands in the line, once for each time it does."""
    text = line.decode("utf-8", "replace")
    for rule, kind, pattern, valid in _COMPILED:
        for match in pattern.finditer(text):
            if valid(match[0]):
                yield kind, rule
