"""The emulated Bedrock as boto3 sees it, with MiniStack's S3, IAM, EC2 and EventBridge behind it."""

import json
from functools import partial

import boto3
import pytest
import stages
from botocore.config import Config
from emulated_account import INTERFACES, READ, TRUST, WRITE
from jobs_of_a_stage import NOVA, RECORD, ended
from strict import ACCOUNT, policy, refused

LLAMA = "meta.llama3-1-8b-instruct-v1:0:128k"


@pytest.fixture(scope="module")
def running():
    with stages.running(phase_seconds=0.05, members_must_talk=False) as running:
        yield running


@pytest.fixture(scope="module")
def client(running):
    def make(service, region="us-east-1"):
        return boto3.client(
            service,
            endpoint_url=running.endpoint,
            region_name=region,
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key=running.client_environment()["AWS_SECRET_ACCESS_KEY"],
            config=Config(retries={"max_attempts": 1}),
        )

    return make


@pytest.fixture(scope="module")
def bedrock(client):
    return client("bedrock")


@pytest.fixture(scope="module")
def storage(client):
    s3 = client("s3")
    for bucket in ("datasets-east", "results-east"):
        s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket="datasets-east", Key="train.jsonl", Body=f"{RECORD}\n" * 8)
    return s3


@pytest.fixture
def role(client, request):
    """A role of the test's own: role(*statements, trust=…) → ARN."""
    iam = client("iam")
    name = f"role-{abs(hash(request.node.name))}"

    def make(*statements, trust=TRUST):
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=policy(trust))
        document = policy(*(statements or [READ, WRITE]))
        iam.put_role_policy(RoleName=name, PolicyName="data", PolicyDocument=document)
        return arn["Role"]["Arn"]

    return make


@pytest.fixture
def create(bedrock, storage, request):  # noqa: ARG001 -- the buckets must be there
    """create(role, **changes) → job ARN, under names of the test's own."""
    name = f"job-{abs(hash(request.node.name))}"

    def make(role, bedrock=bedrock, **changes):
        given = {
            "jobName": name,
            "customModelName": f"model-{name}",
            "roleArn": role,
            "baseModelIdentifier": NOVA,
            "trainingDataConfig": {"s3Uri": "s3://datasets-east/train.jsonl"},
            "outputDataConfig": {"s3Uri": f"s3://results-east/{name}/"},
        }
        return bedrock.create_model_customization_job(**given | changes)["jobArn"]

    return make


@pytest.fixture(autouse=True)
def no_faults(running):
    yield
    running.clear_faults()


def test_a_job_completes_and_leaves_labelled_artefacts(bedrock, storage, role, create):
    job = ended(bedrock, create(role()))
    assert job["status"] == "Completed", job.get("failureMessage")
    prefix = job["outputDataConfig"]["s3Uri"].removeprefix("s3://results-east/")
    listed = storage.list_objects_v2(Bucket="results-east", Prefix=prefix)["Contents"]
    names = [each["Key"].removeprefix(prefix) for each in listed]
    root = f"model-customization-job-{job['jobArn'][-12:]}/"
    assert ".write_access_check_file.temp" in names
    assert root + "training_artifacts/step_wise_training_metrics.csv" in names
    labelled = storage.get_object(Bucket="results-east", Key=prefix + root + "EMULATED.json")
    assert json.load(labelled["Body"])["emulated"] is True
    assert labelled["Metadata"] == {"emulated": "true"}
    assert (
        bedrock.get_custom_model(modelIdentifier=job["outputModelArn"])["jobArn"] == job["jobArn"]
    )


