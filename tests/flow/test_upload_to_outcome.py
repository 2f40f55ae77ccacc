"""Uploads on the emulated account, through the deployed rule, queue, functions and state machine."""

import json
from concurrent.futures import ThreadPoolExecutor

from accounts import conversations, tuning
from patience import tried_five_times, until

from tuning.runs.rebuild import run_of

RECIPE = "support-nova-micro"


def test_a_sound_upload_becomes_a_model_trained_on_exactly_its_bytes(world):
    records = conversations("Shipping")
    upload = world.upload(records, f"{RECIPE}/sound")
    row = world.ended(upload)
    assert row.state == "trained", row.outcome
    job = world.client("bedrock").get_model_customization_job(jobIdentifier=row.job_arn)
    assert job["status"] == "Completed"
    bucket, _, key = job["trainingDataConfig"]["s3Uri"].removeprefix("s3://").partition("/")
    assert bucket == world.account.outputs["PreparedBucket"]
    trained_on = world.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    assert [json.loads(line) for line in trained_on.splitlines()] == records
    assert row.outcome.model == row.model_arn == job["outputModelArn"]


def test_the_job_is_private_encrypted_and_tagged(world):
    row = world.ended(world.upload(conversations("Privacy"), f"{RECIPE}/private"))
    bedrock, ec2 = world.client("bedrock"), world.client("ec2")
    job = bedrock.get_model_customization_job(jobIdentifier=row.job_arn)
    subnets = ec2.describe_subnets(SubnetIds=job["vpcConfig"]["subnetIds"])["Subnets"]
    gateways = ec2.describe_internet_gateways()["InternetGateways"]
    private = {s["VpcId"] for s in subnets} - {
        a["VpcId"] for g in gateways for a in g["Attachments"]
    }
    assert len(private) == 1
    assert job["vpcConfig"]["securityGroupIds"]
    assert job["outputModelKmsKeyArn"].startswith("arn:aws:kms:us-east-1:")
    tags = bedrock.list_tags_for_resource(resourceARN=row.job_arn)["tags"]
    assert {"key": "run", "value": row.id} in tags


def test_trained_models_are_numbered_and_listed_with_all_that_they_came_from(world):
    rows = [
        world.ended(world.upload(conversations(about), f"{RECIPE}/{about}"))
        for about in ("Numbered", "Counted")
    ]
    listed = tuning(world, "releases", RECIPE, "--format", "json")
    models = json.loads(listed.stdout)["releases"]
    found = {model["run"]: model for model in models}
    for row in rows:
        model = found[row.id]
        assert model["model_arn"] == row.model_arn
        assert model["dataset"] == row.dataset.digest
        assert model["records"] == row.dataset.records
        assert model["trained_at"]
    assert found[rows[1].id]["version"] == found[rows[0].id]["version"] + 1
    assert [model["version"] for model in models] == list(range(len(models), 0, -1))


def test_a_validation_set_beside_the_training_set_is_taken_along(world):
    world.upload(conversations("Held out", 4), f"{RECIPE}/both", "validation.jsonl")
    row = world.ended(world.upload(conversations("Learnt"), f"{RECIPE}/both"))
    job = world.client("bedrock").get_model_customization_job(jobIdentifier=row.job_arn)
    assert job["validationDataConfig"]["validators"][0]["s3Uri"].endswith("/validation.jsonl")
    assert row.results.validation.steps > 0


def test_a_broken_upload_is_refused_with_its_lines_and_starts_no_job(world):
    records = conversations("Returns")
    records[2]["messages"][1]["role"] = "assistent"
    body = b"".join(json.dumps(r).encode() + b"\n" for r in records) + b"{not json}\n"
    row = world.ended(world.upload(body, f"{RECIPE}/broken"))
    assert row.state == "refused"
    assert row.job_arn is None
    report = world.account.files.report(row.id)
    assert {(f["rule"], f["line"]) for f in report["findings"]} >= {("DS401", 3), ("DS201", 11)}
    assert "line 3" in world.notice(row.id)["Message"]


def test_a_folder_that_no_recipe_has_is_refused_and_reported(world):
    row = world.ended(world.upload(conversations("Lost"), "suport-nova-micro/typo"))
    assert row.state == "refused"
    assert "did you mean 'support-nova-micro'?" in world.notice(row.id)["Message"]


def test_the_same_event_many_times_at_once_is_one_job(world):
    upload = world.upload(conversations("Once"), f"{RECIPE}/once")
    row = world.ended(upload)
    event = _event_of(world, upload)
    queue = world.account.outputs["Queue"]

    def send(_):
        world.client("sqs").send_message(QueueUrl=queue, MessageBody=json.dumps(event))

    with ThreadPoolExecutor(16) as senders:
        list(senders.map(send, range(64)))
    until(lambda: _is_empty(world, queue), "the queue to be empty")
    jobs = world.client("bedrock").list_model_customization_jobs(nameContains=row.id[:20])
    assert len(jobs["modelCustomizationJobSummaries"]) == 1
    assert [e["name"] for e in world.executions()].count(row.id) == 1


