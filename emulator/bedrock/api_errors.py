"""The errors of the Bedrock API; HTTP codes are those of botocore's service model."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(kw_only=True)
class ApiError(Exception):
    """Answered to the caller of an operation."""

    code: ClassVar[str]
    status: ClassVar[int]
    message: str

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class ValidationError(ApiError):
    code = "ValidationException"
    status = 400


class Conflict(ApiError):
    code = "ConflictException"
    status = 400


class Denied(ApiError):
    code = "AccessDeniedException"
    status = 403


class NotFound(ApiError):
    code = "ResourceNotFoundException"
    status = 404


class QuotaExceeded(ApiError):
    code = "ServiceQuotaExceededException"
    status = 400


class Throttled(ApiError):
    code = "ThrottlingException"
    status = 429


class ModelNotReady(ApiError):
    code = "ModelNotReadyException"
    status = 429


class TooManyTags(ApiError):
    code = "TooManyTagsException"
    status = 400


class Exists(ApiError):
    """Conflict, as bedrock-agent and s3vectors have it: something is there, or under way."""

    code = "ConflictException"
    status = 409


class NoVectors(ApiError):
    """S3 Vectors does not know it."""

    code = "NotFoundException"
    status = 404


class TooMany(ApiError):
    """QuotaExceeded, as bedrock-agent has it."""

    code = "ServiceQuotaExceededException"
    status = 402


class Internal(ApiError):
    code = "InternalServerException"
    status = 500


class JobFailed(Exception):
    """Ends a job as Failed; the text becomes its `failureMessage`."""


class JobStopped(Exception):
    """Ends a job as Stopped."""
