"""The queue for job slots, kept in the ledger's sparse index `Queue`. See tuning/runs/job_queue.py."""

from collections.abc import Iterator
from dataclasses import dataclass

from tuning.aws.ledger import Ledger, Unreadable, readable
from tuning.runs.job_queue import MOST_WAITING, SHOWN, WAITING, QueuedRun, QueueState, arrival_order
from tuning.runs.ledger_item import KEY
from tuning.runs.run import Run
from tuning.runs.run_record import JOB_QUEUE, RunRecord


@dataclass(frozen=True, kw_only=True)
class SlotQueue:
    ledger: Ledger

    def enter(self, run: Run) -> RunRecord | None:
        """Note that the run looks for a slot; one that has its job already is left as it is. Returns
        its record as it is then, or None when it has ended.
        """
        there = self.ledger.move(run, "queued") or self.ledger.note(run)
        return self.ledger.written(run) if there else None

    def refused(self, run: Run, at: str) -> None:
        """Note when Bedrock had no slot for the run. One that has ended meanwhile is left as it is."""
        self.ledger.move(run, "queued", refused_at=at)

    def ahead(self, run: Run) -> int:
        """How many runs wait that arrived before this one, of the first `MOST_WAITING`.

        The index may be a moment late, so that two runs think themselves first: then Bedrock decides,
        as it does between newcomers while it has slots.
        """
        found = self.ledger.client("dynamodb").query(
            TableName=self.ledger.table,
            IndexName=JOB_QUEUE.name,
            Select="COUNT",
            Limit=MOST_WAITING,
            KeyConditionExpression="#queue = :waiting AND #turn < :mine",
            ExpressionAttributeNames={"#queue": JOB_QUEUE.partition, "#turn": JOB_QUEUE.sort},
            ExpressionAttributeValues={
                ":waiting": {"S": WAITING},
                ":mine": {"S": arrival_order(run.upload.arrived_at, run.id)},
            },
        )
        return int(found["Count"])

    def first(self) -> list[QueuedRun | Unreadable]:
        """The first runs that wait, in order of arrival."""
        found = self.ledger.client("dynamodb").query(
            TableName=self.ledger.table,
            IndexName=JOB_QUEUE.name,
            Limit=SHOWN,
            KeyConditionExpression="#queue = :waiting",
            ExpressionAttributeNames={"#queue": JOB_QUEUE.partition},
            ExpressionAttributeValues={":waiting": {"S": WAITING}},
        )
        return [readable(QueuedRun, item) for item in found["Items"]]

    def positions(self) -> dict[str, int]:
        """Of the runs that wait, from 1, in the order in which they may try."""
        return {run_id: position for position, run_id in enumerate(self._ids(), 1)}

    def state(self) -> QueueState:
        return self.ledger.find(QueueState, QueueState().id) or QueueState()

    def remember(self, now: QueueState) -> None:
        self.ledger.client("dynamodb").put_item(TableName=self.ledger.table, Item=now.to_item())

    def _ids(self) -> Iterator[str]:
        found = self.ledger.items(
            "query",
            IndexName=JOB_QUEUE.name,
            KeyConditionExpression="#queue = :waiting",
            ExpressionAttributeNames={"#queue": JOB_QUEUE.partition},
            ExpressionAttributeValues={":waiting": {"S": WAITING}},
        )
        return (item[KEY]["S"] for item in found)
