"""The order of an answer: no text reaches the model, and none of the model's a person, but through the guardrail.

question → guardrail → passages → guardrail, each → budget → model, with the guardrail in the request → guardrail

Where passages are reranked, that is reserved before, and settled after they were found.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol

from tuning.assistants.agent_cost import most_of_agent
from tuning.assistants.agent_records import CalledTool
from tuning.assistants.assistant import Assistant
from tuning.assistants.assistant_answer import (
    NOT_KNOWN,
    OVER_BUDGET,
    AssistantAnswer,
    ModelUse,
)
from tuning.assistants.passage_prompt import AssistantPrompt, assistant_prompt, cited_numbers
from tuning.assistants.passages import Passage, Retriever, near_enough
from tuning.assistants.reranking import PaidReranking
from tuning.assistants.token_price import TokenPrice

_BLOCKED = "blocked"
_CUT = "max_tokens"


class Judged(Protocol):
    """What a guardrail says of a text."""

    @property
    def outcome(self) -> str:
        """`allowed`, `masked` or `blocked`."""

    @property
    def text(self) -> str:
        """What goes on: the text, the text with masks, or the guardrail's message."""


class Guard(Protocol):
    def asked(self, text: str) -> Judged:
        """Of what goes to the model: a question, or a passage."""

    def answered(self, text: str, *, source: str, question: str) -> Judged:
        """Of what the model says; `source`: what it must be grounded in, none without documents."""


@dataclass(frozen=True, kw_only=True)
class ModelSaid:
    text: str
    input_tokens: int
    output_tokens: int
    stop_reason: str
    intervened: bool = False
    """Whether the guardrail in the request stopped it: its text is the guardrail's message."""
    unfinished: bool = False
    """Of an agent: whether it was stopped before it had an answer, of which its text says so."""
    not_known: bool = False
    """Of an agent: whether it searched its documents in vain, and had nothing else to answer from."""
    calls: Sequence[CalledTool] = ()
    passages: Sequence[Passage] = ()
    """What an agent was given of its documents: the first is [1]."""
    heard: Sequence[str] = ()
    """What an agent's functions answered."""


class NotAskedError(Exception):
    """The model was not asked after all, and nothing is billed for it; of an agent's, what was asked before is."""

    input_tokens = 0
    output_tokens = 0


class AssistantModel(Protocol):
    def answer(self, prompt: AssistantPrompt, most_tokens: int) -> ModelSaid:
        """With the guardrail in the request. Raises NotAskedError where Bedrock refused to begin."""


class DayOfBudget(Protocol):
    """What one request takes of what an assistant may cost in a day."""

    def reserve(self, usd: Decimal) -> bool:
        """Whether it was left; then it is kept for this request, whatever others do."""

    def settle(self, usd: Decimal) -> None:
        """What the request came to, in place of what it reserved."""

    def left_usd(self) -> Decimal | None:
        """Of the day, without what others have reserved; None where it cannot be read."""


@dataclass(frozen=True, kw_only=True)
class Answering:
    assistant: Assistant
    price: TokenPrice
    guard: Guard
    model: AssistantModel
    budget: DayOfBudget
    retriever: Retriever | None = None
    """None of an assistant without documents, and of one whose agent searches them."""
    reranking: PaidReranking | None = None
    """None where nothing is reranked."""

    def answer(self, question: str) -> AssistantAnswer:
        said = self._whole(question)
        return replace(said, left_usd=self.budget.left_usd())

    def _whole(self, question: str) -> AssistantAnswer:
        asked = self.guard.asked(question)
        if asked.outcome == _BLOCKED:
            return AssistantAnswer(outcome="blocked", text=asked.text, blocked_at="question")
        paid = self.reranking
        if paid and not paid.begin():
            return AssistantAnswer(outcome="over_budget", text=OVER_BUDGET)
        found = self._found(asked.text)
        if paid:
            paid.end()
        passages = None if found is None else self._guarded(found)
        withheld = len(found or ()) - len(passages or ())
        no_answer = AssistantAnswer(
            outcome="not_known",
            text=NOT_KNOWN,
            found=len(found or ()),
            withheld=withheld,
            rerank_usd=paid.usd if paid else None,
        )
        if passages is not None and not passages:
            return no_answer
        prompt = assistant_prompt(self.assistant.system_prompt, asked.text, passages)
        said = self._said(prompt)
        if said is None:
            return replace(no_answer, outcome="over_budget", text=OVER_BUDGET)
        given = [*(passages or ()), *said.passages]
        return replace(
            self._answered(said, asked.text, given),
            calls=tuple(said.calls),
            found=no_answer.found + len(said.passages),
            withheld=withheld,
            rerank_usd=no_answer.rerank_usd,
        )

    def _found(self, question: str) -> Sequence[Passage] | None:
        """Those that are near enough, best first; None without documents to look in."""
        knowledge = self.assistant.always_searched
        if knowledge is None:
            return None
        if self.retriever is None:
            raise ValueError(f"{self.assistant.name}: has documents, and nothing finds them")
        return near_enough(self.retriever.retrieve(question), knowledge)

    def _guarded(self, found: Sequence[Passage]) -> list[Passage]:
        """Bedrock's guardrail does not look at what was retrieved by itself: without those that it blocks, and with
        its masks. https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-use-converse-api.html
        """
        judged = [(each, self.guard.asked(each.text)) for each in found]
        return [
            replace(each, text=verdict.text)
            for each, verdict in judged
            if verdict.outcome != _BLOCKED
        ]

    def _said(self, prompt: AssistantPrompt) -> ModelSaid | None:
        """None where the day's budget has not enough left. A request that is killed, or of which nobody knows whether
        it is billed, keeps all that it reserved: spent rather than free.
        """
        most = self.assistant.most_output_tokens
        if not self.budget.reserve(self._most(prompt)):
            return None
        try:
            said = self.model.answer(prompt, most)
        except NotAskedError as error:
            self.budget.settle(self.price.of(error.input_tokens, error.output_tokens))
            raise
        self.budget.settle(self.price.of(said.input_tokens, said.output_tokens))
        return said

    def _most(self, prompt: AssistantPrompt) -> Decimal:
        if self.assistant.tools:
            return most_of_agent(self.assistant, self.price, prompt.bytes)
        return self.price.most(prompt.bytes, self.assistant.most_output_tokens)

    def _answered(
        self, said: ModelSaid, question: str, passages: Sequence[Passage]
    ) -> AssistantAnswer:
        use = ModelUse(
            input_tokens=said.input_tokens,
            output_tokens=said.output_tokens,
            usd=self.price.of(said.input_tokens, said.output_tokens),
        )
        if said.intervened:
            return AssistantAnswer(outcome="blocked", text=said.text, blocked_at="model", use=use)
        if said.unfinished:
            return AssistantAnswer(outcome="unfinished", text=said.text, use=use)
        if said.not_known:
            return AssistantAnswer(outcome="not_known", text=NOT_KNOWN, use=use)
        source = "\n\n".join((*(each.text for each in passages), *said.heard)) if passages else ""
        answered = self.guard.answered(said.text, source=source, question=question)
        if answered.outcome == _BLOCKED:
            return AssistantAnswer(
                outcome="blocked", text=answered.text, blocked_at="answer", use=use
            )
        numbers = cited_numbers(answered.text, len(passages))
        return AssistantAnswer(
            outcome="answered",
            text=answered.text,
            citations=tuple((number, passages[number - 1]) for number in numbers),
            use=use,
            cut=said.stop_reason == _CUT,
        )
