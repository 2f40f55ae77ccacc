"""AWS in dictionaries, as far as the doors use it; errors are botocore's own."""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError
from botocore.response import StreamingBody


def refusal(code: str, operation: str = "Operation", status: int = 400) -> ClientError:
    answer: Any = {
        "Error": {"Code": code, "Message": f"{code} it is"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    return ClientError(answer, operation)


class _ExecutionAlreadyExistsError(ClientError):
    pass


class _ResourceNotFoundError(ClientError):
    pass


class _ConflictError(ClientError):
    pass


class _ValidationError(ClientError):
    pass


def _raised(kind: type[ClientError], code: str) -> ClientError:
    plain = refusal(code)
    return kind(plain.response, plain.operation_name)


@dataclass
class FakeS3:
    versions: dict[tuple[str, str], dict[str, bytes]] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)
    stream: Any = io.BytesIO
    """Of what a body's bytes are read."""

    def lay(self, bucket: str, key: str, content: bytes, version: str = "v1") -> None:
        self.versions.setdefault((bucket, key), {})[version] = content

    def get_object(self, *, Bucket: str, Key: str, VersionId: str | None = None) -> Any:  # noqa: N803 — AWS's names
        self.reads.append(Key)
        found = self.versions.get((Bucket, Key))
        if not found:
            raise refusal("NoSuchKey", "GetObject", 404)
        version = VersionId or list(found)[-1]
        if version not in found:
            raise refusal("NoSuchVersion", "GetObject", 404)
        content = found[version]
        return {
            "VersionId": version,
            "ContentLength": len(content),
            "Body": StreamingBody(self.stream(content), len(content)),
        }

    def put_object(self, *, Bucket: str, Key: str, Body: Any, **options: Any) -> None:  # noqa: N803 — AWS's names
        if options.get("IfNoneMatch") == "*" and (Bucket, Key) in self.versions:
            raise refusal("PreconditionFailed", "PutObject", 412)
        version = f"put-{len(self.versions.get((Bucket, Key), {}))}"
        self.lay(Bucket, Key, Body if isinstance(Body, bytes) else Body.read(), version)

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_objects_v2"
        return self

    def paginate(self, *, Bucket: str, Prefix: str) -> Iterator[Any]:  # noqa: N803 — AWS's names
        """One object a page: who forgets to turn pages sees one."""
        found = [
            {"Key": key, "Size": len(list(versions.values())[-1])}
            for (bucket, key), versions in self.versions.items()
            if bucket == Bucket and key.startswith(Prefix)
        ]
        yield from ({"Contents": [entry]} for entry in found)
        yield {}


@dataclass
class FakeStepFunctions:
    executions: dict[str, str] = field(default_factory=dict)
    fault: ClientError | None = None
    exceptions: Any = field(
        default_factory=lambda: SimpleNamespace(ExecutionAlreadyExists=_ExecutionAlreadyExistsError)
    )

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> None:  # noqa: A002, N803 — AWS's names
        assert stateMachineArn.endswith(":TrainingRun")
        if self.fault:
            raise self.fault
        if name in self.executions:
            raise _raised(_ExecutionAlreadyExistsError, "ExecutionAlreadyExists")
        self.executions[name] = input


@dataclass
class FakeBedrock:
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By name and by ARN."""
    created: list[dict[str, Any]] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    fault: Exception | None = None
    """What creating a job is answered with."""
    conflict: bool = False
    """Whether a job is no longer there to be stopped."""
    exceptions: Any = field(
        default_factory=lambda: SimpleNamespace(
            ResourceNotFoundException=_ResourceNotFoundError,
            ConflictException=_ConflictError,
            ValidationException=_ValidationError,
        )
    )

    def create_model_customization_job(self, **arguments: Any) -> Any:
        if self.fault:
            raise self.fault
        self.created.append(arguments)
        return {"jobArn": "arn:created"}

    def get_model_customization_job(self, *, jobIdentifier: str) -> Any:  # noqa: N803 — AWS's names
        if jobIdentifier not in self.jobs:
            raise _raised(_ResourceNotFoundError, "ResourceNotFoundException")
        return self.jobs[jobIdentifier]

    def stop_model_customization_job(self, *, jobIdentifier: str) -> None:  # noqa: N803 — AWS's names
        if self.conflict:
            raise _raised(_ConflictError, "ConflictException")
        self.stopped.append(jobIdentifier)
