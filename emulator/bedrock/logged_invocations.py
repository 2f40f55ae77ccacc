"""The log of what models are asked and answer: one setting for an account and Region, and its records.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html
"""

import gzip
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from emulator.bedrock.api_errors import ValidationError
from emulator.bedrock.ports import LogPlaces, Objects, Roles, Scope

STREAM = "aws/bedrock/modelinvocations"
_MOST_BYTES = 100 * 1024
"""Of a body in a log group; a larger one would go to the bucket of `largeDataDeliveryS3Config`, and here nowhere."""


@dataclass(frozen=True, kw_only=True)
class ModelInvocation:
    operation: str
    model: str
    caller: str
    """ARN."""
    asked: Any
    answered: Any


@dataclass(frozen=True, kw_only=True)
class LoggedInvocations:
    roles: Roles
    objects: Objects
    places: LogPlaces
    _settings: dict[Scope, dict[str, Any]] = field(default_factory=dict)

    def get(self, scope: Scope, _request: dict[str, Any]) -> dict[str, Any]:
        setting = self._settings.get(scope)
        return {"loggingConfig": setting} if setting else {}

    def put(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        """What was set before is replaced without a word, as it is in AWS."""
        setting = request["loggingConfig"]
        if group := setting.get("cloudWatchConfig"):
            self._check_group(scope, group["logGroupName"], group["roleArn"])
        for bucket in (setting.get("s3Config"), (group or {}).get("largeDataDeliveryS3Config")):
            if bucket and not self._admitted(scope, bucket):
                # UNCONFIRMED text, after that of log groups.
                name = bucket["bucketName"]
                raise ValidationError(
                    message=f"Failed to validate permissions for bucket: {name}. Verify the bucket policy is correct."
                )
        self._settings[scope] = setting
        return {}

    def delete(self, scope: Scope, _request: dict[str, Any]) -> dict[str, Any]:
        """UNCONFIRMED that it is no error when there is none."""
        self._settings.pop(scope, None)
        return {}

    def record(self, scope: Scope, invocation: ModelInvocation) -> None:
        """Best effort: what cannot be delivered is lost, and nobody hears of it."""
        setting = self._settings.get(scope, {})
        if not setting.get("textDataDeliveryEnabled", True):
            return
        group, bucket = setting.get("cloudWatchConfig"), setting.get("s3Config")
        if group and self._writable(scope, group["logGroupName"], group["roleArn"]):
            line = json.dumps(_record(scope, invocation, most=_MOST_BYTES))
            self.places.append(group["logGroupName"], STREAM, line)
        if bucket and self._admitted(scope, bucket):
            body = gzip.compress(json.dumps(_record(scope, invocation)).encode())
            name = f"{datetime.now(UTC):%Y/%m/%d/%H/%Y%m%dT%H%M%S}_{uuid4().hex}.json.gz"
            self.objects.write(bucket["bucketName"], _prefix(scope, bucket) + name, body)

    def _check_group(self, scope: Scope, group: str, role: str) -> None:
        if not self.places.group_exists(group):
            # UNCONFIRMED text.
            raise ValidationError(message=f"The specified log group does not exist: {group}")
        # UNCONFIRMED which ARN Bedrock names as its source; the page's trust policy has `*`.
        trusted = self.roles.may_be_assumed(role, scope.arn("model-invocation-logging"))
        if not trusted or not self._writable(scope, group, role):
            # https://github.com/alphagov/govuk-infrastructure/pull/2440
            raise ValidationError(
                message=f"Failed to validate permissions for log group: {group}, with role: {role}. "
                "Verify the IAM role permissions are correct."
            )

    def _writable(self, scope: Scope, group: str, role: str) -> bool:
        place = f"arn:aws:logs:{scope.region}:{scope.account}:log-group:{group}:log-stream:{STREAM}"
        return self.places.group_exists(group) and all(
            self.roles.allows(role, f"logs:{action}", place, {})
            for action in ("CreateLogStream", "PutLogEvents")
        )

    def _admitted(self, scope: Scope, bucket: dict[str, Any]) -> bool:
        key = f"{_prefix(scope, bucket)}amazon-bedrock-logs-permission-check"
        source = scope.arn("model-invocation-logging")
        return self.places.bucket_admits(bucket["bucketName"], key, source)


def _prefix(scope: Scope, bucket: dict[str, Any]) -> str:
    given = bucket.get("keyPrefix", "").strip("/")
    own = f"AWSLogs/{scope.account}/BedrockModelInvocationLogs/{scope.region}/"
    return f"{given}/{own}" if given else own


def _record(scope: Scope, made: ModelInvocation, *, most: int | None = None) -> dict[str, Any]:
    """With a member that AWS's records do not have, which says what it is."""
    return {
        "schemaType": "ModelInvocationLog",
        "schemaVersion": "1.0",
        "emulated": True,
        "timestamp": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "accountId": scope.account,
        "region": scope.region,
        "identity": {"arn": made.caller},
        "requestId": str(uuid4()),
        "operation": made.operation,
        "modelId": made.model,
        "input": _body("input", made.asked, most),
        "output": _body("output", made.answered, most),
    }


def _body(name: str, body: Any, most: int | None) -> dict[str, Any]:
    described = {f"{name}ContentType": "application/json"}
    if most is None or len(json.dumps(body).encode()) <= most:
        described[f"{name}BodyJson"] = body
    return described
