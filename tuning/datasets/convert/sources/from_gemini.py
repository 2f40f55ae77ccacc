"""Gemini: `contents` of roles and parts, as Vertex AI tunes on them.

https://cloud.google.com/vertex-ai/generative-ai/docs/models/gemini-supervised-tuning-prepare
"""

from functools import partial

from tuning.datasets.convert.conversation import (
    Block,
    Conversation,
    Role,
    Text,
    ToolCall,
    ToolResult,
    Turn,
)
from tuning.datasets.convert.sources.fields import Fields, refuse

_ROLES: dict[str, Role] = {"user": "user", "function": "user", "model": "assistant"}


def gemini(record: Fields) -> Conversation:
    system: tuple[str, ...] = ()
    for name in ("systemInstruction", "system_instruction"):
        if name in record:
            system = record.made_inside(name, _texts)
    ids = _Ids()
    turns = record.made_of_each("contents", partial(_turn, ids=ids))
    return Conversation(system=system, turns=turns, extras=record.rest())


class _Ids:
    """Gemini's calls have names only; Bedrock's have ids, which results repeat."""

    def __init__(self) -> None:
        self.count = 0
        self.open: list[tuple[str, str]] = []

    def given(self, name: str) -> str:
        self.count += 1
        self.open.append((name, f"call_{self.count}"))
        return f"call_{self.count}"

    def answered(self, name: str, at: str) -> str:
        called = next((known for known in self.open if known[0] == name), None)
        if called is None:
            refuse("CV210", f"a result of {name[:40]!r}, which was not called", "Add the call.", at)
        self.open.remove(called)
        return called[1]


def _texts(instruction: Fields) -> tuple[str, ...]:
    instruction.maybe_text("role")
    return instruction.made_of_each("parts", lambda part: part.text("text"))


def _turn(content: Fields, ids: _Ids) -> Turn:
    role = content.maybe_text("role") or "user"
    if role not in _ROLES:
        refuse("CV204", f"unknown role {role[:40]!r}", "Use user or model.", content.at("role"))
    return Turn(role=_ROLES[role], blocks=content.made_of_each("parts", partial(_part, ids=ids)))


def _part(part: Fields, ids: _Ids) -> Block:
    if "text" in part:
        return Text(text=part.text("text"))
    if "functionCall" in part:
        return part.made_inside("functionCall", partial(_call, ids=ids))
    if "functionResponse" not in part:
        refuse(
            "CV208",
            "a part that is neither text nor a function's call or response",
            "Leave the record out: Bedrock reads media from S3 only.",
            part.path,
        )
    return part.made_inside("functionResponse", partial(_result, ids=ids))


def _call(call: Fields, ids: _Ids) -> ToolCall:
    name = call.text("name")
    arguments = call.mapping("args") if "args" in call else {}
    return ToolCall(id=ids.given(name), name=name, arguments=arguments)


def _result(answer: Fields, ids: _Ids) -> ToolResult:
    name = answer.text("name")
    return ToolResult(id=ids.answered(name, answer.path), content=(answer.value("response"),))
