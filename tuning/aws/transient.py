"""Faults of AWS and the network that pass: the same call may succeed later."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

# Codes that pass by themselves, beside HTTP 429 and 5xx. botocore has retried them before.
_PASSING = frozenset(
    {
        "ConditionalRequestConflict",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TransactionConflictException",
    }
)


class Transient(Exception):  # noqa: N818 — the state machine knows it by this name
    """A fault of AWS or the network that passes; the state machine tries the step again."""


class role_not_assumable(Exception):  # noqa: N801, N818 — the kind of failure that a run is recorded with
    """A role is not known to every service in the seconds after it was made, or its trust changed. The state
    machine tries the step again; when that does not help, the run fails by this name.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
    """


class name_in_use(Exception):  # noqa: N801, N818 — as above
    """The name or the token of a job is in use, and no job is found by that name yet: a job that was made just
    now may be found late, and it is paid for. The state machine tries the step again; when that does not
    help, the run fails by this name.
    """


@contextmanager
def as_transient() -> Iterator[None]:
    """Raise what passes as Transient, and everything else as it is."""
    from botocore import exceptions  # noqa: PLC0415 — not before there is a client, see clients.py

    try:
        yield
    except (
        exceptions.HTTPClientError,
        exceptions.ConnectionError,  # of which a connect timeout is one
        exceptions.IncompleteReadError,
    ) as error:
        raise Transient(str(error)) from error
    except exceptions.ClientError as error:
        if passes(error):
            raise Transient(str(error)) from error
        raise


def passes(error: "ClientError") -> bool:
    """Whether the same call may succeed later."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    code = error.response.get("Error", {}).get("Code")
    return code in _PASSING or status in (429, 408) or status >= 500  # noqa: PLR2004 — HTTP


class RefusedByAwsError(Exception):
    """AWS does not do it, and will not if it is asked again."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message

    @classmethod
    def of(cls, error: "ClientError") -> Self:
        """In AWS's words. Raises the error itself where the same call may succeed later."""
        if passes(error):
            raise error
        said = error.response["Error"]
        return cls(said["Code"], said.get("Message", said["Code"]))

    @classmethod
    @contextmanager
    def of_calls(cls) -> Iterator[None]:
        """Raise what AWS refuses as this, and what may succeed later as it is."""
        from botocore.exceptions import ClientError  # noqa: PLC0415 — as above

        try:
            yield
        except ClientError as error:
            raise cls.of(error) from error


def aws_errors() -> tuple[type[Exception], ...]:
    """What a call to AWS raises: it was refused, or did not get there."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 — as above

    return BotoCoreError, ClientError, Transient
