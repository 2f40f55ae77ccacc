"""As strict as AWS: S3. docs/emulator.md has the table."""

import hashlib
import http.client
import json
from base64 import b64encode

import pytest
import stages
from patience import until
from strict import ACCOUNT, Stage, a_user, may, policy, refused

LOGGING = {
    "Effect": "Allow",
    "Principal": {"Service": "logging.s3.amazonaws.com"},
    "Action": "s3:PutObject",
}


@pytest.fixture(scope="module")
def s3(stage):
    return stage.client("s3")


def target(s3, name, **more):
    """A bucket that lets logs in."""
    s3.create_bucket(Bucket=name, **more)
    allow = LOGGING | {"Resource": f"arn:aws:s3:::{name}/*"}
    s3.put_bucket_policy(Bucket=name, Policy=policy(allow))
    return name


def logged(s3, name, into):
    s3.create_bucket(Bucket=name)
    status = {"LoggingEnabled": {"TargetBucket": into, "TargetPrefix": f"{name}/"}}
    s3.put_bucket_logging(Bucket=name, BucketLoggingStatus=status)
    s3.put_object(Bucket=name, Key="seen", Body=b"x")
    return name


def logs(s3, bucket):
    return s3.list_objects_v2(Bucket=bucket).get("Contents", [])


@pytest.fixture(scope="module")
def plain(s3):
    return target(s3, "plain-logs")


def test_access_logs_are_delivered(s3, plain):
    logged(s3, "first", plain)
    (log, *_) = until(lambda: logs(s3, plain), "a log")
    assert log["Key"].startswith("first/")
    text = s3.get_object(Bucket=plain, Key=log["Key"])["Body"].read().decode()
    assert " first [" in text
    assert "REST.PUT.OBJECT seen " in text


def a_locked(s3):
    return target(s3, "locked-logs", ObjectLockEnabledForBucket=True)


def an_encrypted(s3):
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    name = target(s3, "encrypted-logs")
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    return name


