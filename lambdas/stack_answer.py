"""What a custom resource answers CloudFormation."""

import json
import urllib.request
from typing import Any


def answer_stack(event: dict[str, Any], context: Any, *, resource: str, fault: str = "") -> None:
    """A fault, in words for the person who deploys, fails the deployment."""
    answer = {
        "Status": "FAILED" if fault else "SUCCESS",
        "Reason": fault or f"see {context.log_stream_name}",
        "PhysicalResourceId": resource,
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
