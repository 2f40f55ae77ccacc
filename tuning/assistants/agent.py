"""An agent: the model is asked, the tools that it asks for are called, and it is asked again, until it answers.

Our own loop and no library's (docs/decisions/0047). It ends: each question has most rounds, calls, seconds and dollars.
"""

import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tuning.assistants.agent_records import (
    NOT_FINISHED,
    AgentAnswer,
    AgentEnd,
    AgentQuestion,
    CalledTool,
    ModelTurn,
)
from tuning.assistants.answering import Guard, NotAskedError
from tuning.assistants.assistant import Assistant
from tuning.assistants.assistant_answer import NOT_KNOWN
from tuning.assistants.document_search import DocumentSearch, PassageFinder
from tuning.assistants.token_price import TokenPrice
from tuning.assistants.tool_calls import ToolCalls, ToolRunner, ToolSaid

_SECONDS = 22.0
"""After which no round begins: API Gateway waits 29 for all of an answer, the guardrail's judgement included.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html"""
_TOOL_USE, _INTERVENED = "tool_use", "guardrail_intervened"
_OVER = "No tool is called any more for this question: answer from what you have, and say what is missing."
_TOO_LATE = "a tool that changes something is called before any tool has answered, and never after"


class ToolModel(Protocol):
    def turn(self, model: str, request: Mapping[str, Any], most_tokens: int) -> ModelTurn:
        """`request`: `system`, `messages` and `toolConfig`, as Converse takes them; the guardrail's numbered version goes
        with them. Raises NotAskedError where Bedrock refused to begin.
        """


@dataclass(frozen=True, kw_only=True)
class Agent:
    assistant: Assistant
    price: TokenPrice
    guard: Guard
    model: ToolModel
    runner: ToolRunner
    finder: PassageFinder | None = None
    """None of an assistant without documents."""
    clock: Callable[[], float] = time.monotonic
    draw: Callable[[], str] = lambda: secrets.token_hex(16)

    def answer(self, asked: AgentQuestion) -> AgentAnswer:
        mark = self.draw()
        while mark.casefold() in f"{asked.system}{asked.question}".casefold():
            mark = self.draw()
        calls = ToolCalls(
            tools=self.assistant.tools,
            guard=self.guard,
            runner=self.runner,
            mark=mark,
            documents=self._documents(mark),
        )
        return _Conversation(
            agent=self, asked=asked, calls=calls, until=self.clock() + _SECONDS
        ).answer()

    def _documents(self, mark: str) -> DocumentSearch | None:
        knowledge = self.assistant.knowledge_base
        if knowledge is None:
            return None
        if self.finder is None:
            raise ValueError(f"{self.assistant.name}: has documents, and nothing finds them")
        return DocumentSearch(
            knowledge=knowledge,
            finder=self.finder,
            guard=self.guard,
            mark=mark,
            clock=self.clock,
        )


