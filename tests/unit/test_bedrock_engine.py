"""The emulated customization jobs, without a server: what a caller of the API can observe."""

import json

import pytest
from emulated_world import EAST, NOVA, RECORD, WEST, an_engine, create, get

from emulator.bedrock import api_errors as errors


def test_a_job_completes_and_makes_a_model(engine):
    job = get(engine, create(engine))
    assert job["status"] == "Completed"
    assert {each["status"] for each in job["statusDetails"].values()} == {"Completed"}
    model = engine.call("GetCustomModel", EAST, {"modelIdentifier": "model-1"})
    assert model["modelArn"] == job["outputModelArn"]


def test_arns_have_the_shape_of_the_service(engine):
    job = get(engine, create(engine))
    prefix = f"arn:aws:bedrock:us-east-1:111122223333:%s/{NOVA}/"
    assert job["jobArn"].startswith(prefix % "model-customization-job")
    assert job["outputModelArn"].startswith(prefix % "custom-model")
    assert job["jobArn"][-12:] != job["outputModelArn"][-12:]


def test_defaults_the_service_documents_are_filled_in(engine):
    job = get(engine, create(engine, hyperParameters={"epochCount": "3"}))
    assert job["hyperParameters"]["epochCount"] == "3"
    assert job["hyperParameters"]["learningRate"] == "0.00001"


def test_every_required_member_of_the_response_is_there(engine):
    job = get(engine, create(engine))
    assert job["validationDataConfig"] == {"validators": []}
    required = {"jobArn", "jobName", "outputModelName", "roleArn", "creationTime", "baseModelArn"}
    assert required | {"trainingDataConfig", "outputDataConfig"} <= set(job)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"jobName": "under_score"}, id="pattern"),
        pytest.param({"customizationType": "MAGIC"}, id="enumeration"),
        pytest.param({"jobName": "j" * 64}, id="length"),
        pytest.param({"outputDataConfig": {"s3Uri": "s3://b/dt=2026/"}}, id="S3 URI"),
        pytest.param({"hyperParameters": {"epochCount": 2}}, id="type"),
        pytest.param({"baseModelIdentifier": "amazon.unknown-v1:0"}, id="unknown model"),
        pytest.param({"baseModelIdentifier": "amazon.nova-canvas-v1:0"}, id="retired model"),
        pytest.param({"hyperParameters": {"epochCount": "99"}}, id="range"),
        pytest.param({"roleArn": "arn:aws:iam::111122223333:role/other"}, id="trust"),
    ],
)
def test_a_request_the_service_would_refuse_is_refused(engine, wrong):
    with pytest.raises(errors.ValidationError):
        create(engine, **wrong)
    assert not engine.jobs.kept


def test_a_model_is_offered_in_its_regions_only(engine):
    with pytest.raises(errors.ValidationError, match="model identifier is invalid"):
        create(engine, WEST)


def test_the_same_token_makes_one_job(engine):
    first = create(engine, clientRequestToken="token-1")
    assert create(engine, clientRequestToken="token-1") == first
    assert len(engine.jobs.kept) == 1


def test_the_same_token_with_another_body_conflicts(engine):
    create(engine, clientRequestToken="token-1")
    with pytest.raises(errors.Conflict) as refusal:
        create(engine, clientRequestToken="token-1", jobName="job-2")
    assert refusal.value.status == 400


def test_a_job_name_is_used_once_and_a_model_name_as_well(engine):
    create(engine)
    with pytest.raises(errors.ValidationError, match="job name is currently in use: job-1"):
        create(engine, customModelName="model-2")
    with pytest.raises(errors.ValidationError, match="model name is currently in use: model-1"):
        create(engine, jobName="job-2")


def test_the_name_of_a_failed_jobs_model_is_free_again(engine, world):
    world.objects.clear()
    create(engine)
    world.objects["train.jsonl"] = [RECORD] * 10
    assert get(engine, create(engine, jobName="job-2"))["status"] == "Completed"


def test_the_quota_counts_jobs_in_progress(world):
    engine = an_engine(world, lambda _task: None)
    create(engine)
    create(engine, jobName="job-2", customModelName="model-2")
    with pytest.raises(errors.QuotaExceeded) as refusal:
        create(engine, jobName="job-3", customModelName="model-3")
    assert refusal.value.status == 400


@pytest.mark.parametrize(
    ("denied", "text"),
    [
        ("s3:GetObject", "Could not validate GetObject permissions to access Amazon S3 bucket: "),
        ("s3:ListBucket", "Could not validate GetObject permissions to access Amazon S3 bucket: "),
        ("s3:PutObject", "Amazon S3 perms missing (PutObject): Could not validate PutObject "),
        ("kms:Decrypt", "Could not validate GetObject permissions to access Amazon S3 bucket: "),
        ("kms:GenerateDataKey", "Amazon S3 perms missing (PutObject): "),
    ],
)
def test_a_permission_the_role_lacks_fails_the_job_in_validation(engine, world, denied, text):
    world.denied.add(denied)
    world.keys = {"train.jsonl": "arn:aws:kms:key/1", None: "arn:aws:kms:key/1"}
    job = get(engine, create(engine))
    assert job["status"] == "Failed"
    assert job["failureMessage"].startswith(text)
    assert job["statusDetails"]["validationDetails"]["status"] == "Failed"
    assert job["statusDetails"]["trainingDetails"]["status"] == "NotStarted"


