"""What became of one version of one object, from whatever is left of it in the account."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from tuning.runs.run_record import RunRecord
from tuning.runs.uploads import PREFIX, Upload, UploadKind
from tuning.runs.validation_sets import GRACE, came_late, version_used

ObjectFate = Literal[
    "run", "waits", "read", "unread", "folder", "dead", "queued", "lost", "absent", "elsewhere"
]
SOON = timedelta(minutes=15)
"""An event comes within seconds as a rule. What is younger, and has no answer yet, is waited for.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html"""


@dataclass(frozen=True, kw_only=True)
class Left:
    """All that the account has of a version."""

    key: str
    upload: Upload | None
    """None when the object has no such version."""
    hidden: bool = False
    """Whether the object was deleted by name since; its versions are there still."""
    run_id: str | None = None
    """What it has become, by the ledger."""
    record: RunRecord | None = None
    execution: str | None = None
    """The status of the run's newest execution, such as RUNNING."""
    reading: Literal["open", "closed"] | None = None
    """Of a validation or evaluation set: whether it is not known yet which run reads it."""
    reader: RunRecord | None = None
    """The newest run of its folder."""
    dead_letters: int = 0
    """How many dead letters are about this version."""
    queued: int = 0
    """About how many messages the queue holds, of any upload."""
    broken: tuple[str, ...] = ()
    """What of the way from the bucket to the queue is not as it was deployed."""


@dataclass(frozen=True, kw_only=True)
class ObjectAnswer:
    fate: ObjectFate
    summary: str
    next: str = ""
    """What to do; empty when there is nothing to do."""

    @property
    def known(self) -> bool:
        """Whether the object was answered, or will be."""
        return self.fate in ("run", "waits", "read", "unread", "folder")


def why(left: Left, now: datetime) -> ObjectAnswer:
    """What became of it, at the moment `now` (aware, UTC)."""
    if not left.key.startswith(PREFIX):
        words = f"It is not under {PREFIX}, where uploads belong: it starts nothing."
        return ObjectAnswer(fate="elsewhere", summary=words, next=f"Upload to {PREFIX}<recipe>/.")
    if left.upload is None:
        words = "There is no such object, or no such version of it."
        return ObjectAnswer(
            fate="absent", summary=words, next="See tuning runs for what has arrived."
        )
    for found in (_run(left), _held_out(left), _folder(left.upload), _dead(left)):
        if found:
            return found
    return _no_trace(left, left.upload, now)


def _run(left: Left) -> ObjectAnswer | None:
    if left.run_id is None:
        return None
    record = left.record
    if record is None:
        words = f"It became run {left.run_id}, whose row is gone from the ledger."
        fix = (
            "The reconciler restores it while its execution is known; otherwise run tuning rebuild."
        )
        return ObjectAnswer(fate="run", summary=words, next=fix)
    what = f"It became run {record.id}, which "
    if record.ended:
        said = f" {record.summary}" if record.summary else ""
        return ObjectAnswer(
            fate="run", summary=f"{what}ended {record.state}.{said}", next=_show(record)
        )
    followed = f"its execution is {left.execution}" if left.execution else "it has no execution yet"
    return ObjectAnswer(
        fate="run", summary=f"{what}is {record.state}; {followed}.", next=_show(record)
    )


def _show(record: RunRecord) -> str:
    return f"tuning show {record.id[:12]}"


def _held_out(left: Left) -> ObjectAnswer | None:
    if left.reading is None or left.upload is None:
        return None
    evaluates = left.upload.kind is UploadKind.EVALUATION_SET
    what = "It is an evaluation set" if evaluates else "It is a validation set"
    if left.upload.is_of_all_runs:
        words = (
            f"{what} for every run of recipe {left.upload.recipe_name} that has none of its own."
        )
        return ObjectAnswer(fate="read", summary=words)
    if late := came_late(left.upload, left.reader):
        return ObjectAnswer(fate="unread", summary=f"{what}, and {late}")
    if left.reading == "open":
        return _awaited(left.reader, what)
    if left.reader is None:
        return ObjectAnswer(fate="read", summary=f"{what}, and its folder's run is gone.")
    words = f"{what}; run {left.reader.id} is its folder's newest"
    dataset = left.reader.dataset
    used = dataset and version_used(dataset, left.upload) == left.upload.version_id
    words += " and was checked with it." if used else "."
    return ObjectAnswer(fate="read", summary=words, next=_show(left.reader))


def _awaited(reader: RunRecord | None, what: str) -> ObjectAnswer:
    if reader and not reader.ended:
        words = f"{what}; run {reader.id} of its folder has not read it yet."
        return ObjectAnswer(fate="waits", summary=words, next=_show(reader))
    minutes = int(GRACE.total_seconds() // 60)
    return ObjectAnswer(
        fate="waits",
        summary=f"{what}, and waits for the training set of its folder.",
        next=f"Upload that; without it, you are notified {minutes} minutes after this upload.",
    )


def _folder(upload: Upload) -> ObjectAnswer | None:
    if not upload.is_empty_folder:
        return None
    return ObjectAnswer(
        fate="folder", summary="It is a folder: it starts nothing, and gets no answer."
    )


def _dead(left: Left) -> ObjectAnswer | None:
    if not left.dead_letters:
        return None
    words = "It could not be received: its event is a dead letter, and an alarm is in ALARM."
    fix = "Read receive_upload's log for the fault; when it is fixed: tuning redrive"
    return ObjectAnswer(fate="dead", summary=words, next=fix)


def _no_trace(left: Left, upload: Upload, now: datetime) -> ObjectAnswer:
    fix = "Upload it again; see docs/runbook.md for uploads without a run."
    if left.broken:
        words = f"Its event did not arrive: {'; '.join(left.broken)}."
        return ObjectAnswer(fate="lost", summary=words, next=f"Deploy the environment again. {fix}")
    waits = f"the queue holds about {left.queued} messages" if left.queued else "the queue is empty"
    if now - datetime.fromisoformat(upload.arrived_at) < SOON or left.queued:
        words = f"It has not been received yet; {waits}."
        return ObjectAnswer(fate="queued", summary=words, next="Try again in a minute.")
    words = (
        f"There is no trace of it: neither in the ledger nor among the dead letters, and {waits}."
    )
    return ObjectAnswer(fate="lost", summary=words, next=fix)
