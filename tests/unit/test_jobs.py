"""The request that starts a job, and what the answers about it mean."""

from dataclasses import replace

import pytest
from bedrock_model import complaints, shape
from domain_builders import ARTIFACTS, JOB_ROLE, MODEL_KEY, any_recipe, any_run, any_run_settings
from msgspec import structs

from tuning.models.catalog import catalog
from tuning.runs.jobs import foreign, is_ours, request
from tuning.runs.prepared_dataset import PreparedDataset

TRAINING = f"s3://prepared-bucket/prepared/{'a' * 64}/train.jsonl"
VALIDATION = f"s3://prepared-bucket/prepared/{'b' * 64}/validation.jsonl"


def any_request(*, recipe=None, validation_uri=None):
    run = any_run(recipe=recipe)
    dataset = PreparedDataset(training_uri=TRAINING, validation_uri=validation_uri)
    return request(run, any_run_settings(), dataset)


@pytest.mark.parametrize("validation_uri", [None, VALIDATION], ids=["without", "with validation"])
@pytest.mark.parametrize(
    "model", [m.id for m in catalog().models.values() if "FINE_TUNING" in m.methods]
)
def test_aws_has_nothing_against_the_request(model, validation_uri):
    numbers = {"epochCount": 2, "learningRate": 1e-5, "learningRateWarmupSteps": 0}
    recipe = any_recipe(base_model=model, hyperparameters=numbers)
    arguments = any_request(recipe=recipe, validation_uri=validation_uri)
    assert complaints(arguments, shape("CreateModelCustomizationJob")) == []


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"jobName": "bad name!"}, id="pattern"),
        pytest.param({"customizationType": "FINE_TUNE"}, id="enumeration"),
        pytest.param(
            {"vpcConfig": {"subnets": ["s"], "securityGroups": ["g"]}}, id="the docs' keys"
        ),
        pytest.param({"vpcConfig": {"subnetIds": ["a"] * 17, "securityGroupIds": ["g"]}}, id="17"),
        pytest.param({"trainingDataConfig": {"s3Uri": "s3://bucket/dt=1/x"}}, id="hive prefix"),
        pytest.param(
            {"outputDataConfig": {"s3Uri": "s3://bkt/", "kmsKeyId": "k"}}, id="output key"
        ),
        pytest.param({"hyperParameters": {"epochCount": 2}}, id="number as number"),
    ],
)
def test_aws_would_have_something_against_these(wrong):
    assert complaints(any_request() | wrong, shape("CreateModelCustomizationJob"))


def test_a_job_always_runs_in_our_network_under_our_key_and_role():
    arguments = any_request()
    assert arguments["vpcConfig"] == {
        "subnetIds": ["subnet-0a1", "subnet-0b2"],
        "securityGroupIds": ["sg-0c3"],
    }
    assert arguments["customModelKmsKeyId"] == MODEL_KEY
    assert arguments["roleArn"] == JOB_ROLE


def test_the_output_lies_under_the_run_and_has_no_key_of_its_own():
    run = any_run()
    assert any_request()["outputDataConfig"] == {"s3Uri": f"s3://{ARTIFACTS}/jobs/{run.id}/"}


def test_job_and_model_say_where_they_come_from():
    arguments = any_request()
    tags = {tag["key"]: tag["value"] for tag in arguments["jobTags"]}
    assert tags == {"environment": "dev", "recipe": "support", "run": any_run().id}
    assert arguments["customModelTags"] == arguments["jobTags"]


def test_a_second_try_sends_the_same_request_with_the_same_token():
    assert any_request() == any_request()
    assert any_request()["clientRequestToken"] == any_run().request_token


def test_without_a_validation_set_none_is_named():
    assert "validationDataConfig" not in any_request()
    named = any_request(validation_uri=VALIDATION)["validationDataConfig"]
    assert named == {"validators": [{"s3Uri": VALIDATION}]}


