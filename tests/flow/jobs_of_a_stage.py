"""Customization jobs of an emulated account: their role, their data, and how they end."""

import json

from patience import until
from strict import ACCOUNT, role_for

NOVA = "amazon.nova-micro-v1:0:128k"
JOB = {
    "roleArn": f"arn:aws:iam::{ACCOUNT}:role/tuner",
    "baseModelIdentifier": NOVA,
    "trainingDataConfig": {"s3Uri": "s3://job-data/train.jsonl"},
    "outputDataConfig": {"s3Uri": "s3://job-data/out/"},
}
"""What is asked for, but for names."""


def record(prompt, completion):
    turns = (("user", prompt), ("assistant", completion))
    messages = [{"role": role, "content": [{"text": text}]} for role, text in turns]
    return json.dumps({"messages": messages})


RECORD = record("Question", "Answer")


def lay_data(stage, *statements, records=(RECORD,) * 8):
    """The role of jobs may what the statements say."""
    role_for(stage, "bedrock", "tuner", *statements)
    s3 = stage.client("s3")
    s3.create_bucket(Bucket="job-data")
    s3.put_object(Bucket="job-data", Key="train.jsonl", Body="\n".join(records))


def begun(stage, name, **changes):
    """ARN of a job."""
    asked = {"jobName": name, "customModelName": name, **JOB, **changes}
    return stage.client("bedrock").create_model_customization_job(**asked)["jobArn"]


def ended(bedrock, arn):
    def look():
        job = bedrock.get_model_customization_job(jobIdentifier=arn)
        return job if job["status"] in ("Completed", "Failed", "Stopped") else None

    return until(look, f"the end of {arn}", every=0.02)
