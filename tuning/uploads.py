"""An upload: one version of one object, and the folder that says which recipe it is for."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

from tuning.errors import TuningError

PREFIX = "datasets/"
"""Uploads live under it; nothing this platform writes ever does."""

TRAINING = "train.jsonl"
"""An upload of this name starts a run."""

VALIDATION = "validation.jsonl"
"""Taken along when it lies beside the training file; uploaded first."""

KEY_PATTERN = f"{PREFIX}*/{TRAINING}"
"""The EventBridge wildcard that starts a run: `datasets/<recipe>/…/train.jsonl`."""


class NotAnUploadError(TuningError):
    """An event that does not tell of a dataset upload."""


@dataclass(frozen=True, kw_only=True)
class Upload:
    bucket: str
    key: str
    version_id: str
    size: int
    """Bytes."""
    arrived_at: str
    """When S3 created the object. ISO 8601, UTC."""

    @property
    def recipe_name(self) -> str:
        """`support` for `datasets/support/2026-11/train.jsonl`."""
        return self.key.removeprefix(PREFIX).split("/", 1)[0]

    @property
    def validation_key(self) -> str:
        return self.key.removesuffix(TRAINING) + VALIDATION

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_event(cls, event: Mapping[str, Any], *, bucket: str) -> Self:
        """Read an EventBridge `Object Created` event about an object of `bucket`.

        Keys in EventBridge events are not URL-encoded, unlike those in S3's own notifications:
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
        Raises NotAnUploadError, naming the field that is wrong.
        """
        detail = _field(event, "detail", dict)
        s3_object = _field(detail, "object", dict)
        upload = cls(
            bucket=_field(_field(detail, "bucket", dict), "name", str),
            key=_field(s3_object, "key", str),
            version_id=_field(s3_object, "version-id", str),
            size=_field(s3_object, "size", int),
            arrived_at=_moment(event, "time"),
        )
        if upload.bucket != bucket:
            raise NotAnUploadError(f"bucket: {upload.bucket!r} is not the datasets bucket")
        folders = upload.key.removeprefix(PREFIX).split("/")
        if not upload.key.startswith(PREFIX) or folders[-1] != TRAINING or len(folders) == 1:
            raise NotAnUploadError(f"key: {upload.key!r} is not {PREFIX}<recipe>/…/{TRAINING}")
        return upload


def _field(record: Mapping[str, Any], name: str, kind: type) -> Any:
    value = record.get(name) if isinstance(record, Mapping) else None
    if type(value) is not kind or value == "":
        found = "is missing" if value in (None, "") else f"is {type(value).__name__}"
        raise NotAnUploadError(f"event field {name!r} {found}; {kind.__name__} expected")
    return value


def _moment(record: Mapping[str, Any], name: str) -> str:
    """The ledger is indexed by month, so what is no time is refused here, not by DynamoDB."""
    text: str = _field(record, name, str)
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise NotAnUploadError(f"event field {name!r} is no ISO 8601 time: {text[:40]!r}") from None
    return text
