"""As strict as AWS: objects that are uploaded in parts. docs/emulator.md has the table."""

from base64 import b64encode
from hashlib import sha256

import pytest
from strict import a_key, a_user, encrypted_bucket, may, policy, refused

BUCKET = "in-parts"
MINIMUM = 5 * 1024**2
STAGE = {"enforce": True}


@pytest.fixture(scope="module")
def key(stage):
    """The one of the bucket."""
    key = a_key(stage)
    encrypted_bucket(stage, BUCKET, key)
    return key


def digest(body):
    return b64encode(sha256(body).digest()).decode()


def part(s3, upload, number, body):
    sent = s3.upload_part(**upload, PartNumber=number, Body=body, ChecksumSHA256=digest(body))
    return {"PartNumber": number, "ETag": sent["ETag"], "ChecksumSHA256": sent["ChecksumSHA256"]}


@pytest.fixture
def upload(stage, key):
    assert key
    s3 = stage.client("s3")
    target = {"Bucket": BUCKET, "Key": "parts/model.safetensors"}
    started = s3.create_multipart_upload(**target, ChecksumAlgorithm="SHA256")
    yield target | {"UploadId": started["UploadId"]}
    s3.delete_object(**target)


def test_what_is_uploaded_in_parts_is_their_sum_however_often_it_is_said(stage, upload, key):
    s3 = stage.client("s3")
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    first, second = b"1" * MINIMUM, b"22"
    part(s3, upload, 2, b"something else")
    parts = [part(s3, upload, 2, second)]
    parts.insert(0, part(s3, upload, 1, first))
    listed = s3.list_parts(**upload)["Parts"]
    assert [(each["PartNumber"], each["Size"]) for each in listed] == [(1, MINIMUM), (2, 2)]
    assert [each["ChecksumSHA256"] for each in listed] == [digest(first), digest(second)]
    (running,) = s3.list_multipart_uploads(Bucket=BUCKET, Prefix="parts/")["Uploads"]
    assert running["UploadId"] == upload["UploadId"]
    whole = {"MultipartUpload": {"Parts": parts}}
    done = s3.complete_multipart_upload(**upload, **whole)
    together = sha256(sha256(first).digest() + sha256(second).digest()).digest()
    assert done["ChecksumSHA256"] == f"{b64encode(together).decode()}-2"
    again = s3.complete_multipart_upload(**upload, **whole)
    assert (again["ETag"], again["VersionId"]) == (done["ETag"], done["VersionId"])
    target = {"Bucket": BUCKET, "Key": upload["Key"]}
    s3.put_object(**target, Body=b"newer")
    pinned = s3.get_object(
        **target, VersionId=done["VersionId"], Range=f"bytes={MINIMUM - 1}-{MINIMUM + 5}"
    )
    assert pinned["Body"].read() == b"122"
    assert (pinned["VersionId"], pinned["SSEKMSKeyId"]) == (done["VersionId"], key)
    assert refused(s3.list_parts, **upload)[0] == "NoSuchUpload"


def test_what_is_wrong_with_parts_is_refused(stage, upload):
    s3 = stage.client("s3")
    body = b"1" * MINIMUM
    said = refused(s3.upload_part, **upload, PartNumber=1, Body=body, ChecksumSHA256=digest(b"2"))
    assert said[:2] == ("BadDigest", 400)
    code, _, words = refused(
        s3.upload_part, **upload, PartNumber=1, Body=body, ChecksumAlgorithm="CRC32"
    )
    assert (code, "expected checksum Type: sha256" in words) == ("InvalidRequest", True)
    parts = [part(s3, upload, 1, body), part(s3, upload, 2, b"22")]
    without = [{name: each[name] for name in ("PartNumber", "ETag")} for each in parts]

    def completed(*listed):
        return refused(
            s3.complete_multipart_upload, **upload, MultipartUpload={"Parts": list(listed)}
        )

    assert completed(*without)[0] == "InvalidRequest"
    assert completed(*reversed(parts))[0] == "InvalidPartOrder"
    assert completed(*parts, {**parts[1], "PartNumber": 3})[0] == "InvalidPart"
    assert completed()[0] == "MalformedXML"
    s3.abort_multipart_upload(**upload)
    assert refused(s3.upload_part, **upload, PartNumber=1, Body=b"1")[0] == "NoSuchUpload"
    assert completed(*parts)[0] == "NoSuchUpload"


def test_parts_take_the_rights_that_aws_lists(stage, key):
    s3, target = stage.client("s3"), {"Bucket": BUCKET, "Key": "rights"}
    put = may("s3:PutObject", resource=f"arn:aws:s3:::{BUCKET}/*")
    generate, decrypt = may("kms:GenerateDataKey", resource=key), may("kms:Decrypt", resource=key)
    writer = a_user(stage, "writes", put, generate, decrypt)("s3")
    halves = a_user(stage, "writes-only", put, generate)("s3")
    made = writer.create_multipart_upload(**target, ChecksumAlgorithm="SHA256")
    upload = target | {"UploadId": made["UploadId"]}
    assert halves.create_multipart_upload(**target)["UploadId"]
    one = {"PartNumber": 1, "Body": b"1", "ChecksumSHA256": digest(b"1")}
    assert "kms:Decrypt" in refused(halves.upload_part, **upload, **one)[2]
    parts = {"MultipartUpload": {"Parts": [part(writer, upload, 1, b"1")]}}
    assert "kms:Decrypt" in refused(halves.complete_multipart_upload, **upload, **parts)[2]
    for call, given, action in (
        (writer.list_parts, upload, "s3:ListMultipartUploadParts"),
        (writer.abort_multipart_upload, upload, "s3:AbortMultipartUpload"),
        (writer.list_multipart_uploads, {"Bucket": BUCKET}, "s3:ListBucketMultipartUploads"),
    ):
        code, status, words = refused(call, **given)
        assert (code, status, action in words) == ("AccessDenied", 403, True)
    writer.complete_multipart_upload(**upload, **parts)
    assert s3.head_object(**target)["SSEKMSKeyId"] == key


def test_parts_are_held_to_the_key_that_their_upload_named(stage, key):
    """As our own buckets' policies demand."""
    s3, target = stage.client("s3"), {"Bucket": BUCKET, "Key": "named"}
    names = "s3:x-amz-server-side-encryption"
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{BUCKET}/*",
        "Condition": {
            "Null": {names: "false"},
            "StringNotEquals": {f"{names}-aws-kms-key-id": key},
        },
    }
    s3.put_bucket_policy(Bucket=BUCKET, Policy=policy(deny))
    writer = a_user(stage, "names-the-key", may("s3:*"), may("kms:*", resource=key))("s3")
    kms = {"ServerSideEncryption": "aws:kms", "ChecksumAlgorithm": "SHA256"}
    assert refused(writer.create_multipart_upload, **target, **kms)[0] == "AccessDenied"
    for more in ({"ChecksumAlgorithm": "SHA256"}, {**kms, "SSEKMSKeyId": key}):
        made = writer.create_multipart_upload(**target, **more)
        upload = target | {"UploadId": made["UploadId"]}
        parts = {"MultipartUpload": {"Parts": [part(writer, upload, 1, b"1")]}}
        writer.complete_multipart_upload(**upload, **parts)
        assert s3.head_object(**target)["SSEKMSKeyId"] == key
    s3.delete_bucket_policy(Bucket=BUCKET)
