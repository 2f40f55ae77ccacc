"""The rest of the emulated account: what MiniStack lacks, and the extensions add.

One stack, made by CloudFormation from the template beside this file; each test asks the service
itself whether the template was applied.
"""

import json
import time
from functools import partial
from pathlib import Path

import pytest
import stages
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session
from patience import until
from strict import ACCOUNT, Stage, refused

WAIT_SCALE = 0.001
TEMPLATE = Path(__file__).with_name("emulated_stack.json").read_text(encoding="utf-8")
ENDPOINT_POLICY = json.loads(TEMPLATE)["Resources"]["Endpoint"]["Properties"]["PolicyDocument"]


@pytest.fixture(scope="module")
def client():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECRET_OF_THE_DEVELOPER", "x")
        with stages.running(wait_scale=WAIT_SCALE) as running:
            yield Stage(running).client


@pytest.fixture(scope="module")
def made(client):
    """Physical ids by logical id. A new account takes no reservation: the stack has none there."""
    formation = client("cloudformation")
    template = json.loads(TEMPLATE)
    if stages.new_account():
        del template["Resources"]["Environment"]["Properties"]["ReservedConcurrentExecutions"]
    formation.create_stack(StackName="all", TemplateBody=json.dumps(template))

    def settled():
        (stack,) = formation.describe_stacks(StackName="all")["Stacks"]
        return stack["StackStatus"] != "CREATE_IN_PROGRESS" and stack

    stack = until(settled, "the stack")
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack.get("StackStatusReason")
    listed = formation.describe_stack_resources(StackName="all")["StackResources"]
    return {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in listed}


