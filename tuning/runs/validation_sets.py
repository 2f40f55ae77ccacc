"""A validation or evaluation set is read with the training set that comes after it. One that nobody read is
answered.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Literal, Self

from tuning.reports.visible_text import visible
from tuning.runs.ledger_item import Stored
from tuning.runs.prepared_dataset import PreparedDataset
from tuning.runs.run_record import RunRecord
from tuning.runs.times import utc_time
from tuning.runs.uploads import Upload, UploadKind

GRACE = timedelta(hours=1)
"""A training set may come later than its validation set; after that long, its owner is asked for it."""
UNREAD = "validation"
"""Where the index of open runs keeps the validation sets of which it is not known yet who reads them."""

Fate = Literal["waits", "read", "unread"]


class ValidationSet(Stored, frozen=True, kw_only=True):
    """A version of a validation or evaluation set that arrived. Its key is not a run's."""

    upload: Mapping[str, Any]
    """As `Upload` writes it."""
    open: str | None = None
    turn: str | None = None

    @classmethod
    def of(cls, upload: Upload) -> Self:
        version = _digest(upload.bucket, upload.key, upload.version_id)
        turn = f"{upload.arrived_at}#{version}"
        key = f"validation#{version}"
        if upload.is_of_all_runs:  # it waits for no training set
            return cls(id=key, upload=upload.to_dict())
        return cls(id=key, upload=upload.to_dict(), open=UNREAD, turn=turn)


class FolderRun(Stored, frozen=True, kw_only=True):
    """The newest run of a folder. Its key is not a run's."""

    folder: str
    run_id: str

    @classmethod
    def of(cls, upload: Upload, run_id: str) -> Self:
        return cls(id=folder_key(upload), folder=upload.folder, run_id=run_id)


def folder_key(upload: Upload) -> str:
    return f"folder#{_digest(upload.bucket, upload.folder)}"


def fate(upload: Upload, record: RunRecord | None, now: datetime) -> tuple[Fate, str]:
    """What became of a validation or evaluation set at `now` (aware, UTC), and in words why nobody read it.

    `record` is of the newest run of its folder, if any.
    """
    if now - utc_time(upload.arrived_at) < GRACE:
        return "waits", ""
    where = visible(upload.uri)
    if record is None:
        return "unread", (
            f"{where}: no training set is in its folder, and {_article(upload)} starts nothing. Upload "
            "the training set, such as train.jsonl, to the same folder."
        )
    if record.dataset is None:
        return ("read" if record.ended else "waits"), ""
    late = came_late(upload, record)
    return ("unread", f"{where}: {late}") if late else ("read", "")


def came_late(upload: Upload, record: RunRecord | None) -> str | None:
    """Why the newest run of its folder was checked without it, and what to do; None when it was not, or no
    run was checked yet.
    """
    if record is None or (dataset := record.dataset) is None:
        return None
    used = version_used(dataset, upload)
    if dataset.verdict == "refused" or used == upload.version_id:
        return None
    if utc_time(upload.arrived_at) <= utc_time(record.waits_until or record.arrived_at):
        return None  # a newer version of it, or its deletion, came before the check
    instead = "with an earlier version of it" if used else "without it"
    return (
        f"run {record.id} was checked {instead}: it came after its training set. To train with it, and "
        f"pay for that: tuning retrain {record.id}"
    )


def version_used(dataset: PreparedDataset, upload: Upload) -> str | None:
    """Which version of a set of that kind the run was checked with."""
    evaluates = upload.kind is UploadKind.EVALUATION_SET
    return dataset.evaluation_version if evaluates else dataset.validation_version


def _article(upload: Upload) -> str:
    return "an evaluation set" if upload.kind is UploadKind.EVALUATION_SET else "a validation set"


def _digest(*what: str) -> str:
    return sha256("\0".join(what).encode("utf-8", "surrogatepass")).hexdigest()[:32]
