"""When an ingestion job is started, and what it came to: one at a time, and no more of them than there are changes.

A job reads the whole folder, so that one which began after a change has it. Which jobs began after it is known without
a clock: an execution first notes the newest job, and every job that is newer began later.
https://docs.aws.amazon.com/bedrock/latest/userguide/kb-data-source-sync-ingest.html
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from tuning.runs.json_record import Record

NONE = "none"
"""The newest job where there is none."""
RUNNING = ("STARTING", "IN_PROGRESS", "STOPPING")
IN_VAIN = ("FAILED", "STOPPED")
MOST_INGESTION_POLLS = 1500
"""Of half a minute or a minute: an execution's history ends at 25,000 events.
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""
_MOST_NAMED = 20
_LONGEST_REASON = 200


@dataclass(frozen=True, kw_only=True)
class IngestionJob:
    """As Bedrock lists it."""

    id: str
    status: str
    label: str = ""
    """Its description: the id of the execution that started it."""

    @property
    def running(self) -> bool:
        return self.status in RUNNING


class IngestionStart(Record, frozen=True, kw_only=True):
    """What start_ingestion answers."""

    state: Literal["collecting", "waiting", "covered", "started", "failed"] = "collecting"
    """`collecting`: other changes may be on their way. `waiting`: another job is in progress. `covered`: a later job has
    ingested these changes with its own.
    """
    after: str | None = None
    """The newest job as this execution began."""
    job: str | None = None
    why: str = ""
    polls: int = 0


class IngestionEnd(Record, frozen=True, kw_only=True):
    """What follow_ingestion answers."""

    state: Literal["running", "complete", "incomplete", "failed"] = "running"
    """`incomplete`: some documents failed."""
    summary: str = ""
    polls: int = 0


@dataclass(frozen=True, kw_only=True)
class FailedDocument:
    uri: str
    why: str


def next_step(
    jobs: Sequence[IngestionJob], before: IngestionStart, label: str
) -> IngestionStart | None:
    """What to do now, by what Bedrock lists, newest first; None: start a job."""
    if mine := next((each for each in jobs if each.label == label), None):
        return IngestionStart(state="started", after=before.after, job=mine.id)
    if before.after is None:
        newest = jobs[0].id if jobs else NONE
        return IngestionStart(state="collecting", after=newest)
    if any(each.running for each in jobs):
        return IngestionStart(state="waiting", after=before.after, why="another job is in progress")
    later = [each for each in _newer(jobs, before.after) if each.status not in IN_VAIN]
    if later:
        return IngestionStart(state="covered", after=before.after, job=later[0].id)
    return None


def ended(
    status: str, counts: dict[str, int], reasons: Sequence[str], failed: Sequence[FailedDocument]
) -> IngestionEnd:
    """Of a job that runs no longer."""
    if status in IN_VAIN:
        why = " ".join(_cut(each) for each in reasons[:_MOST_NAMED]) or "Bedrock gives no reason."
        return IngestionEnd(state="failed", summary=f"The ingestion job ended {status}. {why}")
    lacking = counts.get("numberOfDocumentsFailed", 0)
    if not lacking and not failed:
        return IngestionEnd(state="complete", summary=_counted(counts))
    named = [f"{each.uri}: {_cut(each.why)}" for each in failed[:_MOST_NAMED]]
    named = named or [_cut(each) for each in reasons[:_MOST_NAMED]]
    more = max(lacking, len(failed)) - len(named)
    lines = [*named, *([f"and {more} more"] if more > 0 else [])]
    said = f"{max(lacking, len(failed))} documents are not in answers: {'; '.join(lines)}"
    return IngestionEnd(state="incomplete", summary=said)


def _newer(jobs: Sequence[IngestionJob], than: str) -> list[IngestionJob]:
    """Those before it in the list; all, where so many are newer that it is not in it."""
    ids = [each.id for each in jobs]
    return list(jobs[: ids.index(than)] if than in ids else jobs)


def _counted(counts: dict[str, int]) -> str:
    new, changed = (counts.get(f"numberOf{w}DocumentsIndexed", 0) for w in ("New", "Modified"))
    return f"{new} new, {changed} changed, {counts.get('numberOfDocumentsDeleted', 0)} deleted"


def _cut(text: str) -> str:
    plain = " ".join(text.split()) or "no reason is given"
    return plain if len(plain) <= _LONGEST_REASON else f"{plain[:_LONGEST_REASON]}…"
