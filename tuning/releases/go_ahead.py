"""Whether a trained model may go live: by the word of a person, or by the decision of the gate."""

from typing import Self

from tuning.evaluation.records import GateDecision
from tuning.runs.json_record import Record


class GoAhead(Record, frozen=True, kw_only=True):
    """What a release rests on. Today a person gives it; the gate, once it starts releases."""

    by: str | None = None
    """The ARN of the person."""
    gate: GateDecision | None = None

    @classmethod
    def of_a_person(cls, arn: str) -> Self:
        return cls(by=arn)

    @property
    def giver(self) -> str:
        return self.by or "the gate"


def withheld(go_ahead: GoAhead) -> str | None:
    """Why the version may not go live; None when it may. A person may overrule the gate; nobody may not."""
    if go_ahead.by:
        return None
    if go_ahead.gate is None:
        return "neither a person nor the gate has allowed it"
    if go_ahead.gate.outcome == "promote":
        return None
    return f"the gate holds it: {' '.join(go_ahead.gate.reasons)}"