@pytest.mark.parametrize(
    ("change", "ours"),
    [
        pytest.param({}, True, id="ours"),
        pytest.param({"jobName": "support-0"}, False, id="another name"),
        pytest.param({"trainingDataConfig": {"s3Uri": VALIDATION}}, False, id="other data"),
        pytest.param({"trainingDataConfig": {}}, False, id="no data"),
    ],
)
def test_a_job_is_ours_by_name_and_data(change, ours):
    job = {"jobName": any_run().job_name, "trainingDataConfig": {"s3Uri": TRAINING}, **change}
    assert is_ours(job, any_run(), PreparedDataset(training_uri=TRAINING)) is ours


def why_foreign(run, dataset):
    recipes = {any_recipe().content_digest}
    return foreign(run, dataset, any_run_settings(), recipes=recipes)


def test_what_this_platform_wrote_is_its_own():
    dataset = PreparedDataset(training_uri=TRAINING, validation_uri=VALIDATION)
    for run in (any_run(), any_run().again()):
        assert why_foreign(run, dataset) is None
        assert why_foreign(run, structs.replace(dataset, validation_uri=None)) is None


PLACES = {
    "an upload": "s3://datasets-bucket/datasets/support/train.jsonl",
    "a bucket of others": TRAINING.replace("prepared-bucket", "prepared-bucket-2"),
    "a bucket whose name ends so": TRAINING.replace("s3://", "s3://x."),
    "an access point": TRAINING.replace(
        "prepared-bucket", "arn:aws:s3:us-east-1:123456789012:accesspoint/prepared-bucket"
    ),
    "an alias of an access point": TRAINING.replace("prepared-bucket", "prepared-b-1a2b-s3alias"),
    "no hash": TRAINING.replace("a" * 64, "a" * 63),
    "a hash in capitals": TRAINING.replace("a" * 64, "A" * 64),
    "a folder more": TRAINING.replace("/train.jsonl", "/x/train.jsonl"),
    "a way up": TRAINING.replace("/prepared/", "/prepared/../"),
    "the whole prefix": "s3://prepared-bucket/prepared/",
    "another file": VALIDATION,
    "a line more": f"{TRAINING}\n",
    "nothing": "",
    "none": None,
}


@pytest.mark.parametrize("uri", PLACES.values(), ids=PLACES)
def test_a_location_that_is_no_prepared_copy_of_ours_is_foreign(uri):
    dataset = PreparedDataset(training_uri=uri)
    assert "train.jsonl is not that" in why_foreign(any_run(), dataset)
    if uri and uri != VALIDATION:
        beside = uri.replace("train.jsonl", "validation.jsonl").rstrip("/") + "/" * uri.endswith(
            "/"
        )
        dataset = PreparedDataset(training_uri=TRAINING, validation_uri=beside)
        assert "validation.jsonl is not" in why_foreign(any_run(), dataset)


FORGED = {
    "another run's job": {"job_name": "support-" + "b" * 20},
    "a job beside the run's own": {"job_name": any_run().job_name + "-3"},
    "a second job at the first try": {"job_name": any_run().job_name + "-2"},
    "a third try": {"attempt": 3, "job_name": any_run().job_name + "-2"},
    "an id that is a path": {"id": "../" + "a" * 29},
    "an id in capitals": {"id": any_run().id.upper()},
    "an empty id": {"id": ""},
}


@pytest.mark.parametrize("change", FORGED.values(), ids=FORGED)
def test_a_job_that_does_not_follow_from_its_run_is_foreign(change):
    forged = replace(any_run(), **change)
    assert why_foreign(forged, PreparedDataset(training_uri=TRAINING))


def test_a_recipe_that_is_none_of_those_that_the_run_may_train_by_is_foreign():
    """Whatever digest it is said to have."""
    forged = any_recipe(hyperparameters={"epochCount": 5}, kept_digest=any_recipe().digest)
    run, dataset = any_run(recipe=forged), PreparedDataset(training_uri=TRAINING)
    assert "its recipe is neither" in why_foreign(run, dataset)
    assert foreign(run, dataset, any_run_settings(), recipes={forged.content_digest}) is None
