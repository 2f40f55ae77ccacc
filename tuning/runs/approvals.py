"""A person's answer to a run that may not spend by itself."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from tuning.runs import former_version
from tuning.runs.json_record import Record

Decision = Literal["approve", "reject"]


@dataclass(frozen=True, kw_only=True)
class Approval(Record):
    """What `tuning approve` and `tuning reject` answer the state machine."""

    decision: Decision
    by: str
    """The ARN of the caller."""
    at: str = ""
    """ISO 8601, UTC; empty when the answer was sent by hand and says none."""
    note: str = ""
    verified: bool = False
    """The caller says who it is; CloudTrail's SendTaskSuccess proves it."""

    @property
    def sentence(self) -> str:
        said = {"approve": "Approved", "reject": "Rejected"}[self.decision]
        claimed = "" if self.verified else " (a name that the approver gave)"
        when = f" at {self.at}" if self.at else ""
        return f"{said} by {self.by}{claimed}{when}{f': {self.note}' if self.note else ''}"


@dataclass(frozen=True, kw_only=True)
class SpendDecision(Record):
    """What `authorize_spend` answers the state machine."""

    decision: Literal["authorized", "needs_approval", "stopped"] = "needs_approval"
    why: str | None = None
    """Of `needs_approval`: what a person is asked to decide on."""
    approval_seconds: int | None = None
    """How long the answer is waited for."""
    high_usd: Decimal | None = None
    """The most that the run may cost, which is what was reserved; None where no price is known."""

    def to_json(self) -> dict[str, Any]:
        return former_version.spend_decision(super().to_json())
