"""What few runs come to, and what permissions are there for: another recipe's model, a name that is
taken, a person who asked for an end before there was a job.
"""

import json

from accounts import UNASKED, conversations, new_version, start_run
from patience import until

RECIPE = "support-nova-micro"


def test_each_recipe_trains_its_own_model(world):
    world.upload(conversations("Held out", 4), "support-nova-lite/rare", "validation.jsonl")
    row = world.ended(world.upload(conversations("Longer"), "support-nova-lite/rare"))
    assert row.state == "trained"
    job = world.client("bedrock").get_model_customization_job(jobIdentifier=row.job_arn)
    assert "amazon.nova-lite-v1:0" in job["baseModelArn"]


def test_a_role_that_bedrock_does_not_know_yet_costs_no_run(world):
    """As in the seconds after a deployment that made or changed it."""
    first = world.ended(world.upload(conversations("Known"), f"{RECIPE}/known"))
    bedrock, iam = world.client("bedrock"), world.client("iam")
    own = bedrock.get_model_customization_job(jobIdentifier=first.job_arn)
    role = own["roleArn"].rpartition("/")[2]
    trust = iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"]

    def changed():
        """Its trust, to what it was."""
        return iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(trust))

    changed()
    upload = world.upload(conversations("Not known yet"), f"{RECIPE}/not-known")
    look = lambda: changed() and _refusals(world, upload)  # noqa: E731 — kept fresh till it counts
    refused = until(look, "a try that Bedrock refused")
    assert {error["error"] for error in refused} == {"role_not_assumable"}
    world.instance.advance_clock(world.instance.settings.role_seconds)
    assert world.ended(upload).state == "trained"


def _refusals(world, upload):
    """What the tries of the run's steps failed with."""
    found = world.account.started_by(upload)
    if found is None:
        return []
    arn = next((e["executionArn"] for e in world.executions() if found.id in e["name"]), None)
    if arn is None:
        return []
    states = world.client("stepfunctions")
    pages = states.get_paginator("get_execution_history").paginate(executionArn=arn)
    events = [event for page in pages for event in page["events"]]
    return [e["taskFailedEventDetails"] for e in events if "taskFailedEventDetails" in e]


def test_a_job_that_was_asked_to_end_before_it_began_is_stopped_at_the_first_poll(
    world,
    standing_still,  # noqa: ARG001 -- it does
):
    upload = world.upload(conversations("Regretted"), f"{RECIPE}/regretted")
    row = until(lambda: (r := world.account.started_by(upload)) and r.job_arn and r, "the job")
    world.client("dynamodb").update_item(
        TableName=world.account.outputs["LedgerTable"],
        Key={"pk": {"S": row.id}},
        UpdateExpression="SET stop_asked = :asked",
        ExpressionAttributeValues={":asked": {"S": "someone"}},
    )
    assert world.ended(upload).state == "stopped"


def test_a_job_of_the_runs_name_with_other_data_is_not_taken_for_its_own(world):
    other = world.ended(world.upload(conversations("First of the name"), f"{RECIPE}/name"))
    bedrock = world.client("bedrock")
    like = bedrock.get_model_customization_job(jobIdentifier=other.job_arn)
    run = new_version(world, f"datasets/canary/same-name/{UNASKED}", "Taken")
    bedrock.create_model_customization_job(
        jobName=run.job_name,
        customModelName="of-someone-else",
        roleArn=like["roleArn"],
        baseModelIdentifier=like["baseModelArn"],
        customModelKmsKeyId=like["outputModelKmsKeyArn"],
        vpcConfig=like["vpcConfig"],
        trainingDataConfig=like["trainingDataConfig"],
        outputDataConfig=like["outputDataConfig"],
    )
    start_run(world, run)
    row = until(lambda: (r := _row(world, run)) and r.ended_at and r, "the run's end")
    assert row.state == "failed"
    assert row.job_arn is None


def _row(world, run):
    return next((row for row in world.account.ledger.runs() if row.id == run.id), None)
