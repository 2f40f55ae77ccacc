"""`tuning retrain`: train what was uploaded once more, by the recipe as it is deployed now."""

import json

from tuning.cli.account import Account
from tuning.cli.aws_errors import speaks_to_aws
from tuning.cli.deployed_options import Environment, Region, RunId
from tuning.cli.exits import Exit
from tuning.cli.output import say
from tuning.errors import TuningError
from tuning.runs.uploads import Upload


class NotRetrainedError(TuningError):
    """A run whose upload is not known, or no longer there."""


@speaks_to_aws
def retrain(run: RunId, environment: Environment = "dev", region: Region = None) -> None:
    """Start a new run of a run's upload, by its recipe as it is now: a version of an object has one
    run, so the object gets a new version of the same bytes.
    """
    from botocore.exceptions import ClientError  # noqa: PLC0415 — half a second, as in account.py

    account = Account.of(environment, region)
    row = account.row(run)
    if "run" not in row:
        raise NotRetrainedError(
            f"{row['pk']}: its row does not say what was uploaded; upload the file again"
        )
    upload = Upload.from_dict(json.loads(row["run"])["upload"])
    s3 = account.client("s3")
    try:
        # S3 refuses to copy an object to itself unless something about it changes.
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
        made = s3.copy_object(
            Bucket=upload.bucket,
            Key=upload.key,
            CopySource={
                "Bucket": upload.bucket,
                "Key": upload.key,
                "VersionId": upload.version_id,
            },
            MetadataDirective="REPLACE",
            Metadata={"retrains": row["pk"]},
        )
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code not in ("NoSuchKey", "NoSuchVersion"):
            raise
        raise NotRetrainedError(
            f"{upload.uri}: version {upload.version_id} was deleted; upload the file again"
        ) from None
    say(f"{upload.uri}: is now version {made['VersionId']}, which starts a run (tuning runs)")
    raise SystemExit(Exit.DONE)
