"""The line for a job's place, kept in the ledger's sparse index `Open`. See tuning/line.py."""

from datetime import datetime

from lambdas import ledger
from lambdas.aws import client
from tuning.line import Place, moment, turn
from tuning.runs import Run

_ROOM = "room"


def join(table: str, run: Run, place: Place, now: datetime) -> ledger.Row | None:
    """Stand in the line, or go on standing there; one that has its job already is not put back.
    Returns the run's row, or None when the run has ended.
    """
    due = place.due(now)
    moved = ledger.move(table, run, "queued", open=_ROOM, due=due)
    return moved or ledger.note(table, run, due=due)


def ahead(table: str, run: Run, now: datetime) -> int:
    """How many runs that arrived before this one stand in the line, and have not missed their look.

    The index may be a moment late, so that two runs think themselves first: then Bedrock decides.
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
            ":room": {"S": _ROOM},
            ":mine": {"S": turn(run.upload.arrived_at, run.id)},
            ":now": {"S": moment(now)},
        },
    )
    return sum(int(page["Count"]) for page in found)
