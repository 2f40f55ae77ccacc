"""The queue for job slots, kept in the ledger's sparse index of open runs. See tuning/runs/job_queue.py."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tuning.aws.ledger import Ledger
from tuning.runs.job_queue import Place, moment, turn
from tuning.runs.ledger_item import KEY
from tuning.runs.run import Run
from tuning.runs.run_record import OPEN_RUNS, RunRecord
from tuning.runs.run_states import Partition


@dataclass(frozen=True, kw_only=True)
class QueuedRuns:
    ledger: Ledger

    def look(self, run: Run) -> RunRecord | None:
        """Note that the run looks for a slot; one that has its job already is left as it is. Returns
        its record, or None when it has ended.
        """
        return self.ledger.move(run, "queued") or self.ledger.note(run)

    def stand(self, run: Run, place: Place, now: datetime) -> None:
        """Wait in the queue, or go on waiting. One that has ended meanwhile is not put back: its next
        poll finds that out.
        """
        self.ledger.move(run, "queued", open=Partition.QUEUED, due=place.due(now))

    def ahead(self, run: Run, now: datetime) -> int:
        """How many runs that arrived before this one wait, and have not missed their poll.

        The index may be a moment late, so that two runs think themselves first: then Bedrock decides,
        as it does between newcomers while it has slots.
        """
        mine = {":mine": {"S": turn(run.upload.arrived_at, run.id)}}
        pages = self._pages(now, " AND #turn < :mine", mine, Select="COUNT")
        return sum(int(page["Count"]) for page in pages)

    def positions(self) -> dict[str, int]:
        """Of the runs that wait, from 1, in the order in which they may try. One that missed its poll
        has none.
        """
        items = (item for page in self._pages(datetime.now(UTC)) for item in page["Items"])
        return {item[KEY]["S"]: position for position, item in enumerate(items, 1)}

    def _pages(
        self, now: datetime, more: str = "", values: dict[str, Any] | None = None, **asked: str
    ) -> Any:
        names = (OPEN_RUNS.partition, "due", *((OPEN_RUNS.sort,) if more else ()))
        return (
            self.ledger.client("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=self.ledger.table,
                IndexName=OPEN_RUNS.name,
                KeyConditionExpression=f"#{OPEN_RUNS.partition} = :queued{more}",
                FilterExpression="#due > :now",
                ExpressionAttributeNames={f"#{name}": name for name in names},
                ExpressionAttributeValues={
                    ":queued": {"S": str(Partition.QUEUED)},
                    ":now": {"S": moment(now)},
                    **(values or {}),
                },
                **asked,
            )
        )
