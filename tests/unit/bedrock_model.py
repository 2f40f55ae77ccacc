"""botocore's own model of Bedrock: the names, patterns, lengths and enumerations of its API."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.validate import ParamValidator


@cache
def _model() -> ServiceModel:
    return ServiceModel(Loader().load_service_model("bedrock", "service-2"))


@cache
def shape(operation: str) -> Any:
    return _model().operation_model(operation).input_shape


def complaints(value: Any, shape: Any) -> list[str]:
    """All that the service would say against `value`; boto3 itself checks names and types only."""
    report = ParamValidator().validate(value, shape)
    if report.has_errors():
        return [report.generate_report()]
    return list(_against_patterns(value, shape, shape.name))


def _against_patterns(value: Any, shape: Any, at: str) -> Iterator[str]:
    match shape.type_name:
        case "structure":
            for name, inner in value.items():
                yield from _against_patterns(inner, shape.members[name], f"{at}.{name}")
        case "list":
            yield from _length(value, shape, at)
            for inner in value:
                yield from _against_patterns(inner, shape.member, f"{at}[]")
        case "map":
            for key, inner in value.items():
                yield from _against_patterns(key, shape.key, f"{at} key")
                yield from _against_patterns(inner, shape.value, f"{at}.{key}")
        case "string":
            yield from _length(value, shape, at)
            pattern = shape.metadata.get("pattern")
            if pattern and not re.fullmatch(pattern, value):
                yield f"{at}: {value!r} does not match {pattern}"
            if (allowed := shape.metadata.get("enum")) and value not in allowed:
                yield f"{at}: {value!r} is none of {allowed}"


def _length(value: Any, shape: Any, at: str) -> Iterator[str]:
    low, high = shape.metadata.get("min", 0), shape.metadata.get("max", float("inf"))
    if not low <= len(value) <= high:
        yield f"{at}: length {len(value)} is not within {low} and {high}"
