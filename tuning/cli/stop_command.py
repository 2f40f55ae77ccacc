"""`tuning stop`: end a run, whether it has a job yet or not."""

import json
from datetime import UTC, datetime

from tuning.aws import customization_jobs
from tuning.cli.account import Account, Row
from tuning.cli.aws_errors import speaks_to_aws
from tuning.cli.deployed_options import Environment, Region, RunId
from tuning.cli.exits import Exit
from tuning.cli.output import say
from tuning.runs.run_states import ENDED


@speaks_to_aws
def stop(run: RunId, environment: Environment = "dev", region: Region = None) -> None:
    """Ask a run to stop. It ends as `stopped` when Bedrock has stopped its job."""
    account = Account.of(environment, region)
    row = account.row(run)
    run = row["pk"]
    if row["state"] in ENDED:
        say(f"{run}: has ended already, {row['state']}; nothing was stopped")
        raise SystemExit(Exit.REFUSED)
    asked = f"{account.caller()} at {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    # What the steps read: a run without a job never starts one, and a job that starts meanwhile is
    # stopped when its status is checked next.
    after = account.client("dynamodb").update_item(
        TableName=account.outputs["LedgerTable"],
        Key={"pk": {"S": run}},
        UpdateExpression="SET stop_asked = if_not_exists(stop_asked, :asked)",
        ConditionExpression="attribute_exists(pk)",
        ExpressionAttributeValues={":asked": {"S": asked}},
        ReturnValues="ALL_NEW",
    )["Attributes"]
    row = {name: str(next(iter(value.values()))) for name, value in after.items()}
    if row["state"] == "training":
        _stop_job(account, row["job_arn"])
    if _wakes(account, row):
        say(f"{run}: asked to stop; it waited, and ends as stopped now")
    else:
        say(f"{run}: asked to stop; it ends as stopped at its next step (tuning runs shows it)")
    raise SystemExit(Exit.DONE)


def _wakes(account: Account, row: Row) -> bool:
    """Answer what the run waits for, a person or a job slot: it need not wait to be stopped."""
    waits_for = {"awaiting_approval": "task_token", "queued": "slot_token"}.get(row["state"], "")
    if waits_for not in row:
        return False
    steps = account.client("stepfunctions")
    answer = {"decision": "stop", "by": account.caller(), "slot": False}
    try:
        steps.send_task_success(taskToken=row[waits_for], output=json.dumps(answer))
    except (
        steps.exceptions.InvalidToken,
        steps.exceptions.TaskDoesNotExist,
        steps.exceptions.TaskTimedOut,
    ):
        return False  # it has just been answered, and its next step reads that it is to stop
    return True


def _stop_job(account: Account, arn: str) -> None:
    if words := customization_jobs.stopped(account.client("bedrock"), arn):
        say(f"{arn}: Bedrock did not stop it, it may have ended: {words}")
