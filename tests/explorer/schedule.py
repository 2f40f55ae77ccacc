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
    "denied for good",
    "throttled for long",
]

MEANING: dict[Kind, str] = {
    "crash before": "the function dies before the call",
    "crash after": "the function dies right after the call was done",
    "throttled": "ThrottlingException, longer than the SDK tries",
    "internal error": "InternalServerException, longer than the SDK tries",
    "denied": "AccessDeniedException",
    "quota exceeded": "ServiceQuotaExceededException (HTTP 400)",
    "conflict": "ConflictException (HTTP 400)",
    "name in use": "ValidationException: the name is in use",
    "answer lost": "it is done, but the answer never comes (read timeout)",
    "sent twice": "it is done, the answer is lost, and the SDK sends it again",
    "disowned before": "Step Functions gives the function up and tries again; 20 s later it goes on",
    "disowned after": "it is done; Step Functions gives the function up; 20 s later it goes on",
    "event again": "the event is delivered once more at this moment",
    "pause": "it takes five seconds, in which others go on",
    "denied for good": "AccessDeniedException, from now on, for every caller",
    "throttled for long": "throttled for 20 minutes, for every caller",
}
KINDS = tuple(MEANING)
LASTING = frozenset(
    {"denied", "denied for good", "throttled for long", "quota exceeded", "conflict", "name in use"}
)
"""What no step tries again; a single one of them may end a run otherwise, with the reason."""
OF_BEDROCK = frozenset({"quota exceeded", "conflict", "name in use"})


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
