"""Gemini: `contents` of roles and parts, as Vertex AI tunes on them.

https://cloud.google.com/vertex-ai/generative-ai/docs/models/gemini-supervised-tuning-prepare
"""

from collections.abc import Iterable

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
            system = tuple(_texts(record.inner(name)))
    ids = _Ids()
    turns = tuple(_turn(content, ids) for content in record.each("contents"))
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


def _texts(instruction: Fields) -> Iterable[str]:
    instruction.maybe_text("role")
    for part in instruction.each("parts"):
        yield part.text("text")
        part.close()
    instruction.close()


def _turn(content: Fields, ids: _Ids) -> Turn:
    role = content.maybe_text("role") or "user"
    if role not in _ROLES:
        refuse("CV204", f"unknown role {role[:40]!r}", "Use user or model.", content.at("role"))
    blocks = tuple(_part(part, ids) for part in content.each("parts"))
    content.close()
    return Turn(role=_ROLES[role], blocks=blocks)


def _part(part: Fields, ids: _Ids) -> Block:
    made: Block
    if "text" in part:
        made = Text(text=part.text("text"))
    elif "functionCall" in part:
        call = part.inner("functionCall")
        name = call.text("name")
        arguments = call.mapping("args") if "args" in call else {}
        made = ToolCall(id=ids.given(name), name=name, arguments=arguments)
        call.close()
    elif "functionResponse" in part:
        answer = part.inner("functionResponse")
        name = answer.text("name")
        made = ToolResult(id=ids.answered(name, answer.path), content=(answer.value("response"),))
        answer.close()
    else:
        refuse(
            "CV208",
            "a part that is neither text nor a function's call or response",
            "Leave the record out: Bedrock reads media from S3 only.",
            part.path,
        )
    part.close()
    return made
