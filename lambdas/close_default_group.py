"""Custom resource: take every rule out of the VPC's default security group."""

import json
import urllib.request
from typing import Any

from tuning.aws.default_security_group import revoke_all
from tuning.aws.transient import aws_errors


def handler(event: dict[str, Any], context: Any) -> None:
    """Answer CloudFormation in any case: without an answer a deployment hangs for an hour."""
    group = event["ResourceProperties"]["GroupId"]
    status, reason = "SUCCESS", ""
    try:
        if event["RequestType"] != "Delete":  # the group goes with its VPC
            revoke_all(group)
    except aws_errors() as error:
        status, reason = "FAILED", f"{group}: {error}"
    answer = {
        "Status": status,
        "Reason": reason or f"see {context.log_stream_name}",
        "PhysicalResourceId": group,
        **{k: event[k] for k in ("StackId", "RequestId", "LogicalResourceId")},
    }
    # The URL comes from CloudFormation, presigned, always https in AWS. It is signed for an empty
    # Content-Type; with the one that urllib would fill in, S3 refuses the answer with HTTP 403.
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-lambda-function-code-cfnresponsemodule.html
    request = urllib.request.Request(  # noqa: S310
        event["ResponseURL"],
        data=json.dumps(answer).encode(),
        headers={"Content-Type": ""},
        method="PUT",
    )
    urllib.request.urlopen(request, timeout=20).close()  # noqa: S310
