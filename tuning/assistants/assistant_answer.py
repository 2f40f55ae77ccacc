"""What an assistant says to a question: the answer, or why there is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from tuning.assistants.agent_records import CalledTool
from tuning.assistants.passages import Passage

AnswerOutcome = Literal[
    "answered", "unfinished", "not_known", "blocked", "over_budget", "too_many_requests"
]
NOT_KNOWN = "I do not know: nothing in the documents of this assistant answers the question."
OVER_BUDGET = (
    "This assistant has used up its budget for today. It answers again after midnight, UTC."
)
TOO_MANY = "You have reached this assistant's limit of questions per minute. Ask again in a minute."


@dataclass(frozen=True, kw_only=True)
class ModelUse:
    """Of one call of the model."""

    input_tokens: int
    output_tokens: int
    usd: Decimal


@dataclass(frozen=True, kw_only=True)
class AssistantAnswer:
    outcome: AnswerOutcome
    text: str
    """What the person may see."""
    citations: tuple[tuple[int, Passage], ...] = ()
    """By the number that the text names."""
    blocked_at: Literal["question", "model", "answer"] | None = None
    found: int = 0
    """Passages that were near enough."""
    withheld: int = 0
    """Of these, those that the guardrail kept from the model."""
    use: ModelUse | None = None
    """None where the model was not asked."""
    cut: bool = False
    """Whether the answer was longer than it may be."""
    calls: tuple[CalledTool, ...] = ()
    """Of an agent."""
    rerank_usd: Decimal | None = None
    """What reranking was charged at, answered or not; None where nothing was reranked."""
    left_usd: Decimal | None = None
    """Of the day's budget, after this answer was settled; None where it is not known."""

    def to_json(self) -> dict[str, Any]:
        said = {"outcome": self.outcome, "answer": self.text, "cut": self.cut}
        blocked = {"blocked_at": self.blocked_at} if self.blocked_at else {}
        calls = [{"tool": each.tool, "outcome": each.outcome} for each in self.calls]
        called = {"calls": calls} if calls else {}
        cited = _cited(self.citations)
        return {
            **said,
            **blocked,
            **called,
            **self._money,
            "citations": cited,
            "use": _used(self.use),
        }

    @property
    def _money(self) -> dict[str, str]:
        """Beside the model."""
        said = {"rerank_usd": self.rerank_usd, "left_usd": self.left_usd}
        return {name: f"{usd:f}" for name, usd in said.items() if usd is not None}

    def facts(self) -> dict[str, Any]:
        """For logs: everything but the text of anybody."""
        counts = {"passages": self.found, "withheld": self.withheld, "cited": len(self.citations)}
        called = {"calls": [f"{c.tool}: {c.outcome}" for c in self.calls]} if self.calls else {}
        return {
            **called,
            "outcome": self.outcome,
            "blocked_at": self.blocked_at,
            "cut": self.cut,
            **counts,
            **self._money,
            **(_used(self.use) or {}),
        }


def _used(use: ModelUse | None) -> dict[str, Any] | None:
    if use is None:
        return None
    tokens = {"input_tokens": use.input_tokens, "output_tokens": use.output_tokens}
    return {**tokens, "usd": f"{use.usd:f}"}


def _cited(citations: Sequence[tuple[int, Passage]]) -> list[dict[str, Any]]:
    return [
        {
            "number": number,
            "document": each.document,
            "version": each.version,
            "place": each.place,
            "score": each.score,
        }
        for number, each in citations
    ]
