"""`tuning approve` and `tuning reject`: a person's answer to a run that waits for one."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from tuning.cli.account import Account
from tuning.cli.aws_errors import speaks_to_aws
from tuning.cli.deployed_options import EnvironmentOption, FormatOption, Region, RunId
from tuning.cli.output import Shown, answer
from tuning.errors import TuningError
from tuning.runs.approvals import Approval, Decision
from tuning.runs.times import moment

Note = Annotated[str, typer.Option("--note", help="Why; kept in the ledger with your name.")]


class NotWaitingError(TuningError):
    """An answer to a run that asks nothing."""


@speaks_to_aws
def approve_command(
    run: RunId,
    environment: EnvironmentOption = "dev",
    region: Region = None,
    note: Note = "",
    shown: FormatOption = "text",
) -> None:
    """Let a run spend what it asks for, within what is left of its budgets."""
    _answer("approve", run, Account.of(environment, region), note, shown)


@speaks_to_aws
def reject_command(
    run: RunId,
    environment: EnvironmentOption = "dev",
    region: Region = None,
    note: Note = "",
    shown: FormatOption = "text",
) -> None:
    """Refuse a run that asks for approval. It ends as refused, and nothing is spent."""
    _answer("reject", run, Account.of(environment, region), note, shown)


def _answer(decision: Decision, run: str, account: Account, note: str, shown: Shown) -> None:
    record = account.run(run)
    if record.state != "awaiting_approval" or record.task_token is None:
        raise NotWaitingError(
            f"{record.id}: is {record.state} and is not waiting for an answer; if its notice has just "
            "arrived, try again in a moment"
        )
    given = Approval(
        decision=decision,
        by=account.caller,
        run=record.id,
        question=record.question,
        at=moment(datetime.now(UTC)),
        note=note[:1000],
    )
    if not account.executions.answer(record.task_token, given):
        raise NotWaitingError(f"{record.id}: has already been answered, or waited too long")
    asked = record.approval_reason or "no reason was recorded"
    question = record.question
    words = f"{record.id}: {decision} sent as {given.by}. Asked: {asked}"
    words += f" Answered: {question.sentence}" if question else ""
    facts = {"run": record.id, "decision": decision, "by": given.by, "asked": asked}
    answer(shown, words, **facts, question=question.to_json() if question else None)
