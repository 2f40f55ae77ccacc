"""As strict as AWS: what policies, keys and sizes decide. docs/emulator.md has the table."""

import json
from functools import partial

import pytest
from jobs_of_a_stage import JOB, begun, ended, lay_data
from patience import until
from strict import ACCOUNT, ROOT, a_key, a_table, a_user, lets, may, policy, refused, trust

STAGE = {"phase_seconds": 0.02, "model_units": 1, "enforce": True}


def queue(stage, name, key, *, sender="events"):
    """A queue under a key, whose own policy lets the sender in."""
    sqs = stage.client("sqs")
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"
    let = lets(sender, arn, actions=("sqs:SendMessage",))
    attributes = {"KmsMasterKeyId": key, "Policy": policy(let)}
    return sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"], arn


def received(stage, url):
    return stage.client("sqs").receive_message(QueueUrl=url).get("Messages")


def test_a_rule_reaches_an_encrypted_queue_when_the_key_names_it(stage):
    """What it cannot send goes to the target's dead-letter queue."""
    events = stage.client("events")
    deaf, deaf_arn = queue(stage, "deaf", a_key(stage))
    heard, heard_arn = queue(stage, "heard", a_key(stage, lets("events")))
    source = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    bound, bound_arn = queue(stage, "bound", a_key(stage, lets("events", **source)))
    buried, buried_arn = queue(stage, "buried", a_key(stage, lets("events")))
    events.put_rule(Name="sends", EventPattern=json.dumps({"source": ["mine"]}))
    targets = [
        {"Id": "deaf", "Arn": deaf_arn, "DeadLetterConfig": {"Arn": buried_arn}},
        {"Id": "heard", "Arn": heard_arn},
        {"Id": "bound", "Arn": bound_arn},
    ]
    events.put_targets(Rule="sends", Targets=targets)
    events.put_events(Entries=[{"Source": "mine", "DetailType": "x", "Detail": "{}"}])
    for url in (heard, bound, buried):
        until(partial(received, stage, url), url)
    assert received(stage, deaf) is None


@pytest.mark.parametrize("bound", [False, True], ids=["any source", "SourceAccount"])
def test_a_rule_gives_the_key_of_a_topic_no_source(stage, bound):
    """A key that wants aws:SourceAccount of EventBridge gets no notice through SNS."""
    events, sns = stage.client("events"), stage.client("sns")
    name = f"topic-{bound}".lower()
    source = {"StringEquals": {"aws:SourceAccount": ACCOUNT}} if bound else {}
    key = a_key(stage, lets("events", **source), lets("sns"))
    topic = sns.create_topic(Name=name, Attributes={"KmsMasterKeyId": key})["TopicArn"]
    publish = lets("events", topic, actions=("sns:Publish",))
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy(publish))
    url, arn = queue(stage, name, a_key(stage, lets("sns")), sender="sns")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    beside, beside_arn = queue(stage, f"beside-{name}", a_key(stage, lets("events")))
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    targets = [{"Id": "topic", "Arn": topic}, {"Id": "beside", "Arn": beside_arn}]
    events.put_targets(Rule=name, Targets=targets)
    events.put_events(Entries=[{"Source": name, "DetailType": "x", "Detail": "{}"}])
    until(partial(received, stage, beside), "the other target")
    assert bool(received(stage, url)) is not bound


def test_a_topic_reaches_an_encrypted_queue_when_the_key_names_it(stage):
    sns = stage.client("sns")
    topic = sns.create_topic(Name="fans")["TopicArn"]
    deaf, deaf_arn = queue(stage, "deaf-fan", a_key(stage), sender="sns")
    heard, heard_arn = queue(stage, "heard-fan", a_key(stage, lets("sns")), sender="sns")
    for arn in (deaf_arn, heard_arn):
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    sns.publish(TopicArn=topic, Message="x")
    until(partial(received, stage, heard), "the message")
    assert received(stage, deaf) is None


def test_an_alarm_reaches_an_encrypted_topic_when_the_key_names_it(stage):
    sns, cloudwatch = stage.client("sns"), stage.client("cloudwatch")
    urls = {}
    for name, statements in (("deaf-alarm", ()), ("heard-alarm", (lets("cloudwatch"),))):
        key = a_key(stage, *statements)
        topic = sns.create_topic(Name=name, Attributes={"KmsMasterKeyId": key})["TopicArn"]
        urls[name], arn = queue(stage, name, a_key(stage, lets("sns")), sender="sns")
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            AlarmActions=[topic],
            Namespace="N",
            MetricName="M",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanOrEqualToThreshold",
        )
    cloudwatch.put_metric_data(Namespace="N", MetricData=[{"MetricName": "M", "Value": 2}])
    until(partial(received, stage, urls["heard-alarm"]), "the notice")
    assert received(stage, urls["deaf-alarm"]) is None


def test_a_table_under_a_key_takes_it_of_readers_and_writers(stage):
    a_table(stage, "kept", a_key(stage))
    item = {"TableName": "kept", "Key": {"pk": {"S": "x"}}}
    keyless = a_user(stage, "keyless", may("dynamodb:*"))("dynamodb")
    assert "kms:Decrypt" in refused(keyless.get_item, **item)[2]
    put = {"TableName": "kept", "Item": item["Key"]}
    assert "kms:Decrypt" in refused(keyless.put_item, **put)[2]
    via = {"StringEquals": {"kms:ViaService": "dynamodb.us-east-1.amazonaws.com"}}
    allowed = a_user(stage, "keyed", may("dynamodb:*"), may("kms:Decrypt", **via))("dynamodb")
    allowed.put_item(**put)
    assert allowed.get_item(**item)["Item"] == item["Key"]