def a_denying(s3):
    """A perimeter that does not spare the logging principal."""
    name = target(s3, "denying-logs")
    allow = LOGGING | {"Resource": f"arn:aws:s3:::{name}/*"}
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": f"arn:aws:s3:::{name}/*",
        "Condition": {"StringNotEqualsIfExists": {"aws:SourceVpc": "vpc-1"}},
    }
    spared = {"BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}
    s3.put_bucket_policy(Bucket=name, Policy=policy(allow, deny))
    kind = policy(allow, deny | {"Condition": deny["Condition"] | spared})
    return name, kind


@pytest.mark.parametrize("make", [a_locked, an_encrypted], ids=["object lock", "SSE-KMS"])
def test_some_buckets_receive_no_logs(s3, plain, make):
    """And nothing says so."""
    deaf = make(s3)
    source = logged(s3, f"to-{deaf}", deaf)
    before = len(logs(s3, plain))
    logged(s3, f"beside-{deaf}", plain)
    until(lambda: len(logs(s3, plain)) > before, "the log of a request that came later")
    assert s3.get_bucket_logging(Bucket=source)["LoggingEnabled"]["TargetBucket"] == deaf
    assert logs(s3, deaf) == []


def test_a_deny_must_spare_the_logging_service(s3, plain):
    name, kind = a_denying(s3)
    source = logged(s3, "to-denying", name)
    before = len(logs(s3, plain))
    logged(s3, "beside-denying", plain)
    until(lambda: len(logs(s3, plain)) > before, "the log of a request that came later")
    assert logs(s3, name) == []
    s3.put_bucket_policy(Bucket=name, Policy=kind)
    s3.put_object(Bucket=source, Key="again", Body=b"x")
    until(lambda: logs(s3, name), "a log")


def test_log_objects_are_events_too(stage, s3):
    """Notifications to EventBridge are for a whole bucket."""
    name = target(s3, "noisy-logs")
    configuration = {"EventBridgeConfiguration": {}}
    s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration=configuration)
    sqs, events = stage.client("sqs"), stage.client("events")
    url = sqs.create_queue(QueueName="noisy")["QueueUrl"]
    queue = f"arn:aws:sqs:us-east-1:{ACCOUNT}:noisy"
    pattern = {"source": ["aws.s3"], "detail": {"bucket": {"name": [name]}}}
    rule = events.put_rule(Name="noisy", EventPattern=json.dumps(pattern))["RuleArn"]
    send = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": rule}},
    }
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy(send)})
    events.put_targets(Rule="noisy", Targets=[{"Id": "queue", "Arn": queue}])
    logged(s3, "to-noisy", name)
    (message,) = until(lambda: sqs.receive_message(QueueUrl=url).get("Messages"), "an event")
    key = json.loads(message["Body"])["detail"]["object"]["key"]
    assert key.startswith("to-noisy/")


@pytest.fixture(scope="module")
def locked(s3):
    """A bucket with retention, and a version under it."""
    s3.create_bucket(Bucket="retained", ObjectLockEnabledForBucket=True)
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    configuration = {"ObjectLockEnabled": "Enabled", "Rule": rule}
    s3.put_object_lock_configuration(Bucket="retained", ObjectLockConfiguration=configuration)
    made = s3.put_object(Bucket="retained", Key="kept", Body=b"x")
    return {"Bucket": "retained", "Key": "kept", "VersionId": made["VersionId"]}


def test_object_lock_is_never_switched_off(s3, locked):
    suspended = {"Bucket": locked["Bucket"], "VersioningConfiguration": {"Status": "Suspended"}}
    assert refused(s3.put_bucket_versioning, **suspended)[:2] == ("InvalidBucketState", 409)
    off = {"Bucket": locked["Bucket"], "ObjectLockConfiguration": {"ObjectLockEnabled": "Disabled"}}
    assert refused(s3.put_object_lock_configuration, **off)[0] == "MalformedXML"


def test_governance_is_bypassed_by_the_word_only(s3, locked):
    assert refused(s3.delete_object, **locked)[:2] == ("AccessDenied", 403)
    objects = [{"Key": locked["Key"], "VersionId": locked["VersionId"]}]
    many = {"Bucket": locked["Bucket"], "Delete": {"Objects": objects}}
    answer = s3.delete_objects(**many)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert "Deleted" not in answer
    assert [each["Code"] for each in answer["Errors"]] == ["AccessDenied"]
    s3.delete_objects(**many, BypassGovernanceRetention=True)
    assert "Versions" not in s3.list_object_versions(Bucket=locked["Bucket"])


def test_the_bypass_means_nothing_without_a_lock(s3):
    s3.create_bucket(Bucket="unlocked")
    s3.put_object(Bucket="unlocked", Key="x", Body=b"x")
    said = refused(s3.delete_object, Bucket="unlocked", Key="x", BypassGovernanceRetention=True)
    assert said[:2] == ("InvalidArgument", 400)
    many = {"Objects": [{"Key": "x"}]}
    arguments = {"Bucket": "unlocked", "Delete": many, "BypassGovernanceRetention": True}
    assert refused(s3.delete_objects, **arguments)[0] == "InvalidArgument"


def test_retention_takes_a_checksum(stage, s3, locked):
    """Present SDKs send one; an old one does not."""
    old = stage.client("s3", request_checksum_calculation="when_required")
    old.meta.events.register("before-call.s3.PutObject", without_checksum, unique_id="old")
    asked = {"Bucket": locked["Bucket"], "Key": "old", "Body": b"x"}
    said = refused(old.put_object, **asked)
    assert said[:2] == ("InvalidRequest", 400)
    assert "Content-MD5 OR x-amz-checksum-" in said[2]
    s3.create_bucket(Bucket="free")
    old.put_object(**asked | {"Bucket": "free"})
    s3.put_object(**asked)
    old.meta.events.unregister("before-call.s3.PutObject", unique_id="old")


def without_checksum(params, **_):
    for name in list(params["headers"]):
        if name.lower().startswith(("x-amz-checksum", "x-amz-sdk-checksum", "content-md5")):
            del params["headers"][name]


def test_content_md5_is_checksum_enough(stage, locked):
    old = stage.client("s3", request_checksum_calculation="when_required")
    digest = b64encode(hashlib.md5(b"x", usedforsecurity=False).digest()).decode()
    old.put_object(Bucket=locked["Bucket"], Key="md5", Body=b"x", ContentMD5=digest)


@pytest.mark.parametrize("size", [5 * 1024**3 + 1, 6 * 1024**3])
def test_one_put_takes_five_gigabytes(stage, size):
    """Refused by what it announces, before anybody sends it."""
    settings = stage.instance.settings
    opened = http.client.HTTPConnection("127.0.0.1", settings.port, timeout=10)
    opened.putrequest("PUT", "/free/large")
    opened.putheader("Content-Length", str(size))
    opened.endheaders()
    answer = opened.getresponse()
    assert (answer.status, b"EntityTooLarge" in answer.read()) == (400, True)
    opened.close()


def test_each_part_but_the_last_has_five_megabytes(s3):
    s3.create_bucket(Bucket="parts")
    target = {"Bucket": "parts", "Key": "x"}

    def upload(*sizes):
        started = target | {"UploadId": s3.create_multipart_upload(**target)["UploadId"]}
        parts = [
            {
                "PartNumber": number,
                "ETag": s3.upload_part(**started, PartNumber=number, Body=bytes(size))["ETag"],
            }
            for number, size in enumerate(sizes, 1)
        ]
        return started | {"MultipartUpload": {"Parts": parts}}

    least = 5 * 1024**2
    said = refused(s3.complete_multipart_upload, **upload(least - 1, 1))
    assert said[:2] == ("EntityTooSmall", 400)
    s3.complete_multipart_upload(**upload(least, 1))


def test_head_bucket_has_no_prefix():
    """It is authorised as ListBucket; a policy that names prefixes does not let it pass."""
    with stages.running(enforce=True) as instance:
        stage = Stage(instance)
        stage.client("s3").create_bucket(Bucket="listed")
        listing = may("s3:ListBucket", resource="arn:aws:s3:::listed")
        prefixed = listing | {"Condition": {"StringLike": {"s3:prefix": "runs/*"}}}
        s3 = a_user(stage, "lister", prefixed)("s3")
        s3.list_objects_v2(Bucket="listed", Prefix="runs/1/")
        assert refused(s3.head_bucket, Bucket="listed")[1] == 403
        stage.client("iam").put_user_policy(
            UserName="lister", PolicyName="may", PolicyDocument=policy(listing)
        )
        s3.head_bucket(Bucket="listed")
