"""The queue for job slots, kept in the ledger's sparse index `Queue`. See tuning/runs/job_queue.py."""

from tuning.aws import ledger
from tuning.aws.clients import client
from tuning.runs.job_queue import SHOWN, QueuedRun, QueueState, arrival_order
from tuning.runs.run import Run

INDEX = "Queue"
WAITING = "job_slots"
"""What the attribute `queue` of a run says while it waits; the state machine writes it with the token."""
LEFT = ("queue", "slot_token")
"""The attributes of a run that waits, which go when it leaves the queue."""


def enter(table: str, run: Run) -> ledger.Row | None:
    """Note that the run looks for a slot; one that has its job already is left as it is. Returns its
    row, or None when it has ended.
    """
    return ledger.move(table, run, "queued") or ledger.note(table, run)


def refused(table: str, run: Run, at: str) -> None:
    """Note when Bedrock had no slot for the run. One that has ended meanwhile is left as it is."""
    ledger.move(table, run, "queued", refused_at=at)


def others_first(table: str, run: Run) -> bool:
    """Whether a run that arrived before this one waits.

    The index may be a moment late, so that two runs think themselves first: then Bedrock decides, as
    it does between newcomers while it has slots.
    """
    mine = arrival_order(run.upload.arrived_at, run.id)
    found = client("dynamodb").query(
        TableName=table,
        IndexName=INDEX,
        Select="COUNT",
        Limit=1,
        KeyConditionExpression="#queue = :waiting AND #turn < :mine",
        ExpressionAttributeNames={"#queue": "queue", "#turn": "turn"},
        ExpressionAttributeValues={":waiting": {"S": WAITING}, ":mine": {"S": mine}},
    )
    return bool(found["Count"])


def first(table: str) -> list[dict[str, str]]:
    """The items of the first runs that wait, in order of arrival."""
    found = client("dynamodb").query(
        TableName=table,
        IndexName=INDEX,
        Limit=SHOWN,
        KeyConditionExpression="#queue = :waiting",
        ExpressionAttributeNames={"#queue": "queue"},
        ExpressionAttributeValues={":waiting": {"S": WAITING}},
    )
    return [dict(ledger.plain(item)) for item in found["Items"]]


def state(table: str) -> QueueState:
    return QueueState.from_item(ledger.read(table, QueueState().pk) or {})


def remember(table: str, now: QueueState) -> None:
    client("dynamodb").put_item(TableName=table, Item=ledger.typed(now.to_item()))


__all__ = ["QueuedRun", "enter", "first", "others_first", "refused", "remember", "state"]
