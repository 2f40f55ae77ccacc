"""Personal data in a text, by Bedrock's names: those kinds that patterns find, which is not how Bedrock finds them.

https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-sensitive-filters.html
"""

import ipaddress
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from tuning.datasets.privacy import private_places

ENTITIES = (
    *("ADDRESS", "AGE", "AWS_ACCESS_KEY", "AWS_SECRET_KEY", "CA_HEALTH_NUMBER"),
    *("CA_SOCIAL_INSURANCE_NUMBER", "CREDIT_DEBIT_CARD_CVV", "CREDIT_DEBIT_CARD_EXPIRY"),
    *("CREDIT_DEBIT_CARD_NUMBER", "DRIVER_ID", "EMAIL", "INTERNATIONAL_BANK_ACCOUNT_NUMBER"),
    *("IP_ADDRESS", "LICENSE_PLATE", "MAC_ADDRESS", "NAME", "PASSWORD", "PHONE", "PIN"),
    *("SWIFT_CODE", "UK_NATIONAL_HEALTH_SERVICE_NUMBER", "UK_NATIONAL_INSURANCE_NUMBER"),
    *("UK_UNIQUE_TAXPAYER_REFERENCE_NUMBER", "URL", "USERNAME", "US_BANK_ACCOUNT_NUMBER"),
    *("US_BANK_ROUTING_NUMBER", "US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER", "US_PASSPORT_NUMBER"),
    *("US_SOCIAL_SECURITY_NUMBER", "VEHICLE_IDENTIFICATION_NUMBER"),
)
"""All that Bedrock knows."""
_OF_DATASETS = {
    "an AWS access key id": "AWS_ACCESS_KEY",
    "a phone number": "PHONE",
    "an e-mail address": "EMAIL",
    "a payment card number": "CREDIT_DEBIT_CARD_NUMBER",
    "an IBAN": "INTERNATIONAL_BANK_ACCOUNT_NUMBER",
}
"""What the checker of datasets finds too; Brazilian numbers are no kind of Bedrock's."""
_WHATEVER_ITS_DIGITS = ("AWS_ACCESS_KEY", "EMAIL")
"""Examples of documentation are addresses here as well: a guardrail does not know who meant what."""


class PersonalPlace(NamedTuple):
    start: int
    """In characters."""
    end: int
    kind: str


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


_PATTERNS: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("IP_ADDRESS", re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.])"), _is_address),
    ("MAC_ADDRESS", re.compile(r"(?<!\w)[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}(?!\w)"), bool),
    ("URL", re.compile(r"\bhttps?://[^\s<>\"']+[^\s<>\"'.,;:!?)]"), bool),
    (
        "US_SOCIAL_SECURITY_NUMBER",
        re.compile(r"(?<![\w-])(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])"),
        bool,
    ),
)
FOUND_BY_PATTERNS = frozenset({*_OF_DATASETS.values(), *(name for name, _, _ in _PATTERNS)})


def personal_places(text: str, kinds: Iterable[str]) -> Iterator[PersonalPlace]:
    """Where data of these kinds are. Of kinds that no pattern finds, such as NAME, nothing is said."""
    wanted = set(kinds)
    if wanted & set(_OF_DATASETS.values()):
        yield from (each for each in _as_in_datasets(text) if each.kind in wanted)
    for kind, pattern, valid in _PATTERNS:
        if kind in wanted:
            for match in pattern.finditer(text):
                if valid(match[0]):
                    yield PersonalPlace(match.start(), match.end(), kind)


def _as_in_datasets(text: str) -> Iterator[PersonalPlace]:
    plain = text.encode(errors="replace")
    for name, start, end, valid in private_places(plain):
        kind = _OF_DATASETS.get(name)
        if kind and (valid or kind in _WHATEVER_ITS_DIGITS):
            before = len(plain[:start].decode())
            yield PersonalPlace(before, before + len(plain[start:end].decode()), kind)
