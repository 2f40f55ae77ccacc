"""What S3 Vectors says of the metadata of a vector, and which vectors a filter takes.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-vectors-limitations.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-vectors-metadata-filtering.html
"""

import json
from collections.abc import Callable, Collection
from typing import Any

from emulator.bedrock.api_errors import ValidationError

_MOST_BYTES = 40 * 1024
MOST_FILTERABLE = 2048
MOST_KEYS = 50
_LISTED = ("$in", "$nin")
_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "$eq": lambda kept, asked: kept == asked or (isinstance(kept, list) and asked in kept),
    "$ne": lambda kept, asked: kept != asked,
    "$gt": lambda kept, asked: kept > asked,
    "$gte": lambda kept, asked: kept >= asked,
    "$lt": lambda kept, asked: kept < asked,
    "$lte": lambda kept, asked: kept <= asked,
}


def check_metadata(key: str, metadata: dict[str, Any], not_filterable: Collection[str]) -> None:
    """Texts: https://github.com/langchain-ai/langchain-aws/issues/693 and
    https://github.com/run-llama/llama_index/issues/19522; of the size of all, UNCONFIRMED.
    """
    plain = {name: each for name, each in metadata.items() if name not in not_filterable}
    if len(metadata) > MOST_KEYS:
        raise _invalid(key, f"Metadata object must have at most {MOST_KEYS} keys")
    if _size(plain) > MOST_FILTERABLE:
        raise _invalid(key, f"Filterable metadata must have at most {MOST_FILTERABLE} bytes")
    if _size(metadata) > _MOST_BYTES:
        raise _invalid(key, f"Total metadata must have at most {_MOST_BYTES} bytes")


def takes(filtered: dict[str, Any], metadata: dict[str, Any]) -> bool:
    """Whether the filter of a query lets a vector through."""
    return all(_holds(name, asked, metadata) for name, asked in filtered.items())


def _holds(name: str, asked: Any, metadata: dict[str, Any]) -> bool:
    match name:
        case "$and":
            return all(takes(each, metadata) for each in asked)
        case "$or":
            return any(takes(each, metadata) for each in asked)
    conditions = asked if isinstance(asked, dict) else {"$eq": asked}
    return all(_compare(operator, metadata.get(name), v) for operator, v in conditions.items())


def _compare(operator: str, kept: Any, asked: Any) -> bool:
    if operator == "$exists":
        return (kept is not None) is asked
    if operator in _LISTED:
        mine = kept if isinstance(kept, list) else [kept]
        return any(each in asked for each in mine) is (operator == "$in")
    if operator not in _COMPARED:
        raise ValidationError(message=f"Invalid filter: unknown operator {operator}")
    if kept is None:
        return operator == "$ne"
    try:
        return _COMPARED[operator](kept, asked)
    except TypeError:
        return False


def _size(metadata: dict[str, Any]) -> int:
    """UNCONFIRMED how AWS counts; here as JSON in UTF-8."""
    return len(json.dumps(metadata, ensure_ascii=False, separators=(",", ":")).encode())


def _invalid(key: str, why: str) -> ValidationError:
    return ValidationError(message=f"Invalid record for key '{key}': {why}")
