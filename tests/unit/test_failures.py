"""AWS's words for what went wrong are understood, and handed on as they are."""

import pytest

from tuning.runs.failures import classify

# Verbatim. https://docs.aws.amazon.com/bedrock/latest/userguide/fine-tuning-troubleshooting.html,
# field reports and issues of aws-samples/amazon-bedrock-workshop (266, 367).
MESSAGES = [
    (
        (
            "Could not validate GetObject permissions to access Amazon S3 bucket: datasets at key "
            "train.jsonl"
        ),
        "storage_denied",
    ),
    (
        (
            "Amazon S3 perms missing (PutObject): Could not validate PutObject permissions to access S3 "
            "bucket: artifacts at key output/.write_access_check_file.tmp"
        ),
        "storage_denied",
    ),
    (
        "Unable to parse Amazon S3 file: train.jsonl. Data files must conform to JSONL format.",
        "dataset_unreadable",
    ),
    (
        (
            "Input data at train.jsonl must follow "
            """'{"prompt": "<input text>", "completion": "<output text>"}' format"""
        ),
        "dataset_unreadable",
    ),
    ("Input size exceeded in file train.jsonl for record starting with …", "record_too_long"),
    ("Maximum input token count 4097 exceeds limit of 4096", "record_too_long"),
    ("Maximum output token count 4097 exceeds limit of 4096", "record_too_long"),
    (
        "Max sum of input and output token length 4097 exceeds total limit of 4096",
        "record_too_long",
    ),
    (
        (
            "Automated tests flagged this fine-tuning job as including materials that are potentially "
            "inconsistent with Anthropic's third-party license terms. Please contact support."
        ),
        "license_flagged",
    ),
    (
        "Encountered an unexpected error when processing the request, please try again",
        "service_error",
    ),
    ("Encountered an internal error when processing the request.", "service_error"),
    # https://github.com/aws/sagemaker-python-sdk/issues/6076
    ("The provided job name is currently in use.", "name_in_use"),
    ("Could not assume provided IAM role.", "role_not_assumable"),
    (
        (
            "User: arn:aws:sts::123456789012:assumed-role/start/start is not authorized to perform: "
            "kms:CreateGrant on this resource"
        ),
        "grant_denied",
    ),
    ("is not authorized to perform: bedrock:CreateModelCustomizationJob", "access_denied"),
]


@pytest.mark.parametrize(("message", "kind"), MESSAGES)
def test_the_words_of_aws_are_understood(message, kind):
    assert classify(message).kind == kind


@pytest.mark.parametrize("message", [*(text for text, _ in MESSAGES), "Something new\nhappened."])
def test_the_words_of_aws_stay_as_they_are_beside_a_fix(message):
    failure = classify(message)
    assert failure.message == message
    assert failure.fix.endswith((".", ".html"))


def test_nodes_that_cannot_talk_name_the_switch():
    # A field report's words; bedrock docs have none.
    failure = classify("Unable to communicate between worker nodes and leader node")
    assert failure.kind == "nodes_cannot_talk"
    assert "job_nodes_talk=True" in failure.fix


@pytest.mark.parametrize("message", ["", "The flux capacitor is empty.", "error", "license"])
def test_unknown_words_are_unknown(message):
    assert classify(message).kind == "unknown"


def test_a_record_that_aws_quotes_is_not_passed_on():
    said = 'Input size exceeded in file train.jsonl for record starting with {"prompt": "canary\nmore"}'
    failure = classify(said)
    assert failure.kind == "record_too_long"
    assert failure.message == "Input size exceeded in file train.jsonl for record starting with …"
