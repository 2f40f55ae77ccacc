"""What the first version of this platform wrote, in the words of this one.

A deployment changes the functions of executions that are under way, which end by the definition that
they were started with, and the ledger keeps its items. What is here can go when neither is left: an
execution has a timeout of 21 days.
"""

from collections.abc import Mapping
from typing import Any

RESERVATION = "claim"
ATTRIBUTES: Mapping[str, str] = {
    "reservation": RESERVATION,
    "settlement": "settled",
    "approval_reason": "asked",
    "approval_asked_at": "asked_at",
}
"""What a field of a run's record was called."""

PARTITIONS: Mapping[str, str] = {"room": "queued", "untold": "unnotified"}
"""Of the index of open runs."""

FORMER_OUTCOME_NOT_REPORTED = "OutcomeNotTold"

FORMER_STATES: Mapping[str, str] = {
    "Wait for a person": "Wait for approval",
    "Wait for room": "Wait for job slot",
    "Wait": "Wait for job",
    "Try again": "Retry training",
}
"""Of the state machine, as far as a history is read for them."""


def spend_decision(answer: Mapping[str, Any]) -> dict[str, Any]:
    """An answer of authorize_spend with what the first state machine reads of it."""
    # It asks for approval unless it is granted. One that is to stop goes on to `Start training`, which starts
    # no job of it and says so.
    asked = answer["decision"] == "needs_approval"
    former: dict[str, Any] = {"leave": "asked" if asked else "granted"}
    if "approval_seconds" in answer:
        former["seconds"] = answer["approval_seconds"]
    return {**answer, **former}


def dataset(given: Mapping[str, Any]) -> dict[str, Any]:
    """What its state machine gave collect_results about the dataset."""
    return {"training_tokens": given["tokens"]}


def current(name: str, held: Any) -> Any:
    """The value of a field, as it is now, from what the first version wrote."""
    match name, held:
        case "open", str() as partition:
            return PARTITIONS.get(partition, partition)
        case "reservation", {"attempt": digest, **rest}:
            return {**rest, "recipe_digest": digest}
        case "cost", {"is": basis, **rest}:
            return {**rest, "basis": basis}
    return held
