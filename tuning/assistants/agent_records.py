"""What an agent is asked and what it says, in the program and as JSON between `answer_question` and the agent."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal, Self

from tuning.assistants.passages import Passage
from tuning.assistants.question import UnreadableQuestionError

CallOutcome = Literal["answered", "failed", "withheld", "refused"]
"""Of a tool: it answered; it failed, or was too slow or too long; the guardrail kept its input or its answer back; it was
not called, for it is unknown, takes something else, or may not be called any more."""
AgentEnd = Literal["answered", "not_known", "blocked", "unfinished", "refused"]
"""The model answered; it had searched documents, in which nothing was near enough, and nothing else to answer from; the
guardrail in the request stopped it; rounds, time or money were over; Bedrock refused."""
NOT_FINISHED = "I could not finish this within the limits of one question. Ask for less at once."


@dataclass(frozen=True, kw_only=True)
class AgentQuestion:
    """One question of a session of its own: an agent remembers nothing."""

    model: str
    """The ARN of a deployment, or the id of a base model."""
    system: str
    question: str
    usd: Decimal
    """The most that its model may cost: what was reserved."""

    def to_json(self) -> dict[str, str]:
        asked = {"model": self.model, "system": self.system, "question": self.question}
        return {**asked, "usd": f"{self.usd:f}"}

    @classmethod
    def of(cls, raw: object) -> Self:
        """Raises UnreadableQuestionError."""
        names = set(cls.__dataclass_fields__)
        if not isinstance(raw, dict) or set(raw) != names:
            raise UnreadableQuestionError(f"must be JSON with {', '.join(sorted(names))}")
        for name, value in raw.items():
            if not isinstance(value, str) or not value.strip():
                raise UnreadableQuestionError(f"{name}: must be text")
        try:
            usd = Decimal(raw["usd"])
        except InvalidOperation:
            usd = Decimal(0)
        if not usd.is_finite() or usd <= 0:
            raise UnreadableQuestionError("usd: must be more than 0")
        return cls(**{**raw, "usd": usd})


@dataclass(frozen=True, kw_only=True)
class CalledTool:
    """For logs: without what was given and what came of it."""

    tool: str
    """As declared; "unknown" where no tool is called so: the name is the model's own words."""
    outcome: CallOutcome


@dataclass(frozen=True, kw_only=True)
class AgentAnswer:
    end: AgentEnd
    text: str
    stop_reason: str
    """Of the model's last answer, as Converse has it; of a refusal its code."""
    input_tokens: int
    output_tokens: int
    rounds: int
    """How often the model was asked, and answered."""
    calls: Sequence[CalledTool] = ()
    passages: Sequence[Passage] = ()
    """Of documents, as the model was given them: the first is [1]."""
    heard: Sequence[str] = ()
    """What functions answered, as the model was given it."""
    later: bool = False
    """Of a refusal: whether it may pass."""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Self:
        calls = tuple(CalledTool(**each) for each in raw["calls"])
        passages = tuple(Passage(**each) for each in raw["passages"])
        return cls(**{**raw, "calls": calls, "passages": passages, "heard": tuple(raw["heard"])})


@dataclass(frozen=True, kw_only=True)
class ModelTurn:
    """What the model said once, in blocks as Converse has them."""

    blocks: Sequence[Mapping[str, Any]]
    stop_reason: str
    input_tokens: int
    output_tokens: int

    @property
    def text(self) -> str:
        return "".join(each["text"] for each in self.blocks if "text" in each)

    @property
    def uses(self) -> tuple[Mapping[str, Any], ...]:
        """The tools that it asks for."""
        return tuple(each["toolUse"] for each in self.blocks if "toolUse" in each)
