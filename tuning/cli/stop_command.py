"""`tuning stop`: end a run, whether it has a job yet or not."""

from datetime import UTC, datetime

from tuning.cli.account import Account
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
    # stopped at the first look.
    account.client("dynamodb").update_item(
        TableName=account.outputs["LedgerTable"],
        Key={"pk": {"S": run}},
        UpdateExpression="SET stop_asked = if_not_exists(stop_asked, :asked)",
        ConditionExpression="attribute_exists(pk)",
        ExpressionAttributeValues={":asked": {"S": asked}},
    )
    if row["state"] == "training":
        _stop_job(account, row["job_arn"])
    say(f"{run}: asked to stop; it ends as stopped at its next look (tuning runs shows it)")
    raise SystemExit(Exit.DONE)


def _stop_job(account: Account, arn: str) -> None:
    bedrock = account.client("bedrock")
    try:
        bedrock.stop_model_customization_job(jobIdentifier=arn)
    except (bedrock.exceptions.ConflictException, bedrock.exceptions.ValidationException) as error:
        # Which of the two a job that has ended answers is not documented.
        say(f"{arn}: Bedrock did not stop it, it may have ended: {error}")