NETWORK = {"subnetIds": ["subnet-1"], "securityGroupIds": ["sg-1"]}


def test_a_network_that_does_not_exist_fails_the_job(engine, world):
    world.absent = ["subnet-1"]
    assert "subnet-1" in get(engine, create(engine, vpcConfig=NETWORK))["failureMessage"]


def test_a_role_that_may_not_make_interfaces_fails_a_job_in_a_network(engine, world):
    world.denied.add("ec2:CreateNetworkInterface")
    job = get(engine, create(engine, vpcConfig=NETWORK))
    assert "ec2:CreateNetworkInterface" in job["failureMessage"]


_STEPS = "training_artifacts/step_wise_training_metrics.csv"


def test_artefacts_lie_where_the_service_puts_them_and_say_they_are_emulated(engine, world):
    world.objects["validation.jsonl"] = [RECORD]
    validators = {"validators": [{"s3Uri": "s3://data/validation.jsonl"}]}
    arn = create(engine, validationDataConfig=validators)
    root = f"runs/1/model-customization-job-{arn[-12:]}/"
    metrics = world.written[root + _STEPS]
    assert metrics.startswith(b"step_number,epoch_number,training_loss,perplexity\n0,0,")
    inner = "validation_artifacts/post_fine_tuning_validation/validation/validation_metrics.csv"
    assert b"validation_loss" in world.written[root + inner]
    last = [world.written[root + part].splitlines()[-1].split(b",")[:2] for part in (_STEPS, inner)]
    assert last[0] == last[1], "a validation is of the training's last step"
    assert world.written["runs/1/.write_access_check_file.temp"] == b""
    assert json.loads(world.written[root + "EMULATED.json"])["emulated"] is True


def test_the_loss_curve_depends_on_the_jobs_name_alone(world):
    curves = []
    for _ in range(2):
        create(an_engine(world, lambda task: task()))
        curves.append(next(b for k, b in world.written.items() if k.endswith("metrics.csv")))
        world.written.clear()
    assert curves[0] == curves[1]


def test_events_carry_the_state_as_job_status(engine, world):
    create(engine)
    states = [each["detail"]["jobStatus"] for each in world.published]
    assert states == ["InProgress", "Completed"]
    assert {each["type"] for each in world.published} == {"Model Customization Job State Change"}
    assert "status" not in world.published[-1]["detail"]


def test_a_job_that_has_ended_cannot_be_stopped(engine):
    arn = create(engine)
    with pytest.raises(errors.Conflict):
        engine.call("StopModelCustomizationJob", EAST, {"jobIdentifier": arn})


def test_accounts_and_regions_do_not_see_each_other(engine):
    arn = create(engine)
    with pytest.raises(errors.NotFound):
        get(engine, arn, WEST)


def test_a_list_is_filtered_and_paged(engine, world):
    for number in range(3):
        create(engine, jobName=f"good-{number}", customModelName=f"model-{number}")
    world.objects.clear()
    create(engine, jobName="bad", customModelName="none")

    def names(**request):
        answer = engine.call("ListModelCustomizationJobs", EAST, request)
        found = [each["jobName"] for each in answer["modelCustomizationJobSummaries"]]
        return found, answer.get("nextToken")

    assert names(statusEquals="Failed")[0] == ["bad"]
    first, token = names(nameContains="good", maxResults=2, sortOrder="Ascending")
    rest, end = names(nameContains="good", maxResults=2, sortOrder="Ascending", nextToken=token)
    assert (first + rest, end) == (["good-0", "good-1", "good-2"], None)


def test_tags_of_jobs_and_models_can_be_read_and_changed(engine):
    create(engine, customModelTags=[{"key": "a", "value": "1"}])
    arn = get(engine, "job-1")["outputModelArn"]
    tag = {"resourceARN": arn, "tags": [{"key": "b", "value": "2"}]}
    engine.call("TagResource", EAST, tag)
    engine.call("UntagResource", EAST, {"resourceARN": arn, "tagKeys": ["a"]})
    tags = engine.call("ListTagsForResource", EAST, {"resourceARN": arn})["tags"]
    assert tags == [{"key": "b", "value": "2"}]


def test_a_custom_model_can_be_the_base_of_the_next_job(engine):
    base = get(engine, create(engine))["outputModelArn"]
    job = get(
        engine,
        create(engine, jobName="job-2", customModelName="model-2", baseModelIdentifier=base),
    )
    assert (job["status"], job["baseModelArn"]) == ("Completed", base)
