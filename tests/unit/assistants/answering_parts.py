"""Ports of an answer that remember what was asked of them, in which order."""

from dataclasses import dataclass, field
from decimal import Decimal

from tuning.assistants.answering import Answering, ModelSaid
from tuning.assistants.assistant import Assistant, KnowledgeBase
from tuning.assistants.passages import Passage
from tuning.assistants.token_price import TokenPrice

PRICE = TokenPrice(input_usd_per_1000=Decimal("0.001"), output_usd_per_1000=Decimal("0.01"))
MESSAGE = "The guardrail's message."
BAD, SECRET, MASK = "ATTACK", "SECRET", "{MASK}"


@dataclass(frozen=True)
class Verdict:
    outcome: str
    text: str


def judged(text):
    """What says BAD is blocked, and SECRET masked."""
    if BAD in text:
        return Verdict("blocked", MESSAGE)
    return Verdict("masked" if SECRET in text else "allowed", text.replace(SECRET, MASK))


def apply_guardrail(**given):
    """The same of ApplyGuardrail, which blocks and does not mask."""
    if BAD not in given["content"][-1]["text"]["text"]:
        return {"action": "NONE", "outputs": [], "assessments": []}
    topic = {"name": "x", "type": "DENY", "action": "BLOCKED"}
    assessments = [{"topicPolicy": {"topics": [topic]}}]
    outputs = [{"text": MESSAGE}]
    return {"action": "GUARDRAIL_INTERVENED", "outputs": outputs, "assessments": assessments}


def passage(text, score=0.9, document="handbook.pdf", place="page 1"):
    return Passage(text=text, document=document, version="v1", place=place, score=score)


@dataclass
class World:
    """Blocks what says BAD and masks what says SECRET."""

    found: list = field(default_factory=list)
    says: str = "Yes [1]."
    fails: Exception | None = None
    left: Decimal = Decimal(1)
    intervened: bool = False
    stop_reason: str = "end_turn"
    calls: list = field(default_factory=list)

    def asked(self, text):
        self.calls.append(("asked", text))
        return judged(text)

    def answered(self, text, *, source, question):
        self.calls.append(("answered", text, source, question))
        return judged(text)

    def retrieve(self, question):
        self.calls.append(("retrieve", question))
        return self.found

    def answer(self, prompt, most_tokens):
        self.calls.append(("model", prompt))
        if self.fails:
            raise self.fails
        return ModelSaid(
            text=self.says,
            input_tokens=10,
            output_tokens=min(5, most_tokens),
            stop_reason=self.stop_reason,
            intervened=self.intervened,
        )

    def reserve(self, usd):
        self.calls.append(("reserve", usd))
        return usd <= self.left

    def settle(self, usd):
        self.calls.append(("settle", usd))

    def left_usd(self):
        return self.left

    def did(self):
        return [each[0] for each in self.calls]

    def prompts(self):
        return [each[1] for each in self.calls if each[0] == "model"]


def answering(world, knowledge=None, **more):
    assistant = Assistant(
        name="support",
        recipe="r",
        system_prompt="You help.",
        daily_budget=Decimal(1),
        most_output_tokens=50,
        knowledge_base=knowledge,
        **more,
    )
    return Answering(
        assistant=assistant,
        price=PRICE,
        guard=world,
        model=world,
        budget=world,
        retriever=world if knowledge else None,
    )


KNOWS = KnowledgeBase(passages=3, least_score=0.5)
