"""An upload: one version of one object, and the folder that says which recipe it is for."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Self, TypedDict

from msgspec import Struct, structs

from tuning.errors import TuningError
from tuning.runs.json_record import fields_of

PREFIX = "datasets/"
"""Uploads live under it; nothing this platform writes ever does."""

SUFFIXES = (".jsonl", ".jsonl.gz", ".json", ".ndjson", ".csv", ".tsv", ".parquet")
"""What a dataset may be called. What is in it decides how it is read; the last is refused with the
reason, which is more than silence."""

TRAINING = "train.jsonl"
"""What the prepared training set is called, whatever the upload was."""

VALIDATION = "validation.jsonl"
"""What the prepared validation set is called."""

EVALUATION = "evaluation.jsonl"
"""What the prepared evaluation set is called."""

MAX_EVALUATION_MB = 100
"""Of an evaluation set, prepared or not: it fits beside the largest training and validation set."""

SET_NAMES = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val"),
    "evaluation": ("evaluation", "eval"),
}
"""Each set's name, and what else people call it."""

EVALUATION_LETTERS = "Ee"
"""What the name of an evaluation set begins with."""
VALIDATION_LETTERS = "Vv"
"""What the name of a validation set begins with."""
SET_LETTERS = "ETVetv"
"""What the name of a set begins with."""
STATE_CHANGE = "Model Customization Job State Change"
"""The `detail-type` of the event that makes the guard run.
https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring-eventbridge-how-it-works.html
"""
_ROUNDS = ("Scheduled Event", STATE_CHANGE)


class UploadKind(StrEnum):
    """What an object under `datasets/` is, by its key alone. Only a training set starts a run."""

    TRAINING_SET = "training set"
    """`datasets/<recipe>/…/train.jsonl`, or another of `SUFFIXES`; `Training.JSONL` is one as well."""
    VALIDATION_SET = "validation set"
    """The same with `validation`: read when the training set beside it comes."""
    EVALUATION_SET = "evaluation set"
    """The same with `evaluation`. In the recipe's own folder, `datasets/<recipe>/evaluation.jsonl`, it is for
    every run of the recipe that has none beside its training set."""
    FOLDER = "folder"
    """A key that ends in a slash, as the S3 console makes it for "Create folder".
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-folders.html"""
    UNKNOWN = "unknown"
    """Nothing that this platform asked for."""


def set_named(name: str) -> str | None:
    """`train`, `validation` or `evaluation`, when the name before its suffix means that set. The case of ASCII letters
    does not matter.
    """
    stem = name.partition(".")[0]
    stem = stem.lower() if stem.isascii() else stem
    return next((each for each, names in SET_NAMES.items() if stem in names), None)


def kind_of(key: str) -> UploadKind:
    """What the object of that key is."""
    below, _, name = key.removeprefix(PREFIX).rpartition("/")
    if not name and key.startswith(PREFIX):
        return UploadKind.FOLDER
    suffix = name[name.find(".") :] if "." in name else ""
    in_a_recipes_folder = key.startswith(PREFIX) and below
    if not in_a_recipes_folder or not suffix.isascii() or suffix.lower() not in SUFFIXES:
        return UploadKind.UNKNOWN
    kinds = {
        "train": UploadKind.TRAINING_SET,
        "validation": UploadKind.VALIDATION_SET,
        "evaluation": UploadKind.EVALUATION_SET,
        None: UploadKind.UNKNOWN,
    }
    return kinds[set_named(name)]


def recipe_folder(key: str) -> str:
    """`datasets/support/` for `datasets/support/2026-11/train.csv`."""
    return f"{PREFIX}{key.removeprefix(PREFIX).partition('/')[0]}/"


class NotAnUploadError(TuningError):
    """An event that is not about an object under `datasets/`."""


class UploadFacts(TypedDict):
    """The fields of a run's row that its upload says."""

    arrived_at: str
    month: str
    upload: str
    recipe: str


