"""What the ledger keeps of a run. The one place that names the attributes, the keys and the indexes.

An attribute is text; of a field that is not plain text, the text is JSON. The state machine writes some
of them itself, by the names that are here.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from tuning.runs import former_version
from tuning.runs.approvals import Approval, Question
from tuning.runs.ledger_item import KEY, SCHEMA, Stored
from tuning.runs.money_records import Charged, PriceRange, Reservation, Settlement
from tuning.runs.outcome import Outcome
from tuning.runs.prepared_dataset import PreparedDataset
from tuning.runs.progress import Progress
from tuning.runs.run import Run
from tuning.runs.run_states import ENDED, Partition, State
from tuning.runs.training_metrics import Results


class Index(Struct, frozen=True, kw_only=True):
    """A secondary index of the ledger: its name, and the attributes that are its keys."""

    name: str
    partition: str
    sort: str


BY_MONTH = Index(name="ByMonth", partition="month", sort="arrived_at")
"""Runs in order of arrival."""
OPEN_RUNS = Index(name="Open", partition="open", sort="turn")
"""Runs that have not ended, or were not notified of. Only they have its keys, so it stays small."""


JOB_QUEUE = Index(name="Queue", partition="queue", sort="turn")
"""Runs that wait for a job slot. Anyone who reads it can let them try: it has the tokens of no other task."""


class OpenRun(Stored, frozen=True, kw_only=True):
    """What the index of open runs holds of a run. It may be a moment late."""

    state: State
    open: Partition
    turn: str
    due: str | None = None
    ended_at: str | None = None
    execution: str | None = None

    @classmethod
    def projected(cls) -> list[str]:
        """The attributes that the index holds beside keys."""
        keys = {KEY, OPEN_RUNS.partition, OPEN_RUNS.sort}
        return sorted(cls.attributes() - keys)


class RunRecord(Stored, frozen=True, kw_only=True):
    """All that is known of a run."""

    state: State
    arrived_at: str
    """When S3 created the upload. ISO 8601, UTC."""
    month: str
    """Of the arrival, such as `2026-11`."""
    upload: str
    """URI of the object."""
    recipe: str
    """The recipe's name, by the upload's folder."""
    schema: int = SCHEMA
    run: Mapping[str, Any] | None = None
    """The input of the execution, as `Run` or `Misdirected` writes it. None of a row that was lost and
    written anew by a step."""
    open: Partition | None = None
    turn: str | None = None
    """The order in the index of open runs."""
    due: str | None = None
    execution: str | None = None
    """The newest; None: the one that is called by the run's id."""
    begun_at: str | None = None
    """When its execution was about to be started, which may be hours after its upload. ISO 8601, UTC."""
    waits_until: str | None = None
    """Until when its check waits, or waited, for other uploads. ISO 8601, UTC."""
    dataset: PreparedDataset | None = None
    estimate: PriceRange | None = None
    approval_reason: str | None = None
    """What a person was asked to decide on."""
    approval_asked_at: str | None = None
    question: Question | None = None
    """What the answer must repeat."""
    approval: Approval | None = None
    task_token: str | None = None
    """Of the task that waits for the approval. A secret."""
    queue: str | None = None
    """What it waits for, as long as it waits in a queue."""
    slot_token: str | None = None
    """Of the task that waits for a job slot. A secret."""
    queued_at: str | None = None
    """Since when it waits for a job slot."""
    refused_at: str | None = None
    """When Bedrock last had no job slot for it."""
    reservation: Reservation | None = None
    settlement: Settlement | None = None
    job_arn: str | None = None
    attempt: int = 1
    """Which job of the run `job_arn` is: 2 is that of the recipe's `[retry]`."""
    progress: Progress | None = None
    results: Results | None = None
    model_arn: str | None = None
    cost: Charged | None = None
    stop_asked: str | None = None
    """Who asked to stop the run, and when."""
    unread_validation: str | None = None
    """URI of a validation set that came after the run was checked."""
    outcome: Outcome | None = None
    ended_at: str | None = None
    rebuilt: str | None = None
    """From what, when the row was lost."""

    @property
    def ended(self) -> bool:
        return self.state in ENDED

    @property
    def last_execution(self) -> str:
        """The name of the newest execution."""
        return self.execution or self.id

    @property
    def training_run(self) -> Run | None:
        """What was to be trained, and how; None when the upload was refused for its folder."""
        return Run.from_dict(self.run) if self.run and "recipe" in self.run else None

    @property
    def reports(self) -> tuple[str, ...]:
        """URIs of the report for people and of the one for programs."""
        uris = [each.report_uri for each in (self.dataset,) if each]
        uris += [each.report for each in (self.outcome,) if each]
        page = next(filter(None, uris), None)
        return (page, f"{page.removesuffix('.html')}.json") if page else ()

    @property
    def summary(self) -> str | None:
        return self.outcome.summary if self.outcome else None


SECRET = ("task_token", "slot_token")
"""What answers the tasks of a run that waits. The state machine writes it; functions neither read nor set it,
but for the dispatcher, which reads the second in the index of the queue."""

READABLE_ATTRIBUTES = tuple(
    sorted(RunRecord.attributes().union(former_version.ATTRIBUTES.values()) - {*SECRET})
)
"""The attributes of a run, of this version and the former, but for the secret ones."""
