"""As strict as AWS: jobs and events. docs/emulator.md has the table."""

import json

import pytest
import stages
from jobs_of_a_stage import begun, ended, lay_data
from strict import ACCOUNT, Stage, drained, may, policy, role_for

STAGE = {"phase_seconds": 0.05, "wait_scale": 0.001}


def jobs(stage, network=None, **changes):
    """A job, and how it ended."""
    bedrock = stage.client("bedrock")
    number = len(bedrock.list_model_customization_jobs()["modelCustomizationJobSummaries"])
    placed = {"vpcConfig": network} if network else {}
    arn = begun(stage, f"job-{number}", **placed, **changes)
    return arn, ended(bedrock, arn)


RIGHTS = may("s3:*", "ec2:*")


@pytest.fixture(scope="module")
def tuner(stage):
    lay_data(stage, RIGHTS)


@pytest.fixture(scope="module")
def network(stage):
    ec2 = stage.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.8.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="nodes", Description="nodes", VpcId=vpc)["GroupId"]
    return {"subnetIds": [subnet], "securityGroupIds": [group]}


@pytest.mark.usefixtures("tuner")
def test_the_nodes_of_a_job_must_reach_each_other(stage, network):
    _, job = jobs(stage, network)
    assert job["status"] == "Failed"
    assert "among their members" in job["failureMessage"]
    (group,) = network["securityGroupIds"]
    rule = {"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group}]}
    ec2 = stage.client("ec2")
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    _, job = jobs(stage, network)
    assert job["status"] == "Completed", job


def test_closed_nodes_can_be_asked_for():
    with stages.running(phase_seconds=0.05, members_must_talk=False) as instance:
        stage = Stage(instance)
        lay_data(stage, RIGHTS)
        _, job = jobs(stage, network.__wrapped__(stage))
        assert job["status"] == "Completed", job


@pytest.mark.usefixtures("tuner")
def test_the_key_of_a_model_is_not_reported_before_there_is_a_model(stage):
    stage.instance.add_fault(kind="stall", phase="Training")
    key = stage.client("kms").create_key()["KeyMetadata"]["Arn"]
    bedrock = stage.client("bedrock")
    arn = begun(stage, "keyed", customModelKmsKeyId=key)

    def job():
        return bedrock.get_model_customization_job(jobIdentifier=arn)

    assert job()["status"] == "InProgress"
    assert "outputModelKmsKeyArn" not in job()
    stage.instance.clear_faults()
    assert ended(bedrock, arn)["status"] == "Completed"
    assert job()["outputModelKmsKeyArn"] == key


@pytest.mark.usefixtures("tuner")
@pytest.mark.parametrize(("spared", "status"), [(False, "Failed"), (True, "Completed")])
def test_a_jobs_output_names_no_encryption(stage, spared, status):
    """It takes the bucket's own. A Deny of other keys must let an absent header pass."""
    header = "s3:x-amz-server-side-encryption-aws-kms-key-id"
    condition = {"StringNotEquals": {header: "arn:aws:kms:us-east-1:1:key/ours"}}
    if spared:
        condition["Null"] = {header: "false"}
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": "arn:aws:s3:::job-data/out/*",
        "Condition": condition,
    }
    s3 = stage.client("s3")
    s3.put_bucket_policy(Bucket="job-data", Policy=policy(deny))
    _, job = jobs(stage)
    s3.delete_bucket_policy(Bucket="job-data")
    assert job["status"] == status, job


@pytest.mark.usefixtures("tuner")
@pytest.mark.parametrize(
    ("operator", "status"), [("StringLike", "Failed"), ("StringLikeIfExists", "Completed")]
)
def test_a_job_asks_for_its_bucket_without_a_prefix(stage, operator, status):
    prefixed = {operator: {"s3:prefix": "train*"}}
    listing = may("s3:ListBucket", resource="arn:aws:s3:::job-data", **prefixed)
    objects = may("s3:GetObject", "s3:PutObject")
    role = role_for(stage, "bedrock", f"prefixed-{status}", listing, objects)
    _, job = jobs(stage, roleArn=role)
    assert job["status"] == status, job


def counted(seed, source, sent=40):
    """How often each event of a source comes, under a seed."""
    with stages.running(event_seed=seed) as instance:
        stage = Stage(instance)
        sqs, events = stage.client("sqs"), stage.client("events")
        url = sqs.create_queue(QueueName="all")["QueueUrl"]
        arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:all"
        events.put_rule(Name="all", EventPattern=json.dumps({"source": [source]}))
        events.put_targets(Rule="all", Targets=[{"Id": "queue", "Arn": arn}])
        for number in range(sent):
            entry = {"Source": source, "DetailType": "x", "Detail": json.dumps({"n": number})}
            events.put_events(Entries=[entry])
        came = [event["detail"]["n"] for event in drained(sqs, url)]
        return [came.count(number) for number in range(sent)]


def test_events_come_twice_now_and_then_by_seed():
    once = counted(1, "mine")
    assert set(once) == {1, 2}
    assert counted(1, "mine") == once
    assert counted(2, "mine") != once


@pytest.mark.usefixtures("tuner")
def test_events_of_bedrock_are_lost_now_and_then():
    with stages.running(phase_seconds=0.01, event_seed=3) as instance:
        stage = Stage(instance)
        lay_data(stage, RIGHTS)
        sqs, events = stage.client("sqs"), stage.client("events")
        url = sqs.create_queue(QueueName="states")["QueueUrl"]
        events.put_rule(Name="states", EventPattern=json.dumps({"source": ["aws.bedrock"]}))
        arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:states"
        events.put_targets(Rule="states", Targets=[{"Id": "queue", "Arn": arn}])
        sent = [jobs(stage)[0] for _ in range(12)]
        details = [event["detail"] for event in drained(sqs, url)]
        came = [(each["jobArn"], each["jobStatus"]) for each in details]
        kinds = {(arn, status) for arn in sent for status in ("InProgress", "Completed")}
        assert kinds - {*came}, "none was lost"
        assert len(came) > len({*came}), "none came twice"