@dataclass(kw_only=True)
class _Conversation:
    """Of one question, from its beginning to its end."""

    agent: Agent
    asked: AgentQuestion
    calls: ToolCalls
    until: float
    made: list[CalledTool] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    input_tokens: int = 0
    output_tokens: int = 0
    rounds: int = 0
    answered: bool = False
    """Whether any tool has answered: what it said is in the conversation."""

    def answer(self) -> AgentAnswer:
        self._user([{"text": self.asked.question}])
        while self._may_ask():
            try:
                turn = self._turn()
            except NotAskedError as error:
                return self._refused(error)
            if turn.stop_reason == _INTERVENED:
                return self._ended("blocked", turn)
            if turn.stop_reason != _TOOL_USE or not turn.uses:
                return self._ended("answered" if turn.text.strip() else "unfinished", turn)
            self.messages.append({"role": "assistant", "content": list(turn.blocks)})
            self._user(self._results(turn.uses))
        return self._ended("unfinished", None)

    def _user(self, blocks: Sequence[Mapping[str, Any]]) -> None:
        self.messages.append({"role": "user", "content": list(blocks)})

    def _request(self) -> dict[str, Any]:
        system = f"{self.asked.system}\n\n{self.calls.rules}"
        return {
            "system": [{"text": system}],
            "messages": self.messages,
            "toolConfig": _tool_config(self.agent.assistant),
        }

    def _may_ask(self) -> bool:
        """Whether a round is left, with the time and the money that it may take."""
        if self.rounds >= self.agent.assistant.most_rounds or self._left() <= 0:
            return False
        size = len(json.dumps(self._request(), ensure_ascii=False).encode())
        price, most = self.agent.price, self.agent.assistant.most_output_tokens
        spent = price.of(self.input_tokens, self.output_tokens)
        return spent + price.most(size, most) <= self.asked.usd

    def _left(self) -> float:
        return self.until - self.agent.clock()

    def _turn(self) -> ModelTurn:
        most = self.agent.assistant.most_output_tokens
        turn = self.agent.model.turn(self.asked.model, self._request(), most)
        self.rounds += 1
        self.input_tokens += turn.input_tokens
        self.output_tokens += turn.output_tokens
        return turn

    def _results(self, uses: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """One for each that was asked for, in order, as Converse demands. What changes something comes first, so that
        no answer of the same round can be its reason either.
        """
        order = sorted(range(len(uses)), key=lambda at: not self.calls.changes(uses[at]))
        before, said = self.answered, dict[int, ToolSaid]()
        for at in order:
            said[at] = self._called(uses[at], answered=before)
            self.made.append(said[at].call)
        over = self.rounds + 1 >= self.agent.assistant.most_rounds or self._calls_left() <= 0
        last = len(uses) - 1
        return [
            said[at].block(use, _OVER if over and at == last else "") for at, use in enumerate(uses)
        ]

    def _called(self, use: Mapping[str, Any], *, answered: bool) -> ToolSaid:
        if self._calls_left() <= 0:
            return self.calls.refused(use, "this question has reached its limit of tool calls")
        if self.rounds >= self.agent.assistant.most_rounds:
            return self.calls.refused(use, "the last round is for the answer")
        if answered and self.calls.changes(use):
            return self.calls.refused(use, _TOO_LATE)
        if (left := self._left()) <= 0:
            return self.calls.refused(use, "no time is left for it")
        said = self.calls.said(use, left)
        self.answered = self.answered or said.call.outcome in ("answered", "failed")
        self.heard += [said.heard] if said.heard else []
        return said

    def _calls_left(self) -> int:
        return self.agent.assistant.most_tool_calls - len(self.made)

    def _refused(self, error: NotAskedError) -> AgentAnswer:
        """What was asked before it is billed all the same."""
        code = getattr(error, "code", type(error).__name__)
        return self._made("refused", str(error), str(code), later=getattr(error, "later", False))

    def _ended(self, end: AgentEnd, turn: ModelTurn | None) -> AgentAnswer:
        reason = turn.stop_reason if turn else end
        if end == "answered" and self._knows_nothing():
            return self._made("not_known", NOT_KNOWN, reason)
        text = turn.text if turn and end != "unfinished" else NOT_FINISHED
        return self._made(end, text, reason)

    def _knows_nothing(self) -> bool:
        """Whether documents were searched in vain, and no function has answered: whatever the model says then rests on
        nothing. That nothing is near enough is decided by scores, and not by the model.
        """
        documents = self.calls.documents
        return bool(documents and documents.searched and not (documents.given or self.heard))

    def _made(self, end: AgentEnd, text: str, reason: str, *, later: bool = False) -> AgentAnswer:
        return AgentAnswer(
            end=end,
            text=text,
            stop_reason=reason,
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            rounds=self.rounds,
            calls=tuple(self.made),
            passages=tuple(self.calls.documents.given) if self.calls.documents else (),
            heard=tuple(self.heard),
            later=later,
        )


def _tool_config(assistant: Assistant) -> dict[str, Any]:
    return {"tools": [each.spec for each in assistant.tools]}
