"""What the tests of the emulator's strictness share: clients, stacks of one template, refusals."""

import json
from functools import cache, partial

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from patience import until

ACCOUNT = "000000000000"
ROOT = {
    "Effect": "Allow",
    "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
    "Action": "kms:*",
    "Resource": "*",
}
FINAL = (
    "CREATE_COMPLETE",
    "ROLLBACK_COMPLETE",
    "CREATE_FAILED",
    "ROLLBACK_FAILED",
    "UPDATE_COMPLETE",
    "DELETE_FAILED",
)


SUFFIXES = [f"datasets/*/train.{end}" for end in ("jsonl", "json", "csv", "tsv", "gz", "zst")]


def pattern(count):
    """Of a rule that scores two for each: six are refused, and so spoil a stack."""
    wildcards = [{"wildcard": each} for each in SUFFIXES[:count]]
    return {"source": ["aws.s3"], "detail": {"object": {"key": wildcards}}}


class Stage:
    """One running emulator, with the account's root as the caller."""

    def __init__(self, instance):
        self.instance = instance
        self.client = cache(self._client)

    def _client(self, service, **config):
        environment = self.instance.client_environment()
        return boto3.client(
            service,
            endpoint_url=self.instance.endpoint,
            region_name="us-east-1",
            verify=self.instance.settings.authority or None,
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            config=Config(retries={"max_attempts": 1}, **config),
        )

    def stack(self, name, **resources):
        """Create it; its status and what CloudFormation says of resources that failed."""
        formation = self.client("cloudformation")
        body = json.dumps({"Resources": resources})
        formation.create_stack(
            StackName=name, TemplateBody=body, Capabilities=["CAPABILITY_NAMED_IAM"]
        )
        return self.settled(name)

    def settled(self, name):
        formation = self.client("cloudformation")

        def status():
            (stack,) = formation.describe_stacks(StackName=name)["Stacks"]
            return stack["StackStatus"] if stack["StackStatus"] in FINAL else None

        found = until(status, f"the stack {name}")
        events = formation.describe_stack_events(StackName=name)["StackEvents"]
        reasons = [
            e.get("ResourceStatusReason", "") for e in events if "FAILED" in e["ResourceStatus"]
        ]
        return found, " ".join(reasons)


def refused(call, **arguments):
    """(code, HTTP status, message) of a call that must be refused."""
    with pytest.raises(ClientError) as refusal:
        call(**arguments)
    answer = refusal.value.response
    status = answer["ResponseMetadata"]["HTTPStatusCode"]
    return answer["Error"]["Code"], status, answer["Error"].get("Message", "")


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def trust(service):
    return policy(
        {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    )


def lets(service, resource="*", *, actions=("kms:GenerateDataKey", "kms:Decrypt"), **condition):
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": f"{service}.amazonaws.com"},
        "Action": list(actions),
        "Resource": resource,
    }
    return statement | ({"Condition": condition} if condition else {})


def role_for(stage, service, name, *statements):
    """ARN of a role of a service that may what the statements say."""
    iam = stage.client("iam")
    made = iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=trust(f"{service}.amazonaws.com")
    )
    if statements:
        allow(stage, name, *statements)
    return made["Role"]["Arn"]


def allow(stage, role, *statements):
    """In place of what it could before."""
    document = policy(*statements)
    stage.client("iam").put_role_policy(RoleName=role, PolicyName="may", PolicyDocument=document)


def a_table(stage, name, key=None):
    encryption = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
    stage.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        **({"SSESpecification": encryption} if key else {}),
    )


def encrypted_bucket(stage, name, key):
    s3 = stage.client("s3")
    s3.create_bucket(Bucket=name)
    default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules = {"Rules": [{"ApplyServerSideEncryptionByDefault": default}]}
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration=rules)


def executed(stage, name, definition, role, **given):
    """An execution of a new machine, at its end."""
    states = stage.client("stepfunctions")
    machine = states.create_state_machine(
        name=name, definition=json.dumps(definition), roleArn=role
    )["stateMachineArn"]
    started = states.start_execution(stateMachineArn=machine, input=json.dumps(given))

    def look():
        found = states.describe_execution(executionArn=started["executionArn"])
        return found if found["status"] != "RUNNING" else None

    return until(look, f"the end of {name}")


def drained(sqs, url):
    """Bodies of the messages that are there, each of which is deleted."""
    while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            yield json.loads(message["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def a_key(stage, *statements):
    return stage.client("kms").create_key(Policy=policy(ROOT, *statements))["KeyMetadata"]["Arn"]


def a_user(stage, name, *statements):
    """client(service) of a user that may what the statements say, from outside of any VPC."""
    iam = stage.client("iam")
    iam.create_user(UserName=name)
    iam.put_user_policy(UserName=name, PolicyName="may", PolicyDocument=policy(*statements))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return partial(
        boto3.client,
        endpoint_url=stage.instance.endpoint,
        region_name="us-east-1",
        verify=stage.instance.settings.authority,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
        config=Config(retries={"max_attempts": 1}),
    )


def may(*actions, resource="*", **condition):
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return statement | ({"Condition": condition} if condition else {})