def test_a_bucket_is_encrypted_logged_owned_and_kept_tidy(client, made):
    s3, bucket = client("s3"), {"Bucket": made["Data"]}
    (rule,) = s3.get_bucket_encryption(**bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["BucketKeyEnabled"] is True
    assert rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"].endswith(made["Key"])
    (owner,) = s3.get_bucket_ownership_controls(**bucket)["OwnershipControls"]["Rules"]
    assert owner == {"ObjectOwnership": "BucketOwnerEnforced"}
    logging = s3.get_bucket_logging(**bucket)["LoggingEnabled"]
    assert (logging["TargetBucket"], logging["TargetPrefix"]) == (made["Logs"], "data/")
    (tidy,) = s3.get_bucket_lifecycle_configuration(**bucket)["Rules"]
    assert tidy["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    assert tidy["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    lock = s3.get_object_lock_configuration(**bucket)["ObjectLockConfiguration"]
    assert lock["ObjectLockEnabled"] == "Enabled"


def test_a_table_is_encrypted_recoverable_and_protected(client, made):
    dynamodb, name = client("dynamodb"), {"TableName": made["Table"]}
    table = dynamodb.describe_table(**name)["Table"]
    assert table["SSEDescription"]["KMSMasterKeyArn"].endswith(made["Key"])
    assert table["DeletionProtectionEnabled"] is True
    backups = dynamodb.describe_continuous_backups(**name)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    expiry = dynamodb.describe_time_to_live(**name)["TimeToLiveDescription"]
    assert expiry == {"AttributeName": "expires", "TimeToLiveStatus": "ENABLED"}


def test_a_topic_is_encrypted(client, made):
    attributes = client("sns").get_topic_attributes(TopicArn=made["Notices"])["Attributes"]
    assert attributes["KmsMasterKeyId"] == made["Key"]


def test_an_endpoint_shows_its_groups_policy_and_private_names(client, made):
    described = client("ec2").describe_vpc_endpoints(VpcEndpointIds=[made["Endpoint"]])
    (endpoint,) = described["VpcEndpoints"]
    assert [each["GroupId"] for each in endpoint["Groups"]] == [made["Group"]]
    assert endpoint["PrivateDnsEnabled"] is True
    assert json.loads(endpoint["PolicyDocument"]) == ENDPOINT_POLICY


def test_a_rule_of_its_own_takes_the_default_egress_off_a_group(client, made):
    (group,) = client("ec2").describe_security_groups(GroupIds=[made["Group"]])["SecurityGroups"]
    (egress,) = group["IpPermissionsEgress"]
    assert egress["PrefixListIds"] == [{"PrefixListId": "pl-63a5400a"}]
    (ingress,) = group["IpPermissions"]
    assert ingress["UserIdGroupPairs"][0]["GroupId"] == made["Group"]


def test_a_network_is_logged(client, made):
    (log,) = client("ec2").describe_flow_logs()["FlowLogs"]
    assert (log["ResourceId"], log["TrafficType"]) == (made["Vpc"], "ALL")


def test_a_function_shows_its_network_key_and_dead_letter_queue(client, made):
    shown = client("lambda").get_function_configuration(FunctionName=made["Environment"])
    assert shown["VpcConfig"]["VpcId"] == made["Vpc"]
    assert shown["KMSKeyArn"].endswith(made["Key"])
    assert shown["DeadLetterConfig"]["TargetArn"]
    assert shown["TracingConfig"] == {"Mode": "Active"}


@pytest.mark.established_account(reason="no execution can be reserved there, as row 2 has it")
def test_a_function_shows_its_reservation(client, made):
    reserved = client("lambda").get_function_concurrency(FunctionName=made["Environment"])
    assert reserved["ReservedConcurrentExecutions"] == 2


def test_a_function_sees_the_emulator_and_nothing_of_its_developer(client, made):
    answer = client("lambda").invoke(FunctionName=made["Environment"])
    seen = set(json.load(answer["Payload"]))
    assert {"AWS_ENDPOINT_URL", "AWS_REGION", "AWS_ACCESS_KEY_ID"} <= seen
    assert not {"SECRET_OF_THE_DEVELOPER", "VIRTUAL_ENV", "PYTHONPATH", "AWS_PROFILE"} & seen


def test_waits_and_retries_are_scaled_and_errors_keep_their_names(client, made):
    states = client("stepfunctions")
    started = time.monotonic()
    execution = states.start_execution(stateMachineArn=made["Machine"])["executionArn"]

    def over():
        found = states.describe_execution(executionArn=execution)
        return found["status"] != "RUNNING" and found

    done = until(over, "the end of the execution")
    assert done["status"] == "SUCCEEDED", done.get("cause")
    assert json.loads(done["output"]) == {"said": "done at last"}
    assert time.monotonic() - started > 3 * 300 * WAIT_SCALE


def test_a_state_machine_shows_its_logging_and_tracing(client, made):
    shown = client("stepfunctions").describe_state_machine(stateMachineArn=made["Machine"])
    assert shown["loggingConfiguration"]["level"] == "ALL"
    assert shown["tracingConfiguration"] == {"enabled": True}


def test_an_upload_is_announced_with_its_version_and_read_by_it(client, made):
    s3, sqs = client("s3"), client("sqs")
    key = "datasets/chat/a b/train.jsonl"
    first = s3.put_object(Bucket=made["Data"], Key=key, Body=b"0123456789")["VersionId"]
    s3.put_object(Bucket=made["Data"], Key="elsewhere/train.jsonl", Body=b"-")
    (message,) = sqs.receive_message(QueueUrl=made["Uploads"], WaitTimeSeconds=10)["Messages"]
    detail = json.loads(message["Body"])["detail"]
    assert detail["bucket"]["name"] == made["Data"]
    assert (detail["object"]["key"], detail["object"]["version-id"]) == (key, first)
    assert {"etag", "size", "sequencer"} <= set(detail["object"])
    assert detail["reason"] == "PutObject"
    s3.put_object(Bucket=made["Data"], Key=key, Body=b"-")
    part = s3.get_object(Bucket=made["Data"], Key=key, VersionId=first, Range="bytes=2-4")
    assert (part["Body"].read(), part["ContentRange"]) == (b"234", "bytes 2-4/10")


def test_an_alarm_looks_at_its_own_queue_only(client, made):
    sqs, cloudwatch = client("sqs"), client("cloudwatch")

    def state():
        (alarm,) = cloudwatch.describe_alarms(AlarmNames=[made["DeadAlarm"]])["MetricAlarms"]
        return alarm["StateValue"]

    sqs.send_message(QueueUrl=made["Uploads"], MessageBody="not dead")
    until(lambda: state() == "OK", "no alarm")
    sqs.send_message(QueueUrl=made["Dead"], MessageBody="dead")
    until(lambda: state() == "ALARM", "the alarm")


def test_a_client_of_the_query_protocol_is_given_an_alarms_actions(client):
    cloudwatch, topic = client("cloudwatch"), f"arn:aws:sns:us-east-1:{ACCOUNT}:told"
    watched = {"Namespace": "N", "MetricName": "M", "Statistic": "Sum", "Period": 60}
    rule = {"EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"}
    cloudwatch.put_metric_alarm(AlarmName="acts", AlarmActions=[topic], **watched, **rule)
    asked = AWSRequest(
        "POST",
        cloudwatch.meta.endpoint_url,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        data="Action=DescribeAlarms&Version=2010-08-01&AlarmNames.member.1=acts",
    )
    root = cloudwatch._request_signer._credentials  # noqa: SLF001 -- botocore gives it nowhere else
    SigV4Auth(root, "monitoring", "us-east-1").add_auth(asked)
    reported = URLLib3Session().send(asked.prepare()).text
    assert f"<AlarmActions><member>{topic}</member></AlarmActions>" in reported
    assert "<ActionsEnabled>true</ActionsEnabled>" in reported


def test_an_object_lies_in_the_bucket_once_however_often_it_is_written(client, made):
    """What makes a prepared copy write-once."""
    s3, target = client("s3"), {"Bucket": made["Data"], "Key": "once"}
    s3.put_object(**target, Body=b"1", IfNoneMatch="*")
    upload = target | {"UploadId": s3.create_multipart_upload(**target)["UploadId"]}
    tag = s3.upload_part(**upload, PartNumber=1, Body=b"2")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": tag}]}
    for write in (
        partial(s3.put_object, **target, Body=b"2"),
        partial(s3.complete_multipart_upload, **upload, MultipartUpload=parts),
    ):
        assert refused(write, IfNoneMatch="*")[:2] == ("PreconditionFailed", 412)


def test_dead_letters_are_moved_back_to_where_they_came_from(client, made):
    sqs = client("sqs")

    def depth(name):
        url, asked = made[name], ["ApproximateNumberOfMessages"]
        answer = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=asked)["Attributes"]
        return int(answer["ApproximateNumberOfMessages"])

    sqs.send_message(QueueUrl=made["Fragile"], MessageBody="poison")
    until(
        lambda: sqs.receive_message(QueueUrl=made["Fragile"]) and depth("Buried"), "the dead letter"
    )
    (arn,) = sqs.get_queue_attributes(QueueUrl=made["Buried"], AttributeNames=["QueueArn"])[
        "Attributes"
    ].values()
    sqs.start_message_move_task(SourceArn=arn)
    assert (depth("Buried"), depth("Fragile")) == (0, 1)
    (task,) = sqs.list_message_move_tasks(SourceArn=arn)["Results"]
    assert (task["Status"], task["ApproximateNumberOfMessagesMoved"]) == ("COMPLETED", 1)
