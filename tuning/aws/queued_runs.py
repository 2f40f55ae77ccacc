"""The line for a job's place, kept in the ledger's sparse index `Open`. See tuning/runs/job_queue.py."""

from datetime import datetime

from tuning.aws import ledger
from tuning.aws.clients import client
from tuning.runs.job_queue import Place, moment, turn
from tuning.runs.run import Run
from tuning.runs.run_states import Partition


def look(table: str, run: Run) -> ledger.Row | None:
    """Note that the run looks for a place; one that has its job already is left as it is. Returns its
    row, or None when it has ended.
    """
    return ledger.move(table, run, "queued") or ledger.note(table, run)


def stand(table: str, run: Run, place: Place, now: datetime) -> None:
    """Stand in the line, or go on standing there. One that has ended meanwhile is not put back: its
    next look finds that out.
    """
    ledger.move(table, run, "queued", open=Partition.QUEUED, due=place.due(now))


def ahead(table: str, run: Run, now: datetime) -> int:
    """How many runs that arrived before this one stand in the line, and have not missed their look.

    The index may be a moment late, so that two runs think themselves first: then Bedrock decides, as
    it does between newcomers while it has room.
    """
    pages = client("dynamodb").get_paginator("query")
    found = pages.paginate(
        TableName=table,
        IndexName="Open",
        Select="COUNT",
        KeyConditionExpression="#open = :room AND #turn < :mine",
        FilterExpression="#due > :now",
        ExpressionAttributeNames={"#open": "open", "#turn": "turn", "#due": "due"},
        ExpressionAttributeValues={
            ":room": {"S": Partition.QUEUED},
            ":mine": {"S": turn(run.upload.arrived_at, run.id)},
            ":now": {"S": moment(now)},
        },
    )
    return sum(int(page["Count"]) for page in found)
