"""A person's answer to a run that may not spend by itself."""

from decimal import Decimal
from typing import Any, Literal, Self

from msgspec import structs

from tuning.reports.visible_text import visible
from tuning.runs import former_version
from tuning.runs.json_record import Record

Decision = Literal["approve", "reject"]


class Question(Record, frozen=True, kw_only=True):
    """What a person is asked, beside which run it is: the amount, the bytes that are trained for it, whether
    they are paid for once more, and by which recipe where that is not the one that is deployed.
    """

    usd: str
    """The most that the run may cost, in US dollars such as `4.00`; `unknown` where no price is known."""
    dataset: str
    """As `PreparedDataset.digest`."""
    again: str | None = None
    """The run that has spent on the same data by the same recipe; None where that need not be asked."""

    recipe: str | None = None
    """The content digest of the run's recipe; None where that is what is deployed, or the run has a reservation
    for it already."""

    @classmethod
    def asked(
        cls,
        most_usd: Decimal | None,
        dataset: str,
        *,
        again: str | None = None,
        recipe: str | None = None,
    ) -> Self:
        usd = "unknown" if most_usd is None else f"{most_usd:f}"
        return cls(usd=usd, dataset=dataset, again=again, recipe=recipe)

    @property
    def sentence(self) -> str:
        price = "a price that is not known" if self.usd == "unknown" else f"at most {self.usd} USD"
        again = f", once more after run {visible(self.again)}" if self.again else ""
        recipe = f", by recipe {visible(self.recipe[:12])}, not deployed" if self.recipe else ""
        return f"{price}, for dataset {self.dataset[:12]}{again}{recipe}."

    def covers(self, other: "Question") -> bool:
        """Whether who said yes to this one has said yes to the other: the same bytes for no more money,
        after no other run and by no other recipe than the ones that were named.
        """
        same = self.dataset == other.dataset and other.names_nothing_but(self)
        if "unknown" in (self.usd, other.usd):
            return same and self.usd == other.usd
        return same and Decimal(other.usd) <= Decimal(self.usd)

    def names_nothing_but(self, other: "Question | None") -> bool:
        """Whether run and recipe that it asks about are those of the other question, as far as it does."""
        again, recipe = (other.again, other.recipe) if other else (None, None)
        return self.again in (None, again) and self.recipe in (None, recipe)

    @property
    def of_price(self) -> "Question":
        """The same, asked about amount and bytes only."""
        return structs.replace(self, again=None, recipe=None)


class Approval(Record, frozen=True, kw_only=True):
    """What `tuning approve` and `tuning reject` answer the state machine. An answer says which run and
    which question it answers: a task token alone says nothing of either.
    """

    decision: Decision
    by: str
    """The ARN of the caller."""
    run: str | None = None
    """The id of the run that the caller named. None in an answer of the former version."""
    question: Question | None = None
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

    def answers(self, run_id: str, question: Question) -> bool:
        """Whether it is the answer to what that run asks now."""
        return self.run == run_id and self.question is not None and self.question.covers(question)


class RefusedAnswer(Record, frozen=True, kw_only=True):
    """An answer that was given to another question than the one that its task asked."""

    by: str = "someone"
    run: str = "none"
    usd: str = "none"

    @property
    def sentence(self) -> str:
        return (
            f"An answer by {visible(self.by)} was not accepted, because it was given to another question (run "
            f"{visible(self.run)}, {visible(self.usd)} USD): find out in CloudTrail who changed the ledger, "
            "then answer again with this version of tuning."
        )


class SpendDecision(Record, frozen=True, kw_only=True):
    """What `authorize_spend` answers the state machine."""

    decision: Literal["authorized", "needs_approval", "stopped"] = "needs_approval"
    why: str | None = None
    """Of `needs_approval`: what a person is asked to decide on."""
    approval_seconds: int | None = None
    """How long the answer is waited for."""
    question: Question | None = None
    """Of `needs_approval`: what its answer must repeat."""
    by: str | None = None
    """Of `stopped`: who asked for it."""
    high_usd: Decimal | None = None
    """The most that the training may cost; None where no price is known."""
    storage_usd: Decimal | None = None
    """What was reserved beside it."""
    evaluation_usd: Decimal | None = None
    """And for the evaluation of its model."""

    def to_json(self) -> dict[str, Any]:
        return former_version.spend_decision(super().to_json())
