"""What S3 Vectors, a guardrail and endpoints cost for documents, by AWS's formulas.

https://aws.amazon.com/s3/pricing/ has them under "Vectors", with the example that a test computes again; a copy of the
page: https://github.com/forattini-dev/s3db.js/blob/main/docs/attachments/aws-s3-costs-3-vectors.md
"""

from collections.abc import Mapping
from decimal import Decimal

from tuning.assistants.advice_case import AdviceCase
from tuning.models.prices import (
    ENDPOINT_PRICE,
    HOURS,
    JUDGING,
    VECTOR_QUERIES,
    VECTOR_SCAN,
    VECTOR_STORAGE,
    VECTOR_UPLOAD,
    prices,
)

KB = 1024
_GB, _TB = Decimal(KB**3), Decimal(KB**4)
_BYTES_A_DIMENSION = 4
_SEARCHED = Decimal("1.17") * KB
"""Bytes of a key and of metadata that can be filtered: these are looked through, too."""
_BESIDE = Decimal(KB)
"""Bytes of metadata that are kept beside a piece's text, and not looked through."""
_TIERS = (("first 100,000 vectors", 100_000), ("to 10,000,000 vectors", 10_000_000))
_BEYOND = "vectors beyond"
_CHARACTERS_A_TOKEN = 4
_TEXT_UNIT = 1_000
"""Characters. https://aws.amazon.com/bedrock/pricing/"""
DOCUMENT_ENDPOINTS, DOCUMENT_KEYS, DOCUMENT_ALARMS = 2, 1, 7
"""Of an environment whose assistants have documents: `bedrock-agent` and `bedrock-agent-runtime`; docs/documents.md."""


def searched_bytes(dimensions: int) -> Decimal:
    """Of one vector, for each question."""
    return dimensions * _BYTES_A_DIMENSION + _SEARCHED


def _kept_bytes(case: AdviceCase) -> Decimal:
    text = case.chunk_tokens * _CHARACTERS_A_TOKEN
    return searched_bytes(case.dimensions) + _BESIDE + text


def upload_usd(case: AdviceCase, vectors: Decimal) -> Decimal:
    return vectors * _kept_bytes(case) / _GB * _usd(prices()[VECTOR_UPLOAD])


def vectors_storage_usd(case: AdviceCase) -> Decimal:
    """A month."""
    return case.vectors * _kept_bytes(case) / _GB * _usd(prices()[VECTOR_STORAGE])


def vectors_query_usd(case: AdviceCase) -> Decimal:
    """A month, without what each question looks through."""
    return case.questions * _usd(prices()[VECTOR_QUERIES]) / 10**6


def scan_usd(vectors: int, dimensions: int, questions: int) -> Decimal:
    """Every vector of the index counts for every question, at prices that fall with their number."""
    table, below, usd = prices()[VECTOR_SCAN], 0, Decimal(0)
    terabytes = searched_bytes(dimensions) * questions / _TB
    for name, upto in _TIERS:
        usd += max(0, min(vectors, upto) - below) * terabytes * _usd(table[name])
        below = upto
    return usd + max(0, vectors - below) * terabytes * _usd(table[_BEYOND])


def guardrail_usd(case: AdviceCase) -> Decimal:
    """A month: each passage by itself, in whole text units, by each policy."""
    units = -(-case.chunk_tokens * _CHARACTERS_A_TOKEN // _TEXT_UNIT)
    each = sum((_usd(row) for row in prices()[JUDGING].values()), Decimal(0))
    return case.questions * case.passages * units * each / 1000


def scan_tier(vectors: int) -> str:
    """The price of the last of so many vectors."""
    return next((name for name, upto in _TIERS if vectors <= upto), _BEYOND)


def endpoints_usd(case: AdviceCase) -> Decimal:
    """A month, whether or not anybody asks."""
    return DOCUMENT_ENDPOINTS * case.zones * HOURS * _usd(prices()[ENDPOINT_PRICE])


def _usd(row: Mapping[str, str]) -> Decimal:
    return Decimal(row["usd"])
