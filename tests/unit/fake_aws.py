"""AWS in dictionaries, as far as the functions use it; errors are botocore's own."""

import base64
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError
from botocore.response import StreamingBody
from fake_bedrock import FakeBedrock
from fake_dynamodb import FakeDynamoDB
from recipe_refusal_cases import Pages, exceptions, refusal

__all__ = ["FakeBedrock", "FakeDynamoDB", "FakeS3", "FakeStepFunctions", "refusal"]


LAID_AT = datetime(2026, 11, 23, 7, tzinfo=UTC)


@dataclass
class FakeS3:
    versions: dict[tuple[str, str], dict[str, bytes]] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)
    checksums: dict[tuple[str, str], str] = field(default_factory=dict)
    stream: Any = io.BytesIO
    """Of what a body's bytes are read."""
    modified_at: dict[tuple[str, str], datetime] = field(default_factory=dict)
    """Of what was not laid at `LAID_AT`."""

    sizes: dict[tuple[str, str], int] = field(default_factory=dict)
    """Of objects of which nothing else matters."""

    def lay_size(self, uri: str, size: int) -> None:
        """Only its size is known of what lies there."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        self.sizes[bucket, key] = size

    def lay(self, bucket: str, key: str, content: bytes, version: str = "v1") -> None:
        self.versions.setdefault((bucket, key), {})[version] = content

    def get_object(
        self,
        *,
        Bucket: str,  # noqa: N803 — AWS's names
        Key: str,  # noqa: N803 — idem
        VersionId: str | None = None,  # noqa: N803 — idem
        Range: str | None = None,  # noqa: N803 — idem
    ) -> Any:
        self.reads.append(Key)
        found = self.versions.get((Bucket, Key))
        if not found:
            raise refusal("NoSuchKey", "GetObject", 404)
        version = VersionId or list(found)[-1]
        if version not in found:
            raise refusal("NoSuchVersion", "GetObject", 404)
        content = found[version]
        if Range:
            start, end = (int(at) for at in Range.removeprefix("bytes=").split("-"))
            content = content[start : end + 1]
        return {
            "VersionId": version,
            "ContentLength": len(content),
            "Body": StreamingBody(self.stream(content), len(content)),
        }

    def put_object(self, *, Bucket: str, Key: str, Body: Any, **options: Any) -> dict[str, str]:  # noqa: N803 — AWS's names
        if options.get("IfNoneMatch") == "*" and (Bucket, Key) in self.versions:
            raise refusal("PreconditionFailed", "PutObject", 412)
        version = f"put-{len(self.versions.get((Bucket, Key), {}))}"
        content = Body if isinstance(Body, bytes) else Body.read()
        if (claimed := options.get("ChecksumSHA256")) and claimed != checksum(content):
            raise refusal("BadDigest", "PutObject")
        self.lay(Bucket, Key, content, version)
        if claimed:
            self.checksums[Bucket, Key] = claimed
        return {"VersionId": version}

    def head_object(self, *, Bucket: str, Key: str, ChecksumMode: str) -> dict[str, str]:  # noqa: N803 — AWS's names
        """An object has the checksums that it was written with."""
        assert ChecksumMode == "ENABLED"
        found = self.checksums.get((Bucket, Key))
        return {"ChecksumSHA256": found} if found else {}

    exceptions = exceptions("NoSuchKey")

    def copy_object(
        self,
        *,
        Bucket: str,  # noqa: N803 — AWS's names
        Key: str,  # noqa: N803 — idem
        CopySource: Any,  # noqa: N803 — idem
        MetadataDirective: str = "COPY",  # noqa: N803 — idem
        Metadata: Any = None,  # noqa: ARG002, N803 — idem
    ) -> dict[str, str]:
        """https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html"""
        found = self.versions.get((CopySource["Bucket"], CopySource["Key"]), {})
        if CopySource["VersionId"] not in found:
            raise refusal("NoSuchVersion", "CopyObject", 404)
        assert MetadataDirective == "REPLACE", "S3 refuses a copy to itself that changes nothing"
        return self.put_object(Bucket=Bucket, Key=Key, Body=found[CopySource["VersionId"]])

    deleted: set[tuple[str, str]] = field(default_factory=set)
    """What was deleted by name: its versions are there still."""
    notifications: dict[str, Any] = field(default_factory=lambda: {"EventBridgeConfiguration": {}})

    def get_bucket_notification_configuration(self, *, Bucket: str) -> dict[str, Any]:  # noqa: ARG002, N803 — AWS's names
        return self.notifications

    def list_object_versions(self, *, Bucket: str, Prefix: str) -> Iterator[Any]:  # noqa: N803 — AWS's names
        """Newest first within a key, one a page.
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html
        """
        for (bucket, key), versions in sorted(self.versions.items()):
            if bucket != Bucket or not key.startswith(Prefix):
                continue
            gone = (bucket, key) in self.deleted
            yield {"DeleteMarkers": [{"Key": key, "IsLatest": True}]} if gone else {}
            for number, (version, content) in enumerate(reversed(versions.items())):
                entry = {
                    "Key": key,
                    "VersionId": version,
                    "Size": len(content),
                    "IsLatest": number == 0 and not gone,
                    "LastModified": self.modified_at.get((bucket, key), LAID_AT),
                }
                yield {"Versions": [entry]}

    def get_paginator(self, operation: str) -> Any:
        if operation == "list_object_versions":
            return SimpleNamespace(paginate=self.list_object_versions)
        assert operation == "list_objects_v2"
        return self

    def list_objects_v2(self, *, Bucket: str, Prefix: str, MaxKeys: int) -> dict[str, Any]:  # noqa: N803 — AWS's names
        """The first page, in order of keys."""
        pages = self.paginate(Bucket=Bucket, Prefix=Prefix)
        found = [entry for page in pages for entry in page.get("Contents", [])]
        first = sorted(found, key=lambda entry: entry["Key"])[:MaxKeys]
        return {"Contents": first} if first else {}

    def paginate(
        self,
        *,
        Bucket: str,  # noqa: N803 — AWS's names
        Prefix: str,  # noqa: N803 — idem
        Delimiter: str = "\0",  # noqa: N803 — idem
    ) -> Iterator[Any]:
        """One object a page: who forgets to turn pages sees one."""
        found = [
            {
                "Key": key,
                "Size": len(list(versions.values())[-1]),
                "LastModified": self.modified_at.get((bucket, key), LAID_AT),
            }
            for (bucket, key), versions in self.versions.items()
            if bucket == Bucket
            and key.startswith(Prefix)
            and Delimiter not in key.removeprefix(Prefix)
        ]
        found += [
            {"Key": key, "Size": size, "LastModified": LAID_AT}
            for (bucket, key), size in self.sizes.items()
            if bucket == Bucket and key.startswith(Prefix)
        ]
        yield from ({"Contents": [entry]} for entry in found)
        yield {}


def checksum(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


@dataclass
class FakeStepFunctions:
    executions: dict[str, str] = field(default_factory=dict)
    """Input by name; all of one machine."""
    closed: set[str] = field(default_factory=set)
    ends: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What DescribeExecution adds of those that did not just succeed."""
    events: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """Histories, by name."""
    tokens: dict[str, Any] = field(default_factory=dict)
    """What task tokens were answered with; None while a task waits for its answer."""
    fault: ClientError | None = None
    exceptions = exceptions(
        "ExecutionAlreadyExists",
        "ExecutionDoesNotExist",
        "InvalidToken",
        "TaskDoesNotExist",
        "TaskTimedOut",
    )

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> dict[str, str]:  # noqa: A002, N803 — AWS's names
        """https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html"""
        assert stateMachineArn.endswith(":TrainingRun")
        if self.fault:
            raise self.fault
        if name in self.executions and (name in self.closed or self.executions[name] != input):
            raise refusal("ExecutionAlreadyExists", "StartExecution")
        self.executions[name] = input
        return {
            "executionArn": f"{stateMachineArn.replace(':stateMachine:', ':execution:')}:{name}"
        }

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803 — AWS's names
        name = executionArn.rsplit(":", 1)[-1]
        if name not in self.executions:
            raise refusal("ExecutionDoesNotExist", "DescribeExecution")
        return {
            "executionArn": executionArn,
            "name": name,
            "status": "SUCCEEDED" if name in self.closed else "RUNNING",
            "input": self.executions[name],
            **self.ends.get(name, {}),
        }

    def list_executions(self, *, stateMachineArn: str, **wanted: Any) -> dict[str, Any]:  # noqa: N803 — AWS's names
        """Two a page: who forgets to turn pages sees two."""
        assert wanted["statusFilter"] == "RUNNING"
        found = [{"name": name} for name in self.listed_as_running()]
        assert stateMachineArn.endswith(":TrainingRun")
        start = int(wanted.get("nextToken", 0))
        more = {"nextToken": str(start + 2)} if start + 2 < len(found) else {}
        return {"executions": found[start : start + 2], **more}

    def listed_as_running(self) -> list[str]:
        """On AWS it may be late."""
        return [name for name in self.executions if name not in self.closed]

    def get_execution_history(self, *, executionArn: str, nextToken: str = "0") -> dict[str, Any]:  # noqa: N803 — AWS's names
        """Two a page, too."""
        found, start = self.events.get(executionArn.rsplit(":", 1)[-1], []), int(nextToken)
        more = {"nextToken": str(start + 2)} if start + 2 < len(found) else {}
        return {"events": found[start : start + 2], **more}

    def get_paginator(self, operation: str) -> Pages:
        return Pages(call=getattr(self, operation))

    def end(self, name: str, status: str = "SUCCEEDED", **said: Any) -> None:
        """An execution is over, in one way or another."""
        self.closed.add(name)
        self.ends[name] = {"status": status, **said}

    def send_task_success(self, *, taskToken: str, output: str) -> dict[str, Any]:  # noqa: N803 — AWS's names
        self._answer(taskToken, output)
        return {}

    def send_task_failure(
        self,
        *,
        taskToken: str,  # noqa: N803 — AWS's names
        error: str = "",
        cause: str = "",
    ) -> dict[str, Any]:
        self._answer(taskToken, refusal(error or "Failed", message=cause))
        return {}

    def _answer(self, token: str, answer: Any) -> None:
        """A token is good for one answer, as long as its task waits."""
        if token not in self.tokens:
            raise refusal("InvalidToken", "SendTask")
        if self.tokens[token] is not None:
            raise refusal("TaskTimedOut", "SendTask")
        self.tokens[token] = answer
