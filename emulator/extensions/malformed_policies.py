"""S3: bucket policies that it would refuse as malformed, by API and by CloudFormation."""

import json

from ministack.services import s3

from emulator.bucket_policy_rules import malformed
from emulator.entrance import Response
from emulator.extensions import provisioning
from emulator.extensions.patching import Theirs, patch
from emulator.extensions.provisioning import Properties

_ARN = "arn:aws:s3:::"


def install() -> None:
    patch(s3, "_put_bucket_policy", _put_if_sound)
    provisioning.before("AWS::S3::BucketPolicy", _check_template)


def _put_if_sound(put: Theirs[Response], name: str, body: bytes) -> Response:
    try:
        document = json.loads(body)
    except ValueError:
        return put(name, body)  # MiniStack refuses it
    if why := malformed(document, f"{_ARN}{name}"):
        refused: Response = s3._error("MalformedPolicy", why, 400, name)
        return refused
    return put(name, body)


def _check_template(properties: Properties) -> None:
    if why := malformed(properties["PolicyDocument"], f"{_ARN}{properties['Bucket']}"):
        raise ValueError(why)