class Upload(Struct, frozen=True, kw_only=True, eq=False):
    """One version of an object that was uploaded."""

    bucket: str
    key: str
    version_id: str
    size: int
    """Bytes."""
    arrived_at: str
    """When S3 created the object. ISO 8601, UTC."""
    sequencer: str = ""
    """Hex digits that order the events of one object. It is not stored, and no part of what the upload is."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Upload) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash(tuple(self.to_dict().values()))

    @property
    def kind(self) -> UploadKind:
        return kind_of(self.key)

    @property
    def is_held_out(self) -> bool:
        """Whether it is read with a training set, and starts nothing by itself."""
        return self.kind in (UploadKind.VALIDATION_SET, UploadKind.EVALUATION_SET)

    @property
    def is_of_all_runs(self) -> bool:
        """Whether it is the evaluation set of every run of its recipe that has none of its own."""
        return self.kind is UploadKind.EVALUATION_SET and self.folder == recipe_folder(self.key)

    @property
    def is_empty_folder(self) -> bool:
        """Whether it is what the S3 console makes for a folder: there is nothing to say of it."""
        return self.kind is UploadKind.FOLDER and not self.size

    @property
    def recipe_name(self) -> str:
        """`support` for `datasets/support/2026-11/train.jsonl`."""
        return self.key.removeprefix(PREFIX).partition("/")[0]

    @property
    def name(self) -> str:
        """`train.csv` for `datasets/support/2026-11/train.csv`."""
        return self.key.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """`datasets/support/2026-11/` for `datasets/support/2026-11/train.csv`."""
        return self.key.removesuffix(self.name)

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    @property
    def facts(self) -> UploadFacts:
        """What the ledger's row of the run begins with. The index by month is made of it."""
        return {
            "arrived_at": self.arrived_at,
            "month": self.arrived_at[:7],
            "upload": self.uri,
            "recipe": self.recipe_name,
        }

    def to_dict(self) -> dict[str, Any]:
        return {name: value for name, value in structs.asdict(self).items() if name != "sequencer"}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Self:
        return cls(**fields_of(cls, raw))

    @classmethod
    def from_event(cls, event: Mapping[str, Any], *, bucket: str) -> Self:
        """Read an EventBridge `Object Created` event about an object of `bucket`.

        Keys in EventBridge events are not URL-encoded, unlike those in S3's own notifications:
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
        Raises NotAnUploadError, naming the field that is wrong.
        """
        detail = event_field(event, "detail", dict)
        s3_object = event_field(detail, "object", dict)
        upload = cls(
            bucket=event_field(event_field(detail, "bucket", dict), "name", str),
            key=event_field(s3_object, "key", str),
            version_id=event_field(s3_object, "version-id", str),
            size=event_field(s3_object, "size", int),
            arrived_at=event_moment(event, "time"),
            sequencer=str(s3_object.get("sequencer", "")),
        )
        if upload.bucket != bucket:
            raise NotAnUploadError(f"bucket: {upload.bucket!r} is not the datasets bucket")
        if not upload.key.startswith(PREFIX):
            raise NotAnUploadError(f"key: {upload.key[:80]!r} is not under {PREFIX}")
        return upload


def is_missed_round(event: Any) -> bool:
    """Whether it set off a round of the guard or the reconciler, which failed and was put aside among
    the uploads that could not be received. It is worth nothing: the next round checked the same.
    """
    return isinstance(event, Mapping) and event.get("detail-type") in _ROUNDS


def event_field(record: Mapping[str, Any], name: str, kind: type) -> Any:
    """Raises NotAnUploadError where it is missing or of another type."""
    value = record.get(name) if isinstance(record, Mapping) else None
    if type(value) is not kind or value == "":
        found = "is missing" if value in (None, "") else f"is {type(value).__name__}"
        raise NotAnUploadError(f"event field {name!r} {found}; {kind.__name__} expected")
    return value


def event_moment(record: Mapping[str, Any], name: str) -> str:
    """The ledger is indexed by month, so what is not a time is refused here, not by DynamoDB."""
    text: str = event_field(record, name, str)
    try:
        datetime.fromisoformat(text)
    except ValueError:
        raise NotAnUploadError(
            f"event field {name!r} is not an ISO 8601 time: {text[:40]!r}"
        ) from None
    return text
