"""Bedrock's customization jobs, as all who read or stop them understand its answers."""

from typing import Any


def described(bedrock: Any, identifier: str) -> dict[str, Any] | None:
    """The job of that name or ARN; None when there is none. UNCONFIRMED: with which of the two errors
    Bedrock says so.
    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_GetModelCustomizationJob.html
    """
    try:
        job: dict[str, Any] = bedrock.get_model_customization_job(jobIdentifier=identifier)
    except (bedrock.exceptions.ResourceNotFoundException, bedrock.exceptions.ValidationException):
        return None
    return job


def stopped(bedrock: Any, arn: str) -> str | None:
    """Ask a job to stop. Returns why it could not be stopped: it has ended, or is gone. UNCONFIRMED:
    with which of the three errors Bedrock says so.
    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_StopModelCustomizationJob.html
    """
    try:
        bedrock.stop_model_customization_job(jobIdentifier=arn)
    except (
        bedrock.exceptions.ConflictException,
        bedrock.exceptions.ResourceNotFoundException,
        bedrock.exceptions.ValidationException,
    ) as error:
        return str(error.response["Error"].get("Message") or error)
    return None
