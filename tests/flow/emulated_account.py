"""Policies, records and questions that the tests of the emulated Bedrock share."""

import json
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from patience import until

ACCOUNT = "000000000000"
TRUST = {
    "Effect": "Allow",
    "Principal": {"Service": "bedrock.amazonaws.com"},
    "Action": "sts:AssumeRole",
    "Condition": {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnEquals": {"aws:SourceArn": f"arn:aws:bedrock:*:{ACCOUNT}:model-customization-job/*"},
    },
}
READ = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"}
WRITE = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}
INTERFACES = Path(__file__).with_name("emulated_network_policy.json").read_text(encoding="utf-8")
RECORD = json.dumps(
    {
        "messages": [
            {"role": "user", "content": [{"text": "Question"}]},
            {"role": "assistant", "content": [{"text": "Answer"}]},
        ]
    }
)


def a_policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def ended(bedrock, arn):
    def look():
        job = bedrock.get_model_customization_job(jobIdentifier=arn)
        return job if job["status"] in ("Completed", "Failed", "Stopped") else None

    return until(look, f"the end of {arn}", every=0.02)


def refused(call):
    with pytest.raises(ClientError) as refusal:
        call()
    answer = refusal.value.response
    return (
        answer["Error"]["Code"],
        answer["ResponseMetadata"]["HTTPStatusCode"],
        answer["Error"]["Message"],
    )
