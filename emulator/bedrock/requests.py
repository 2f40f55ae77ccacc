"""Validating a request against botocore's own model of the service, as the service would.

boto3 checks names and types before it sends, and leaves patterns, enumerations and lengths to the
service: `jobName="bad name!"` is sent. So they are checked here.
"""

import re
from functools import cache
from typing import Any

import botocore.session
from botocore.validate import ParamValidator

from emulator.bedrock.api_errors import ValidationError

_TAKEN_BESIDE = {"EvaluationTaskType": ("General",)}
"""What the service takes though its model does not list it: AWS's own samples of jobs with a judge send it.
https://docs.aws.amazon.com/bedrock/latest/userguide/model-evaluation-judge-create.html"""


@cache
def _service_model(service: str) -> Any:
    """A tenth of a second."""
    return botocore.session.get_session().get_service_model(service)


@cache
def _operation_shape(operation: str, service: str) -> Any:
    return _service_model(service).operation_model(operation).input_shape


def validate(operation: str, body: dict[str, Any], service: str = "bedrock") -> None:
    shape = _operation_shape(operation, service)
    report = ParamValidator().validate(body, shape)
    found = [report.generate_report()] if report.has_errors() else _violations(shape, body, "")
    if found:
        plural = "s" if len(found) > 1 else ""
        raise ValidationError(
            message=f"{len(found)} validation error{plural} detected: {'; '.join(found)}"
        )


def _violations(shape: Any, value: Any, path: str) -> list[str]:
    match shape.type_name:
        case "structure" if shape.is_document_type:
            return []  # anything that is JSON
        case "structure":
            return [
                violation
                for name, member in value.items()
                if name in shape.members
                for violation in _violations(
                    shape.members[name], member, f"{path}.{name}".lstrip(".")
                )
            ]
        case "list":
            inner = [
                violation
                for position, member in enumerate(value)
                for violation in _violations(shape.member, member, f"{path}.{position + 1}.member")
            ]
            return _too_long(shape, value, path) + inner
        case "string":
            return _bad_text(shape, value, path)
        case "integer" if value > shape.metadata.get("max", value):
            most = shape.metadata["max"]
            says = f"Value '{value}' at '{path}' failed to satisfy constraint"
            return [f"{says}: Member must have value less than or equal to {most}"]
        case _:
            return []


def _bad_text(shape: Any, value: str, path: str) -> list[str]:
    says = f"Value '{value}' at '{path}' failed to satisfy constraint: Member must satisfy"
    found = _too_long(shape, value, path)
    enumeration = shape.metadata.get("enum")
    if enumeration and value not in (*enumeration, *_TAKEN_BESIDE.get(shape.name, ())):
        found.append(f"{says} enum value set: [{', '.join(enumeration)}]")
    pattern = shape.metadata.get("pattern")
    if pattern and not re.fullmatch(pattern, value):
        found.append(f"{says} regular expression pattern: {pattern}")
    return found


def _too_long(shape: Any, value: Any, path: str) -> list[str]:
    most = shape.metadata.get("max")
    if most is None or len(value) <= most:
        return []
    return [
        f"Value at '{path}' failed to satisfy constraint: Member must have length less than or equal to {most}"
    ]
