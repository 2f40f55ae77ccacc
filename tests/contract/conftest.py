"""Two worlds for the same questions: the fakes of the unit tests, and the emulator through botocore."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.config import Config
from fake_aws import FakeBedrock, FakeDynamoDB, FakeS3, FakeStepFunctions
from places import BUCKET, MACHINE

import emulator
from emulator.emulator_settings import ACCOUNT

LINE = (
    b'{"messages": [{"role": "user", "content": [{"text": "Q"}]},'
    b' {"role": "assistant", "content": [{"text": "A"}]}]}\n'
)


@dataclass(frozen=True, kw_only=True)
class World:
    dynamodb: Any
    s3: Any
    stepfunctions: Any
    bedrock: Any
    close: Callable[[str], None]
    """End the execution of that name."""
    role: str


@pytest.fixture(params=["fakes", "emulator"])
def world(request) -> World:
    return request.getfixturevalue(f"_{request.param}")


@pytest.fixture
def _fakes() -> World:
    states = FakeStepFunctions()
    return World(
        dynamodb=FakeDynamoDB(),
        s3=FakeS3(),
        stepfunctions=states,
        bedrock=FakeBedrock(quota=3),
        close=states.closed.add,
        role="arn:aws:iam::123456789012:role/JobRole",
    )


@pytest.fixture(scope="session")
def _emulator() -> Iterator[World]:
    with emulator.running(phase_seconds=30, quota=3) as instance:

        def client(service: str) -> Any:
            return boto3.client(
                service,
                endpoint_url=instance.endpoint,
                region_name="us-east-1",
                aws_access_key_id=ACCOUNT,
                aws_secret_access_key=instance.client_environment()["AWS_SECRET_ACCESS_KEY"],
                config=Config(retries={"max_attempts": 1}),
            )

        states = client("stepfunctions")
        _lay_out(client)
        execution = MACHINE.replace(":stateMachine:", ":execution:")
        yield World(
            dynamodb=client("dynamodb"),
            s3=client("s3"),
            stepfunctions=states,
            bedrock=client("bedrock"),
            close=lambda name: states.stop_execution(executionArn=f"{execution}:{name}"),
            role=f"arn:aws:iam::{ACCOUNT}:role/JobRole",
        )


def _lay_out(client: Callable[[str], Any]) -> None:
    client("dynamodb").create_table(
        TableName="ledger",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    s3 = client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=BUCKET, Key="train.jsonl", Body=LINE * 8)
    wait = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 90_000, "End": True}}}
    client("stepfunctions").create_state_machine(
        name="TrainingRun",
        definition=json.dumps(wait),
        roleArn=f"arn:aws:iam::{ACCOUNT}:role/Machine",
    )
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "bedrock.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    may = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    iam = client("iam")
    iam.create_role(RoleName="JobRole", AssumeRolePolicyDocument=_policy(trust))
    iam.put_role_policy(RoleName="JobRole", PolicyName="data", PolicyDocument=_policy(may))


def _policy(statement: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
