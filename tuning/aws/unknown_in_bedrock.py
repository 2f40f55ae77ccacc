"""How Bedrock says that it knows no job or model by that name or ARN: the one place that decides it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

CODES = ("ResourceNotFoundException", "ValidationException")
"""UNCONFIRMED which of the two: each is documented of every call that takes such an identifier, so either is
understood.
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_GetModelCustomizationJob.html
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_StopModelCustomizationJob.html
"""


def is_unknown(error: "ClientError") -> bool:
    return error.response["Error"]["Code"] in CODES
