"""Which customization jobs may go on."""

import pytest
from domain_builders import ARTIFACTS, DATASETS, PREPARED, any_run, any_run_settings
from hypothesis import given
from hypothesis import strategies as st

from tuning.runs.function_settings import RunSettings
from tuning.runs.job_guard import custom_base, judge
from tuning.runs.jobs import request
from tuning.runs.prepared_dataset import PreparedDataset
from tuning.runs.watching_settings import GuardSettings

RUN = any_run_settings()
KEYS = ("job_role_arn", "job_subnet_ids", "job_security_group_ids", "model_key_arn")
OTHER_ROLE = "arn:aws:iam::123456789012:role/Other"
OTHER_KEY = "arn:aws:kms:us-east-1:123456789012:key/99999999-2222-3333-4444-555555555555"


def settings(all_jobs="no"):
    return GuardSettings(
        environment="dev",
        guarded_buckets=(DATASETS, PREPARED, ARTIFACTS),
        guard_all_jobs=all_jobs,
        notices_topic_arn="arn:aws:sns:us-east-1:123456789012:Notices",
        **{name: getattr(RUN, name) for name in KEYS},
    )


def described(asked):
    """GetModelCustomizationJob's answer to what CreateModelCustomizationJob was asked."""
    renamed = {"customModelKmsKeyId": "outputModelKmsKeyArn"}
    job = {renamed.get(name, name): value for name, value in asked.items()}
    return {"status": "InProgress", "validationDataConfig": {"validators": []}} | job


def our_job(**changes):
    uri = f"s3://{PREPARED}/prepared/0/train.jsonl"
    job = described(request(any_run(), RUN, PreparedDataset(training_uri=uri)))
    return {name: value for name, value in (job | changes).items() if value is not None}


FOREIGN = {
    "roleArn": OTHER_ROLE,
    "trainingDataConfig": {"s3Uri": "s3://elsewhere/train.jsonl"},
    "outputDataConfig": {"s3Uri": "s3://elsewhere/out/"},
    "outputModelKmsKeyArn": None,
    "vpcConfig": None,
}


def test_the_pipelines_own_job_goes_on():
    assert judge(our_job(), settings("yes")) is None


def test_a_key_that_is_not_reported_yet_is_not_another_key():
    """Optional in the API; whether it is there while a job is in progress is not documented."""
    assert judge(our_job(outputModelKmsKeyArn=None), settings("yes")) is None


@given(st.lists(st.sampled_from(RUN.job_subnet_ids), min_size=1, max_size=16))
def test_any_of_our_subnets_will_do(subnets):
    network = {"subnetIds": subnets, "securityGroupIds": list(RUN.job_security_group_ids)}
    assert judge(our_job(vpcConfig=network), settings()) is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"vpcConfig": None}, "no vpcConfig"),
        ({"vpcConfig": {"subnetIds": [], "securityGroupIds": []}}, "no vpcConfig"),
        ({"vpcConfig": {"subnetIds": ["subnet-0a1"], "securityGroupIds": []}}, "no vpcConfig"),
        ({"vpcConfig": {"subnetIds": [], "securityGroupIds": ["sg-0c3"]}}, "no vpcConfig"),
        (
            {"vpcConfig": {"subnetIds": ["subnet-0f9"], "securityGroupIds": ["sg-0c3"]}},
            "other subnets",
        ),
        (
            {
                "vpcConfig": {
                    "subnetIds": ["subnet-0a1", "subnet-0f9"],
                    "securityGroupIds": ["sg-0c3"],
                }
            },
            "other subnets",
        ),
        (
            {"vpcConfig": {"subnetIds": ["subnet-0a1"], "securityGroupIds": ["sg-0c3", "sg-0f9"]}},
            "other security groups",
        ),
        (
            {"outputModelKmsKeyArn": None, "status": "Completed"},
            "not encrypt its model with a key of this platform",
        ),
        ({"outputModelKmsKeyArn": OTHER_KEY}, "another key"),
    ],
)
def test_a_job_with_our_role_needs_our_network_and_key(change, reason):
    said = judge(our_job(**change), settings())
    assert reason in said
    assert "the service role" in said


