"""A schedule: what goes wrong in one history, and at which of its calls to AWS."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "crash before",
    "crash after",
    "throttled",
    "internal error",
    "denied",
    "quota exceeded",
    "conflict",
    "name in use",
    "answer lost",
    "sent twice",
    "disowned before",
    "disowned after",
    "event again",
    "pause",
    "zombie before",
    "zombie after",
    "denied for good",
    "throttled for long",
    "incident",
]

MEANING: dict[Kind, str] = {
    "crash before": "the function dies before the call",
    "crash after": "the function dies right after the call was done",
    "throttled": "ThrottlingException, longer than the SDK tries",
    "internal error": "InternalServerException, longer than the SDK tries",
    "denied": "AccessDeniedException",
    "quota exceeded": "ServiceQuotaExceededException (HTTP 400)",
    "conflict": "ConflictException (HTTP 400)",
    "name in use": "ValidationException: The provided job name is currently in use",
    "answer lost": "it is done, but the answer never comes (read timeout)",
    "sent twice": "it is done, the answer is lost, and the SDK sends it again",
    "disowned before": "Step Functions gives the function up and tries again; 20 s later it goes on",
    "disowned after": "it is done; Step Functions gives the function up; 20 s later it goes on",
    "event again": "the event is delivered once more at this moment",
    "pause": "it takes five seconds, in which others go on",
    "zombie before": "Step Functions gives the function up and tries again; an hour later it goes on",
    "zombie after": "it is done; Step Functions gives the function up; an hour later it goes on",
    "denied for good": "AccessDeniedException, from now on, for every caller",
    "throttled for long": "throttled for 20 minutes, for every caller",
    "incident": "the whole service answers InternalServerException for 2 h 40, to every caller",
}
KINDS = tuple(MEANING)
OF_BEDROCK = frozenset({"quota exceeded", "conflict", "name in use"})
FOR_GOOD = frozenset({"denied for good"})
LONG = frozenset({"throttled for long", "incident"})
LASTING = OF_BEDROCK | FOR_GOOD | {"denied"}
"""What no step tries again; a single one of them may end a run otherwise, with the reason. But what Bedrock
may say of a new job is tried again.
"""


@dataclass(frozen=True, order=True)
class Fault:
    call: int
    """Number of the call in the history, from 0."""
    kind: Kind

    def __str__(self) -> str:
        return f"at call {self.call}: {MEANING[self.kind]}"


Schedule = tuple[Fault, ...]


def smaller(schedule: Schedule) -> Iterator[Schedule]:
    """Every schedule with one fault less."""
    for number in range(len(schedule)):
        yield schedule[:number] + schedule[number + 1 :]
