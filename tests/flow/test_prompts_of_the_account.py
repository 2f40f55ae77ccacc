"""The account's log of prompts: refused where somebody has one, set where nobody has, and gone when it is switched off."""

import json

import pytest
from emulated_account import ACCOUNT, TRUST, a_policy
from patience import until
from person import Person
from stages import running

from emulator.deploy import Deployer

DEPLOY = "npx cdk deploy dev/Network --no-rollback 2>&1"
ASKED_FOR = {
    '"dev",\n        config=Config(': '"dev",\n        config=Config(log_account_prompts=True,'
}
THEIRS = "theirs"
STREAM = "aws/bedrock/modelinvocations"


class Logging:
    def __init__(self, folder, instance):
        self.person, self._deployer = (
            Person(folder, instance),
            Deployer(instance=instance, say=lambda _line: None),
        )
        self.person.edit_app(**ASKED_FOR)
        self.person.type("npx cdk bootstrap")
        self.bedrock = self.client("bedrock")

    def client(self, service):
        return self._deployer.client(service)

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
        role = iam.create_role(RoleName=THEIRS, AssumeRolePolicyDocument=a_policy(trust))["Role"]
        iam.put_role_policy(RoleName=THEIRS, PolicyName="write", PolicyDocument=a_policy(write))
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

    def ask(self, question):
        return self.client("bedrock-runtime").converse(
            modelId="amazon.nova-micro-v1:0",
            messages=[{"role": "user", "content": [{"text": question}]}],
        )


@pytest.fixture
def logging(tmp_path):
    with running(enforce=True, role_seconds=3) as instance:
        yield Logging(tmp_path, instance)


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

    answer = logging.ask("Can I return a gift?")["output"]["message"]["content"][0]["text"]
    [record] = logging.records(group["logGroupName"])
    assert record["emulated"] is True
    assert record["modelId"] == "amazon.nova-micro-v1:0"
    asked = record["input"]["inputBodyJson"]["messages"][0]["content"]
    assert asked == [{"text": "Can I return a gift?"}]
    assert record["output"]["outputBodyJson"]["output"]["message"]["content"][0]["text"] == answer

    logging.person.edit_app()
    logging.person.type(DEPLOY)
    assert logging.setting is None
    assert logging.group()["logGroupName"] == group["logGroupName"]
    assert len(logging.records(group["logGroupName"])) == 1