def test_a_bucket_for_one_vpc_is_closed_to_people(stage):
    s3 = stage.client("s3")
    s3.create_bucket(Bucket="inside")
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["arn:aws:s3:::inside", "arn:aws:s3:::inside/*"],
        "Condition": {"StringNotEquals": {"aws:SourceVpc": "vpc-1"}},
    }
    person = a_user(stage, "person", may("s3:*"))("s3")
    person.list_objects_v2(Bucket="inside")
    s3.put_bucket_policy(Bucket="inside", Policy=policy(deny))
    assert refused(person.list_objects_v2, Bucket="inside")[:2] == ("AccessDenied", 403)


@pytest.fixture(scope="module")
def tuner(stage):
    lay_data(stage, may("s3:*"))


def a_job(name, key):
    return {"jobName": name, "customModelName": name, "customModelKmsKeyId": key, **JOB}


@pytest.mark.usefixtures("tuner")
def test_a_deny_of_grants_must_spare_those_for_services(stage):
    caller = a_user(stage, "caller", may("bedrock:*", "iam:PassRole", "kms:*"))("bedrock")
    deny = ROOT | {"Effect": "Deny", "Principal": "*", "Action": "kms:CreateGrant"}
    spared = {"Condition": {"Bool": {"kms:GrantIsForAWSResource": "false"}}}
    create = caller.create_model_customization_job
    closed = a_job("closed", a_key(stage, deny))
    assert "kms:CreateGrant" in refused(create, **closed)[2]
    create(**a_job("spared", a_key(stage, deny | spared)))


@pytest.mark.usefixtures("tuner")
def test_a_nova_model_under_a_key_is_served_when_the_key_names_bedrock(stage):
    bedrock, kms = stage.client("bedrock"), stage.client("kms")
    key = a_key(stage)
    model = ended(bedrock, begun(stage, "served", customModelKmsKeyId=key))["outputModelArn"]
    asked = {"modelId": model, "modelUnits": 1, "provisionedModelName": "served"}
    create = bedrock.create_provisioned_model_throughput
    assert refused(create, **asked)[:2] == ("AccessDeniedException", 403)
    context = {
        "ForAnyValue:StringEquals": {"kms:EncryptionContextKeys": "aws:bedrock:custom-model"}
    }
    kms.put_key_policy(KeyId=key, Policy=policy(ROOT, lets("bedrock", **context)))
    create(**asked)


LONG = [f"arn:aws:s3:::bucket-{number:04}/*" for number in range(1000)]


def long(count):
    return policy(may("s3:GetObject", resource=LONG[:count]))


def test_policies_have_a_size(stage):
    iam, s3 = stage.client("iam"), stage.client("s3")
    said = refused(iam.create_policy, PolicyName="long", PolicyDocument=long(250))
    assert said == ("LimitExceeded", 409, "Cannot exceed quota for PolicySize: 6144")
    iam.create_policy(PolicyName="short", PolicyDocument=long(200))
    managed = {"PolicyDocument": json.loads(long(250))}
    resource = {"Type": "AWS::IAM::ManagedPolicy", "Properties": managed}
    status, why = stage.stack("long-policy", Policy=resource)
    assert status == "ROLLBACK_COMPLETE"
    assert "PolicySize" in why
    conditions = {"StringEquals": {"aws:SourceArn": LONG[:80]}}
    statement = json.loads(trust("bedrock.amazonaws.com"))["Statement"][0]
    document = policy(statement | {"Condition": conditions})
    said = refused(iam.create_role, RoleName="long", AssumeRolePolicyDocument=document)
    assert "ACLSizePerRole: 2048" in said[2]
    s3.create_bucket(Bucket="long-policy")
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": LONG}
    said = refused(s3.put_bucket_policy, Bucket="long-policy", Policy=policy(deny))
    assert said[:2] == ("PolicyTooLarge", 400)


def test_a_malformed_bucket_policy_is_refused(stage):
    s3 = stage.client("s3")
    s3.create_bucket(Bucket="listed")
    listing = may("s3:ListBucket", "s3:GetBucketLocation", resource="arn:aws:s3:::listed")
    listing |= {"Principal": "*", "Condition": {"StringLike": {"s3:prefix": "datasets/*"}}}
    code, status, why = refused(
        s3.put_bucket_policy, Bucket="listed", Policy=policy({**listing, "Effect": "Deny"})
    )
    assert (code, status) == ("MalformedPolicy", 400)
    assert "Conditions do not apply" in why
    alone = {**listing, "Effect": "Deny", "Action": "s3:ListBucket"}
    s3.put_bucket_policy(Bucket="listed", Policy=policy(alone))


def test_a_template_in_the_request_has_51200_bytes(stage):
    topic = {"Type": "AWS::SNS::Topic", "Metadata": {"long": "x" * 51_200}}
    body = json.dumps({"Resources": {"Topic": topic}})
    create = stage.client("cloudformation").create_stack
    said = refused(create, StackName="long", TemplateBody=body)
    assert said[0] == "ValidationError"
    assert "51200" in said[2]


def test_a_region_has_five_vpcs(stage):
    ec2 = stage.client("ec2")
    while len(ec2.describe_vpcs()["Vpcs"]) < 5:
        ec2.create_vpc(CidrBlock="10.7.0.0/16")
    assert refused(ec2.create_vpc, CidrBlock="10.7.0.0/16")[0] == "VpcLimitExceeded"
    vpc = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.7.0.0/16"}}
    status, why = stage.stack("sixth", Vpc=vpc)
    assert status == "ROLLBACK_COMPLETE"
    assert "maximum number of VPCs" in why
