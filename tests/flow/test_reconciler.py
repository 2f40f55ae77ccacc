"""A job that lost its run and a run that lost its model, in the emulated account, and the deployed reconciler."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from accounts import conversations, tuning
from patience import until
from test_money import reached, start

from tuning.runs.recipes import Limits

RECIPE = "support-nova-micro"


@pytest.fixture(scope="module")
def reconcile(world):
    return lambda: world.round_of("ReconcileRuns")["healed"]


def row_of(world, run):
    key = {"pk": {"S": run}}
    table = world.account.outputs["LedgerTable"]
    return world.client("dynamodb").get_item(TableName=table, Key=key).get("Item")


@pytest.mark.usefixtures("standing_still")
def test_a_job_with_our_tags_that_no_run_knows_of_is_stopped(world, reconcile):
    bedrock = world.client("bedrock")
    upload = world.upload(conversations("A known job"), f"{RECIPE}/known-job")
    row = until(lambda: (r := world.account.started_by(upload)) and r.job_arn and r, "the job")
    like = bedrock.get_model_customization_job(jobIdentifier=row.job_arn)
    stray = bedrock.create_model_customization_job(
        jobName="of-no-run",
        customModelName="of-no-run",
        roleArn=like["roleArn"],
        baseModelIdentifier=like["baseModelArn"],
        vpcConfig=like["vpcConfig"],
        trainingDataConfig=like["trainingDataConfig"],
        outputDataConfig=like["outputDataConfig"],
        jobTags=[{"key": "environment", "value": "dev"}, {"key": "run", "value": "f" * 32}],
    )["jobArn"]
    assert "stop" in reconcile()["f" * 32]
    status = bedrock.get_model_customization_job(jobIdentifier=stray)["status"]
    assert status in ("Stopping", "Stopped")
    assert bedrock.get_model_customization_job(jobIdentifier=row.job_arn)["status"] == (
        "InProgress"
    )
    bedrock.stop_model_customization_job(jobIdentifier=row.job_arn)
    assert world.ended(upload).state == "stopped"


def test_a_model_that_its_row_does_not_name_is_reported_and_the_row_is_closed(world, reconcile):
    row = world.ended(world.upload(conversations("Model not reported"), f"{RECIPE}/not-reported"))
    assert row.state == "trained"
    long_ago = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    world.client("dynamodb").update_item(
        TableName=world.account.outputs["LedgerTable"],
        Key={"pk": {"S": row.id}},
        UpdateExpression="SET ended_at = :then, #open = :place REMOVE model_arn",
        ExpressionAttributeNames={"#open": "open"},
        ExpressionAttributeValues={":then": {"S": long_ago}, ":place": {"S": "working"}},
    )
    assert reconcile()[row.id] == ["start", "write"]
    assert world.account.run(row.id).model_arn == row.model_arn

    def closed():
        reconcile()
        return world.account.run(row.id).open is None

    until(closed, "the round that takes it out of the index of what is open")


def test_a_row_that_is_lost_while_a_person_is_asked_is_written_anew_and_the_answer_counts(
    world, reconcile
):
    run = start(world, recipe=f"lost-{uuid4().hex[:8]}", limits=Limits(approve_above_usd=0))
    asked = reached(world, run, "awaiting_approval")
    table = world.account.outputs["LedgerTable"]
    world.client("dynamodb").delete_item(TableName=table, Key={"pk": {"S": run}})
    reconcile()
    found = world.account.ledger.read(run, secrets=True)
    assert found.rebuilt == "from its execution"
    assert (found.task_token, found.question) == (asked.task_token, asked.question)
    assert found.dataset == asked.dataset
    assert tuning(world, "approve", run).returncode == 0
    assert reached(world, run, "trained").approval.decision == "approve"
