"""`tuning approve` and `tuning reject`: a person's answer to a run that waits for one."""

import json
from datetime import UTC, datetime
from typing import Annotated

import typer

from tuning.cli.account import Account
from tuning.cli.aws_errors import speaks_to_aws
from tuning.cli.deployed_options import Environment, Region, RunId
from tuning.errors import TuningError

Note = Annotated[str, typer.Option("--note", help="Why; kept in the ledger with your name.")]


class NotWaitingError(TuningError):
    """An answer to a run that asks nothing."""


@speaks_to_aws
def approve(
    run: RunId, environment: Environment = "dev", region: Region = None, note: Note = ""
) -> None:
    """Let a run spend what it asks for. It still takes no more than its budgets have left."""
    _answer("approve", run, Account.of(environment, region), note)


@speaks_to_aws
def reject(
    run: RunId, environment: Environment = "dev", region: Region = None, note: Note = ""
) -> None:
    """Refuse a run that asks for money. It ends as refused, and nothing is spent."""
    _answer("reject", run, Account.of(environment, region), note)


def _answer(decision: str, run: str, account: Account, note: str) -> None:
    row = account.row(run)
    run = row["pk"]
    if row["state"] != "awaiting_approval" or "task_token" not in row:
        raise NotWaitingError(
            f"{run}: is {row['state']} and does not wait for an answer; if its notice has just come, "
            "try again in a moment"
        )
    by = account.caller()
    answer = {
        "decision": decision,
        "by": by,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "note": note[:1000],
        "verified": False,  # the caller says who it is; CloudTrail's SendTaskSuccess proves it
    }
    machine = account.client("stepfunctions")
    try:
        machine.send_task_success(taskToken=row["task_token"], output=json.dumps(answer))
    except (machine.exceptions.TaskDoesNotExist, machine.exceptions.TaskTimedOut):
        raise NotWaitingError(f"{run}: was answered already, or waited too long") from None
    typer.echo(f"{run}: {decision} sent as {by}. Asked: {row.get('asked', 'no reason was kept')}")
