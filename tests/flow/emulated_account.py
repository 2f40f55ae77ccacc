"""Policies that the tests of the emulated Bedrock share."""

from pathlib import Path

from strict import ACCOUNT

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
