"""The account's log of prompts: refused where somebody has one, set where nobody has, and gone when it is switched off."""

import gzip
import json

import pytest
from emulated_account import TRUST
from patience import until
from person import Person
from stages import running
from strict import ACCOUNT, policy, refused

from emulator.deploy import Deployer

DEPLOY = "npx cdk deploy dev/Network --no-rollback 2>&1"
ASKED_FOR = {
    '"dev",\n        config=Config(': '"dev",\n        config=Config(log_account_prompts=True,'
}
THEIRS = "theirs"
STREAM = "aws/bedrock/modelinvocations"
BASE = "amazon.nova-micro-v1:0"


class Logging:
    def __init__(self, folder, instance):
        self.person = Person(folder, instance)
        self.deployer = Deployer(instance=instance, say=lambda _line: None)
        self.person.edit_app(**ASKED_FOR)
        self.person.type("npx cdk bootstrap")
        self.bedrock = self.client("bedrock")

    def client(self, service):
        return self.deployer.client(service)

    @property
    def setting(self):
        return self.bedrock.get_model_invocation_logging_configuration().get("loggingConfig")

    def theirs(self):
        """What somebody else sets up, who waits until Bedrock knows their role."""
        self.client("logs").create_log_group(logGroupName=THEIRS)
        source = f"arn:aws:bedrock:us-east-1:{ACCOUNT}:*"
        trust = {**TRUST, "Condition": {"ArnLike": {"aws:SourceArn": source}}}
        write = {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}
        iam = self.client("iam")
        role = iam.create_role(RoleName=THEIRS, AssumeRolePolicyDocument=policy(trust))["Role"]
        iam.put_role_policy(RoleName=THEIRS, PolicyName="write", PolicyDocument=policy(write))
        wanted = {"logGroupName": THEIRS, "roleArn": role["Arn"]}

        def put():
            try:
                self.bedrock.put_model_invocation_logging_configuration(
                    loggingConfig={"cloudWatchConfig": wanted}
                )
            except self.bedrock.exceptions.ValidationException as young:
                assert "Failed to validate permissions" in str(young)  # noqa: PT017 — any other is a fault
                return False
            return True

        until(put, "their role to be known")
        return {"cloudWatchConfig": wanted}

    def group(self):
        found = self.client("logs").describe_log_groups()["logGroups"]
        return next(each for each in found if "InvocationLogGroup" in each["logGroupName"])

    def records(self, group):
        logs = self.client("logs")
        events = logs.get_log_events(logGroupName=group, logStreamName=STREAM)["events"]
        return [json.loads(event["message"]) for event in events]


@pytest.fixture
def logging(tmp_path):
    with running(enforce=True, role_seconds=3) as instance:
        yield Logging(tmp_path, instance)


def ask(deployer, question):
    return deployer.client("bedrock-runtime").converse(
        modelId=BASE, messages=[{"role": "user", "content": [{"text": question}]}]
    )


def objects(s3, bucket):
    """The records that lie there."""
    for each in s3.list_objects_v2(Bucket=bucket)["Contents"]:
        body = s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read()
        yield json.loads(gzip.decompress(body))


def test_a_bucket_must_let_bedrock_write_and_then_gets_what_is_asked():
    """https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html"""
    with running(enforce=True) as instance:
        deployer = Deployer(instance=instance, say=lambda _line: None)
        bedrock, s3 = deployer.client("bedrock"), deployer.client("s3")
        s3.create_bucket(Bucket=THEIRS)
        setting = {"s3Config": {"bucketName": THEIRS, "keyPrefix": "kept"}}

        def put():
            bedrock.put_model_invocation_logging_configuration(loggingConfig=setting)

        assert refused(put)[:2] == ("ValidationException", 400)
        place = f"arn:aws:s3:::{THEIRS}/kept/AWSLogs/{ACCOUNT}/BedrockModelInvocationLogs/*"
        write = {
            "Effect": "Allow",
            "Principal": {"Service": "bedrock.amazonaws.com"},
            "Action": "s3:PutObject",
            "Resource": place,
            "Condition": {
                "StringEquals": {"aws:SourceAccount": ACCOUNT},
                "ArnLike": {"aws:SourceArn": f"arn:aws:bedrock:us-east-1:{ACCOUNT}:*"},
            },
        }
        s3.put_bucket_policy(Bucket=THEIRS, Policy=policy(write))
        put()
        asked = [{"role": "user", "content": [{"text": "Is it kept?"}]}]
        runtime = deployer.client("bedrock-runtime")
        plain = runtime.converse(modelId=BASE, messages=asked)["output"]
        streamed = runtime.converse_stream(modelId=BASE, messages=asked)["stream"]
        pieces = [each for each in streamed if "contentBlockDelta" in each]
        kept = {record["operation"]: record for record in objects(s3, THEIRS)}
        assert set(kept) == {"Converse", "ConverseStream"}
        assert all(each["input"]["inputBodyJson"]["messages"] == asked for each in kept.values())
        assert kept["Converse"]["output"]["outputBodyJson"]["output"] == plain
        events = kept["ConverseStream"]["output"]["outputBodyJson"]
        assert [each for each in events if "contentBlockDelta" in each] == pieces


def test_somebody_elses_is_refused_ours_is_set_where_there_is_none_and_goes_when_switched_off(
    logging,
):
    theirs = logging.theirs()
    said = " ".join(logging.person.type(DEPLOY, exits=1).split())
    assert f"to log group {THEIRS}, and log_account_prompts overwrites no setting" in said
    assert logging.setting == theirs
    failing = logging.person.type("tuning doctor --environment dev --assembly cdk.out", exits=1)
    assert f"somebody else's is kept in log group {THEIRS}" in " ".join(failing.split())

    logging.bedrock.delete_model_invocation_logging_configuration()
    logging.person.type(DEPLOY)
    group = logging.group()
    assert logging.setting["cloudWatchConfig"]["logGroupName"] == group["logGroupName"]
    assert (group["retentionInDays"], bool(group["kmsKeyId"])) == (365, True)
    assert "of everybody in the account" in logging.person.type(
        "tuning doctor --environment dev --assembly cdk.out || true"
    )

    answer = ask(logging.deployer, "Can I return a gift?")["output"]["message"]["content"][0][
        "text"
    ]
    [record] = logging.records(group["logGroupName"])
    assert record["emulated"] is True
    assert record["modelId"] == BASE
    asked = record["input"]["inputBodyJson"]["messages"][0]["content"]
    assert asked == [{"text": "Can I return a gift?"}]
    assert record["output"]["outputBodyJson"]["output"]["message"]["content"][0]["text"] == answer

    logging.person.edit_app()
    logging.person.type(DEPLOY)
    assert logging.setting is None
    assert logging.group()["logGroupName"] == group["logGroupName"]
    assert len(logging.records(group["logGroupName"])) == 1
