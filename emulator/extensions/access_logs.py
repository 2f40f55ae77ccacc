"""S3: server access logs, delivered where AWS delivers them, and silently not where it does not.

No log comes to a bucket with Object Lock, to one whose default encryption is SSE-KMS, or to one whose
policy does not let `logging.s3.amazonaws.com` write; nothing fails, and nobody is notified.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshooting-server-access-logging.html

MiniStack keeps the configuration and delivers nothing. AWS delivers within hours; here within seconds.
What another service writes in the emulator itself, such as a job's output, is not logged.
"""

import secrets
import threading
from collections import defaultdict
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region, new_uuid, request_scope
from ministack.services import s3

from emulator.extensions.patching import Theirs, patch

_PERIOD_SECONDS = 1.0
_SERVICE = "logging.s3.amazonaws.com"
Place = tuple[str, str, str]
"""Account, Region and bucket."""


class AccessLogs:
    def __init__(self) -> None:
        self._lines: dict[Place, list[str]] = defaultdict(list)
        self._lock = threading.Lock()

    def install(self) -> None:
        patch(s3, "handle_request", self._handle_and_log)
        threading.Thread(target=self._deliver_for_ever, name="access logs", daemon=True).start()

    async def _handle_and_log(
        self,
        handle: Theirs[Any],
        method: str,
        path: str,
        headers: Any,
        body: bytes,
        query: Any,
        **more: Any,
    ) -> Any:
        answer = await handle(method, path, headers, body, query, **more)
        bucket, _, key = path.lstrip("/").partition("/")
        if bucket in s3._bucket_logging_config:
            line = _line(method, bucket, key, headers, answer[0], answer[2])
            with self._lock:
                self._lines[get_account_id(), get_region(), bucket].append(line)
        return answer

    def _deliver_for_ever(self) -> None:
        pause = threading.Event()
        while not pause.wait(_PERIOD_SECONDS):
            with self._lock:
                ready, self._lines = self._lines, defaultdict(list)
            for (account, region, bucket), lines in ready.items():
                with request_scope(account, region):
                    _deliver(bucket, lines)


def _deliver(source: str, lines: list[str]) -> None:
    target, prefix = _destination(source)
    if target and receives(target, prefix, source):
        moment = datetime.now(UTC).strftime("%Y-%m-%d-%H-%M-%S")
        key = f"{prefix}{moment}-{secrets.token_hex(8).upper()}"
        s3._put_object(target, key, "".join(lines).encode(), {"content-type": "text/plain"})


def _destination(source: str) -> tuple[str, str]:
    """Bucket and prefix; no bucket where logging is off."""
    configuration = s3._bucket_logging_config.get(source)
    if not configuration:
        return "", ""
    document = ET.fromstring(configuration)  # noqa: S314 -- of the developer's own program
    found = {each.tag.rpartition("}")[2]: each.text or "" for each in document.iter()}
    return found.get("TargetBucket", ""), found.get("TargetPrefix", "")


def receives(target: str, prefix: str, source: str) -> bool:
    """Whether a bucket gets the logs of another."""
    if target not in s3._buckets or target in s3._bucket_object_lock:
        return False
    if "kms" in str(s3._bucket_default_sse_headers(target).get("x-amz-server-side-encryption")):
        return False
    asked = iam_evaluator.EvalContext(
        principal_arn=_SERVICE,
        principal_type="Service",
        principal_account="",
        action="s3:PutObject",
        resource_arn=f"arn:aws:s3:::{target}/{prefix}x",
        region=get_region(),
        secure_transport=True,
        service_context={
            "aws:sourcearn": f"arn:aws:s3:::{source}",
            "aws:sourceaccount": get_account_id(),
            "aws:principalisawsservice": "true",
            "aws:principalservicename": _SERVICE,
        },
    )
    decided = iam_evaluator.evaluate_resource_policy(
        s3._bucket_policies.get(target), asked, service=_SERVICE
    )
    return bool(decided.decision == "Allow")


def _line(
    method: str, bucket: str, key: str, headers: dict[str, str], status: int, body: Any
) -> str:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html"""
    kind = "OBJECT" if key else "BUCKET"
    sent = len(body) if isinstance(body, bytes) else "-"
    fields = (
        get_account_id(),
        bucket,
        datetime.now(UTC).strftime("[%d/%b/%Y:%H:%M:%S +0000]"),
        "127.0.0.1",
        iam_evaluator.caller_arn(),
        new_uuid().replace("-", "")[:16].upper(),
        f"REST.{method}.{kind}",
        key or "-",
        f'"{method} /{bucket}/{key} HTTP/1.1"',
        status,
        "-",
        sent,
        sent,
        "-",
        "-",
        '"-"',
        f'"{headers.get("user-agent", "-")}"',
        "-",
        "-",
        "SigV4",
        "-",
        "AuthHeader",
        headers.get("host", "-"),
        "-",
        "-",
        "-",
    )
    return " ".join(str(each) for each in fields) + "\n"