def test_a_new_version_of_the_same_key_is_a_new_run(world):
    upload = world.upload(conversations("First version"), f"{RECIPE}/versions")
    first = world.ended(upload)
    world.upload(conversations("Second version"), f"{RECIPE}/versions")
    until(
        lambda: len([r for r in _runs(world) if r.upload == upload and r.ended_at]) == 2,
        "two ended runs",
    )
    names = {r.job_arn for r in _runs(world) if r.upload == upload}
    assert len(names) == 2
    assert first.job_arn in names


def test_a_malformed_message_is_put_aside_and_nothing_else(world):
    queue, dead = world.account.outputs["Queue"], world.account.outputs["DeadLetters"]
    sqs = world.client("sqs")
    before = len(world.executions())
    sqs.send_message(QueueUrl=queue, MessageBody='{"detail": "nonsense"}')
    with tried_five_times(sqs, queue):
        until(lambda: not _is_empty(world, dead), "the dead letter")
    assert sqs.receive_message(QueueUrl=dead)["Messages"][0]["Body"] == '{"detail": "nonsense"}'
    assert len(world.executions()) == before


def test_a_failed_job_is_a_failed_run_that_says_what_to_do(world):
    world.instance.add_fault(
        kind="fail",
        phase="Training",
        message="Encountered an internal error when processing the request.",
    )
    try:
        row = world.ended(world.upload(conversations("Unlucky"), f"{RECIPE}/unlucky"))
    finally:
        world.instance.clear_faults()
    assert row.state == "failed"
    assert row.outcome.kind == "service_error"
    assert "Upload the file again" in world.notice(row.id)["Message"]
    execution = next(e for e in world.executions() if e["name"] == row.id)
    assert execution["status"] == "FAILED"


def test_a_job_that_someone_stops_is_a_stopped_run(world):
    world.instance.add_fault(kind="stall", phase="Training")
    try:
        upload = world.upload(conversations("Stopped"), f"{RECIPE}/stopped")
        row = until(
            lambda: (r := world.account.started_by(upload)) and r.job_arn and r, "the job to start"
        )
        world.client("bedrock").stop_model_customization_job(jobIdentifier=row.job_arn)
        assert world.ended(upload).state == "stopped"
    finally:
        world.instance.clear_faults()


def test_a_full_quota_is_waited_for(world):
    world.instance.add_fault(kind="quota", limit=0)
    try:
        upload = world.upload(conversations("Patient"), f"{RECIPE}/patient")
        until(lambda: _waits_for_a_slot(world, upload), "a wait for a job slot")
    finally:
        world.instance.clear_faults()
        world.forget_the_slots()
    until(lambda: world.dispatch() or not _queued(world, upload), "a job slot")
    assert world.ended(upload).state == "trained"


def test_a_create_call_whose_answer_is_lost_is_still_one_job(world):
    world.instance.add_fault(kind="lost-response", operation="CreateModelCustomizationJob", times=1)
    try:
        row = world.ended(world.upload(conversations("Echo"), f"{RECIPE}/echo"))
    finally:
        world.instance.clear_faults()
    assert row.state == "trained"
    jobs = world.client("bedrock").list_model_customization_jobs(nameContains=row.id[:20])
    assert len(jobs["modelCustomizationJobSummaries"]) == 1


def test_outputs_cannot_start_a_job(world):
    """Runs last: every execution so far belongs to an upload; what was written started none."""
    uploads = {r.id for r in _runs(world)}
    assert {run_of(e["name"]) for e in world.executions()} == uploads
    assert _is_empty(world, world.account.outputs["Queue"])


def test_the_default_security_group_is_empty(world):
    ec2 = world.client("ec2")
    isolated = [v["VpcId"] for v in ec2.describe_vpcs()["Vpcs"] if not v["IsDefault"]]
    groups = ec2.describe_security_groups(
        Filters=[
            {"Name": "vpc-id", "Values": isolated},
            {"Name": "group-name", "Values": ["default"]},
        ]
    )["SecurityGroups"]
    assert len(groups) == 1
    assert groups[0]["IpPermissions"] == groups[0]["IpPermissionsEgress"] == []


def _event_of(world, upload):
    bucket, _, key = upload.removeprefix("s3://").partition("/")
    head = world.client("s3").head_object(Bucket=bucket, Key=key)
    row = world.account.started_by(upload)
    return {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "time": row.arrived_at,
        "detail": {
            "bucket": {"name": bucket},
            "object": {
                "key": key,
                "size": head["ContentLength"],
                "version-id": head["VersionId"],
            },
        },
    }


def _is_empty(world, queue):
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    counts = world.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=names)
    return all(counts["Attributes"][name] == "0" for name in names)


def _runs(world):
    return list(world.account.ledger.runs())


def _history(world, run_id):
    arn = world.account.outputs["StateMachine"].replace(":stateMachine:", ":execution:")
    pages = world.client("stepfunctions").get_paginator("get_execution_history")
    return json.dumps(
        [p["events"] for p in pages.paginate(executionArn=f"{arn}:{run_id}")], default=str
    )


def _queued(world, upload):
    return world.account.started_by(upload).state == "queued"


def _waits_for_a_slot(world, upload):
    row = world.account.started_by(upload)
    return row and "Wait for job slot" in _history(world, row.id)
