"""Buckets are ours alone, encrypted, versioned, logged."""

from emulator.bucket_policy_rules import malformed
from review.checks.template_check import check, each
from review.templates import Plain

_BUCKETS = ("AccessLogs", "Artifacts", "Datasets", "Prepared")
DATA_BUCKETS = ("Artifacts", "Datasets", "Prepared")


def denials(environment, bucket):
    policies = environment.of_type("AWS::S3::BucketPolicy")
    found = [
        statement
        for policy in policies
        if policy.properties["Bucket"] == bucket.ref
        for statement in policy.properties["PolicyDocument"]["Statement"]
    ]
    return Plain({s["Sid"]: s for s in found if s["Effect"] == "Deny"})


@check
@each("data_bucket", DATA_BUCKETS)
def data_is_encrypted_with_the_data_key_once_a_bucket(environment, data_bucket):
    data_bucket = environment.one("AWS::S3::Bucket", data_bucket)
    (rule,) = data_bucket.properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["BucketKeyEnabled"] is True
    assert rule["ServerSideEncryptionByDefault"] == {
        "SSEAlgorithm": "aws:kms",
        "KMSMasterKeyID": "{DataKey}",
    }


@check
def access_logs_are_encrypted_as_s3_can_deliver_them(environment):
    logs = environment.one("AWS::S3::Bucket", "AccessLogs")
    (rule,) = logs.properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


@check
def access_logs_have_no_object_lock_which_would_keep_them_away(environment):
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html"""
    logs = environment.one("AWS::S3::Bucket", "AccessLogs")
    assert [name for name in logs.properties if name.startswith("ObjectLock")] == []


@check
@each("bucket", _BUCKETS)
def every_bucket_is_versioned(environment, bucket):
    bucket = environment.one("AWS::S3::Bucket", bucket)
    assert bucket.properties["VersioningConfiguration"] == {"Status": "Enabled"}


@check
@each("bucket", _BUCKETS)
def no_bucket_can_be_made_public(environment, bucket):
    bucket = environment.one("AWS::S3::Bucket", bucket)
    assert bucket.properties["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }


@check
@each("bucket", _BUCKETS)
def the_bucket_owner_owns_what_is_in_it(environment, bucket):
    bucket = environment.one("AWS::S3::Bucket", bucket)
    rules = bucket.properties["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "BucketOwnerEnforced"}]


@check
@each("bucket", _BUCKETS)
def buckets_are_reached_over_tls_only(environment, bucket):
    bucket = environment.one("AWS::S3::Bucket", bucket)
    statement = denials(environment, bucket)["DenyPlainText"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Principal"] == {"AWS": "*"}
    assert statement["Action"] == "s3:*"
    assert set(statement["Resource"]) == {bucket.ref, f"{bucket.ref}/*"}


@check
@each("bucket", _BUCKETS)
def tls_before_1_2_is_refused(environment, bucket):
    bucket = environment.one("AWS::S3::Bucket", bucket)
    statement = denials(environment, bucket)["DenyOldTls"]
    assert statement["Condition"] == {"NumericLessThan": {"s3:TlsVersion": 1.2}}
    assert set(statement["Resource"]) == {bucket.ref, f"{bucket.ref}/*"}


@check
@each("bucket", _BUCKETS)
def s3_takes_the_policies_of_buckets(environment, bucket):
    """Else it answers MalformedPolicy, and the stack rolls back."""
    of = environment.one("AWS::S3::BucketPolicy", f"{bucket}Policy").properties
    assert malformed(of["PolicyDocument"], f"{{{bucket}}}") is None


@check
@each("bucket", _BUCKETS)
def keys_of_some_actions_are_asked_of_those_alone(environment, bucket):
    """What S3 makes of such a key beside a wildcard is not documented."""
    of = environment.one("AWS::S3::BucketPolicy", f"{bucket}Policy").properties
    for statement in of["PolicyDocument"]["Statement"]:
        keys = {key for keys in statement.get("Condition", {}).values() for key in keys}
        if any(key.startswith(("s3:x-amz-", "s3:if-", "s3:prefix")) for key in keys):
            assert "*" not in str(statement["Action"]), statement["Sid"]


@check
def bucket_policies_allow_nobody_but_log_delivery(environment):
    allowed = {
        (p.properties["Bucket"], str(s["Principal"]), s["Action"])
        for p in environment.of_type("AWS::S3::BucketPolicy")
        for s in p.properties["PolicyDocument"]["Statement"]
        if s["Effect"] == "Allow"
    }
    logging = "{'Service': 'logging.s3.amazonaws.com'}"
    assert allowed == {("{AccessLogs}", logging, "s3:PutObject")}


@check
def log_delivery_is_for_our_own_buckets_only(environment):
    policy = environment.one("AWS::S3::BucketPolicy", "AccessLogsPolicy")
    sources = [
        s["Condition"]
        for s in policy.properties["PolicyDocument"]["Statement"]
        if s["Effect"] == "Allow"
    ]
    assert {c["StringEquals"]["aws:SourceAccount"] for c in sources} == {"{account}"}
    assert {c["ArnLike"]["aws:SourceArn"] for c in sources} == {f"{{{b}}}" for b in DATA_BUCKETS}


@check
@each("data_bucket", DATA_BUCKETS)
def access_to_data_is_logged(environment, data_bucket):
    data_bucket = environment.one("AWS::S3::Bucket", data_bucket)
    logging = data_bucket.properties["LoggingConfiguration"]
    assert logging["DestinationBucketName"] == "{AccessLogs}"
    assert logging["LogFilePrefix"] == f"{data_bucket.name.lower()}/"


@check
def the_bucket_of_access_logs_does_not_log_itself(environment):
    logs = environment.one("AWS::S3::Bucket", "AccessLogs")
    assert "LoggingConfiguration" not in logs.properties


@check
@each("bucket", _BUCKETS)
def old_versions_and_abandoned_uploads_do_not_pile_up(environment, bucket):
    bucket = environment.one("AWS::S3::Bucket", bucket)
    rules = bucket.properties["LifecycleConfiguration"]["Rules"]
    assert {r["Status"] for r in rules} == {"Enabled"}
    assert any("NoncurrentVersionExpiration" in r for r in rules)
    assert any("AbortIncompleteMultipartUpload" in r for r in rules)


@check
@each("data_bucket", DATA_BUCKETS)
def no_lifecycle_deletes_current_data(environment, data_bucket):
    data_bucket = environment.one("AWS::S3::Bucket", data_bucket)
    rules = data_bucket.properties["LifecycleConfiguration"]["Rules"]
    assert [r for r in rules if {"ExpirationInDays", "ExpirationDate"} & r.keys()] == []


@check
@each("bucket", _BUCKETS)
def buckets_notify_eventbridge(environment, bucket):
    bucket = environment.one("AWS::S3::Bucket", bucket)
    notified = bucket.properties["NotificationConfiguration"]
    assert notified == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}


@check
@each("bucket", _BUCKETS)
def buckets_are_reached_under_their_own_name_only(environment, bucket):
    bucket = environment.one("AWS::S3::Bucket", bucket)
    statement = denials(environment, bucket)["DenyAccessPoints"]
    assert statement["Condition"] == {"Null": {"s3:DataAccessPointArn": "false"}}
    assert statement["Action"] == "s3:*"
