"""`tuning stop`: end a run, whether it has a job yet or not."""

from datetime import UTC, datetime

from tuning.aws.executions import answer_task
from tuning.cli.account import Account
from tuning.cli.aws_errors import speaks_to_aws
from tuning.cli.deployed_options import EnvironmentOption, FormatOption, Region, RunId
from tuning.cli.exits import Exit
from tuning.cli.output import answer, say
from tuning.runs.run_record import RunRecord
from tuning.runs.times import zulu


@speaks_to_aws
def stop_command(
    run: RunId,
    environment: EnvironmentOption = "dev",
    region: Region = None,
    shown: FormatOption = "text",
) -> None:
    """Ask a run to stop. It ends as `stopped` when Bedrock has stopped its job."""
    account = Account.of(environment, region)
    record = account.run(run)
    if record.ended:
        words = f"{record.id}: has ended already, {record.state}; nothing was stopped"
        answer(shown, words, run=record.id, state=record.state, asked=False)
        raise SystemExit(Exit.REFUSED)
    by = f"{account.caller} at {zulu(datetime.now(UTC))}"
    record = account.ledger.ask_to_stop(record.id, by)
    arn = record.job_arn if record.state == "training" else None
    if arn and (why := account.jobs.stop(arn)):
        say(f"{arn}: Bedrock did not stop it, it may have ended: {why}")
    ends = "it waited, and ends as stopped now"
    if not _wakes(account, record):
        ends = "it ends as stopped at its next step (tuning runs shows it)"
    words = f"{record.id}: asked to stop; {ends}"
    answer(shown, words, run=record.id, state=record.state, asked=True)


def _wakes(account: Account, record: RunRecord) -> bool:
    """Answer what the run waits for, a person or a job slot: it need not wait to be stopped. One that
    was answered just now reads in its next step that it is to stop.
    """
    waits = {"awaiting_approval": record.task_token, "queued": record.slot_token}
    if not (token := waits.get(record.state)):
        return False
    said = {"decision": "stop", "by": account.caller, "run": record.id, "slot": False}
    return answer_task(token, said, client=account.client)