def test_a_role_that_bedrock_may_not_assume_is_refused_at_once(role, create):
    other = {**TRUST, "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}}
    assert refused(partial(create, role(trust=other))) == (
        "ValidationException",
        400,
        "Could not assume provided IAM role.",
    )


@pytest.mark.parametrize(
    ("allowed", "text"),
    [
        (
            WRITE,
            "GetObject permissions to access Amazon S3 bucket: datasets-east at key train.jsonl",
        ),
        (READ, "PutObject permissions to access S3 bucket: results-east at key job-"),
    ],
)
def test_a_job_does_what_its_role_may(bedrock, role, create, allowed, text):
    job = ended(bedrock, create(role(allowed)))
    assert f"Could not validate {text}" in job["failureMessage"]


def test_a_bucket_policy_binds_the_role_too(bedrock, storage, role, create):
    storage.create_bucket(Bucket="closed-east")
    storage.put_object(Bucket="closed-east", Key="train.jsonl", Body=f"{RECORD}\n" * 8)
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::closed-east/*",
    }
    storage.put_bucket_policy(Bucket="closed-east", Policy=policy(deny))
    closed = {"s3Uri": "s3://closed-east/train.jsonl"}
    assert ended(bedrock, create(role(), trainingDataConfig=closed))["status"] == "Failed"


def test_data_under_a_customer_key_needs_that_key(client, bedrock, storage, role, create):
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    given = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
    storage.put_object(Bucket="datasets-east", Key="k.jsonl", Body=f"{RECORD}\n" * 8, **given)
    data = {"s3Uri": "s3://datasets-east/k.jsonl"}
    without = role()
    assert "GetObject" in ended(bedrock, create(without, trainingDataConfig=data))["failureMessage"]
    decrypt = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": key}
    name = without.rsplit("/", 1)[-1]
    client("iam").put_role_policy(RoleName=name, PolicyName="key", PolicyDocument=policy(decrypt))
    again = create(without, trainingDataConfig=data, jobName="with-key", customModelName="with-key")
    assert ended(bedrock, again)["status"] == "Completed"


def test_a_network_must_exist_and_the_role_must_be_allowed_in_it(client, bedrock, role, create):
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.1.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(VpcId=vpc, GroupName="jobs", Description="-")["GroupId"]
    network = {"subnetIds": [subnet], "securityGroupIds": [group]}
    arn = role(READ, WRITE)
    absent = {"subnetIds": ["subnet-absent"], "securityGroupIds": [group]}
    missing = create(arn, vpcConfig=absent, jobName="absent", customModelName="absent")
    assert "subnet-absent" in ended(bedrock, missing)["failureMessage"]
    barred = create(arn, vpcConfig=network, jobName="barred", customModelName="barred")
    assert "not authorized to perform: ec2:" in ended(bedrock, barred)["failureMessage"]
    client("iam").put_role_policy(
        RoleName=arn.rsplit("/", 1)[-1],
        PolicyName="network",
        PolicyDocument=INTERFACES.replace("SUBNET", subnet).replace("GROUP", group),
    )
    job = ended(bedrock, create(arn, vpcConfig=network))
    assert job["status"] == "Completed", job.get("failureMessage")


def test_a_blank_line_fails_the_job_with_the_services_text(bedrock, storage, role, create):
    storage.put_object(Bucket="datasets-east", Key="blank.jsonl", Body=f"{RECORD}\n\n" * 8)
    blank = {"s3Uri": "s3://datasets-east/blank.jsonl"}
    job = ended(bedrock, create(role(), trainingDataConfig=blank))
    assert job["failureMessage"] == (
        "Unable to parse Amazon S3 file: blank.jsonl. Data files must conform to JSONL format."
    )


def test_another_region_has_models_and_jobs_of_its_own(client, role, create, bedrock):
    west, s3 = client("bedrock", "us-west-2"), client("s3", "us-west-2")
    for bucket in ("datasets-west", "results-west"):
        s3.create_bucket(
            Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "us-west-2"}
        )
    record = json.dumps({"prompt": "Question", "completion": "Answer"})
    s3.put_object(Bucket="datasets-west", Key="train.jsonl", Body=f"{record}\n" * 100)
    llama = {
        "baseModelIdentifier": LLAMA,
        "trainingDataConfig": {"s3Uri": "s3://datasets-west/train.jsonl"},
        "outputDataConfig": {"s3Uri": "s3://results-west/"},
    }
    arn = role()
    job = create(arn, west, **llama)
    assert ":us-west-2:" in job
    assert ended(west, job)["status"] == "Completed"
    assert refused(partial(bedrock.get_model_customization_job, jobIdentifier=job))[0] == (
        "ResourceNotFoundException"
    )
    assert refused(partial(create, arn, **llama))[2] == "The provided model identifier is invalid."


def test_errors_have_the_codes_of_the_service_model(bedrock, running, role, create):
    arn = role()
    create(arn, clientRequestToken="token-codes")
    again = partial(create, arn, clientRequestToken="token-codes", customModelName="other")
    assert refused(again)[:2] == ("ConflictException", 400)
    find = partial(bedrock.get_model_customization_job, jobIdentifier="no-such-job")
    assert refused(find)[:2] == ("ResourceNotFoundException", 404)
    running.add_fault(kind="throttle", operation="Get*", times=2)
    assert refused(find)[:2] == ("ThrottlingException", 429)
    running.clear_faults()
    running.add_fault(kind="quota", limit=0)
    more = partial(create, arn, jobName="one-more", customModelName="one-more")
    assert refused(more)[:2] == ("ServiceQuotaExceededException", 400)
    bad = partial(create, arn, jobName="under_score")
    assert refused(bad)[:2] == ("ValidationException", 400)


def test_a_stalled_job_is_stopped(bedrock, running, role, create):
    running.add_fault(kind="stall", phase="Training")
    arn = create(role())
    bedrock.stop_model_customization_job(jobIdentifier=arn)
    job = ended(bedrock, arn)
    assert job["status"] == "Stopped"
    assert job["statusDetails"]["trainingDetails"]["status"] == "NotStarted"


def test_base_models_for_customization_are_known_beside_those_for_inference(bedrock):
    tuned = bedrock.get_foundation_model(modelIdentifier=NOVA)["modelDetails"]
    assert tuned["modelLifecycle"] == {"status": "ACTIVE"}
    assert "FINE_TUNING" in tuned["customizationsSupported"]
    plain = bedrock.get_foundation_model(modelIdentifier="amazon.nova-micro-v1:0")
    assert plain["modelDetails"]["inferenceTypesSupported"] == ["ON_DEMAND"]
    gone = partial(bedrock.get_foundation_model, modelIdentifier="amazon.nova-canvas-v1:0")
    assert refused(gone)[0] == "ResourceNotFoundException"


def test_the_paginator_sees_every_job_once(bedrock, role, create):
    arn = role()
    made = {create(arn, jobName=f"page-{n}", customModelName=f"page-{n}") for n in range(3)}
    pages = bedrock.get_paginator("list_model_customization_jobs").paginate(
        nameContains="page-", PaginationConfig={"PageSize": 2}
    )
    listed = [job["jobArn"] for page in pages for job in page["modelCustomizationJobSummaries"]]
    assert sorted(listed) == sorted(made)


def test_each_change_of_state_is_an_event_on_the_default_bus(client, bedrock, role, create):
    queue = client("sqs").create_queue(QueueName="states")["QueueUrl"]
    pattern = json.dumps({"source": ["aws.bedrock"], "detail": {"jobStatus": ["Completed"]}})
    client("events").put_rule(Name="states", EventPattern=pattern)
    target = f"arn:aws:sqs:us-east-1:{ACCOUNT}:states"
    client("events").put_targets(Rule="states", Targets=[{"Id": "queue", "Arn": target}])
    arn = create(role())
    ended(bedrock, arn)
    event = next(event for event in _events(client("sqs"), queue) if event["resources"] == [arn])
    assert event["detail-type"] == "Model Customization Job State Change"
    assert (event["region"], event["detail"]["jobArn"]) == ("us-east-1", arn)


def _events(sqs, queue):
    """What comes, of jobs of other tests too, until nothing has come for ten seconds."""
    while messages := sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10).get("Messages"):
        for message in messages:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            yield json.loads(message["Body"])