@pytest.mark.parametrize(
    ("use", "named"),
    [
        ({"roleArn": RUN.job_role_arn}, "the service role"),
        ({"outputModelKmsKeyArn": RUN.model_key_arn}, "the key"),
        ({"trainingDataConfig": {"s3Uri": f"s3://{PREPARED}/prepared/0/train.jsonl"}}, "data"),
        ({"trainingDataConfig": {"s3Uri": f"s3://{DATASETS}/datasets/a/train.jsonl"}}, "data"),
        ({"validationDataConfig": {"validators": [{"s3Uri": f"s3://{PREPARED}/v"}]}}, "data"),
        ({"outputDataConfig": {"s3Uri": f"s3://{ARTIFACTS}"}}, "data"),
        (
            {
                "trainingDataConfig": {
                    "invocationLogsConfig": {
                        "invocationLogSource": {"s3Uri": f"s3://{DATASETS}/logs/"}
                    }
                }
            },
            "data",
        ),
    ],
)
def test_one_thing_of_ours_is_enough(use, named):
    said = judge(our_job(**FOREIGN | use), settings())
    assert f"uses {named} of this platform" in said


def test_a_bucket_whose_name_begins_like_ours_is_not_ours():
    job = our_job(**FOREIGN | {"outputDataConfig": {"s3Uri": f"s3://{PREPARED}-other/x"}})
    assert judge(job, settings()) is None


def test_what_has_nothing_to_do_with_us_goes_on_unless_all_jobs_are_guarded():
    job = our_job(**FOREIGN)
    assert judge(job, settings("no")) is None
    assert "no vpcConfig" in judge(job, settings("yes"))
    said = judge(job | {"status": "Completed"}, settings("yes"))
    assert "no vpcConfig" in said
    assert "no customer managed key" in said


def test_jobs_of_others_may_have_networks_and_keys_of_their_own():
    network = {"subnetIds": ["subnet-0f9"], "securityGroupIds": ["sg-0f9"]}
    own = FOREIGN | {"vpcConfig": network, "outputModelKmsKeyArn": OTHER_KEY}
    assert judge(our_job(**own), settings("yes")) is None
    assert judge(our_job(**own, status="Completed"), settings("yes")) is None


def test_a_job_of_others_that_names_no_key_yet_is_not_judged_for_it():
    network = {"subnetIds": ["subnet-0f9"], "securityGroupIds": ["sg-0f9"]}
    assert judge(our_job(**FOREIGN | {"vpcConfig": network}), settings("yes")) is None


def test_the_guard_is_given_the_job_role_that_the_pipeline_is_given():
    assert set(KEYS) <= set(RunSettings.__struct_fields__)


def test_a_job_that_goes_on_training_a_model_of_ours_uses_what_is_ours():
    base = "arn:aws:bedrock:us-east-1:123456789012:custom-model/amazon.nova-micro-v1:0:128k/abc"
    job = our_job(**FOREIGN, baseModelArn=base)
    assert custom_base(job, settings()) == base
    assert "uses a custom model of this platform" in judge(
        job, settings(), base_key=RUN.model_key_arn
    )
    assert judge(job, settings(), base_key=OTHER_KEY) is None


def test_a_foundation_model_is_no_custom_model():
    base = "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-micro-v1:0:128k"
    assert custom_base(our_job(baseModelArn=base), settings()) is None


def test_a_custom_model_of_another_account_cannot_be_ours():
    base = "arn:aws:bedrock:us-east-1:111122223333:custom-model/amazon.nova-micro-v1:0:128k/abc"
    assert custom_base(our_job(baseModelArn=base), settings()) is None
