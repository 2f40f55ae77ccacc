"""OpenAI chat: messages with roles, tools and their calls; also the source of RFT records.

https://platform.openai.com/docs/api-reference/chat/create
"""

from collections.abc import Iterable
from functools import partial
from typing import Any

from tuning.datasets.convert.conversation import (
    Block,
    Conversation,
    Media,
    Reasoning,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
)
from tuning.datasets.convert.sources.fields import Fields, refuse
from tuning.datasets.convert.sources.media_uris import in_s3
from tuning.datasets.convert.sources.strict_json import loads
from tuning.errors import nearest

_SYSTEM = ("system", "developer")
_ROLES = (*_SYSTEM, "user", "assistant", "tool")
_ALSO = {
    **dict.fromkeys(("human", "customer", "client", "prompter"), "user"),
    **dict.fromkeys(("chatbot", "bot", "model", "ai", "gpt", "agent"), "assistant"),
    **dict.fromkeys(("function", "observation", "ipython"), "tool"),
}
"""Roles of those who write OpenAI's messages in words of their own, such as Cohere and Llama."""


def read_openai_chat(record: Fields) -> Conversation:
    tools = tools_of(record)
    choice = _tool_choice(record) if "tool_choice" in record else None
    system, turns = dialogue(record.each("messages"))
    return Conversation(
        system=tuple(system),
        turns=tuple(turns),
        tools=tools,
        tool_choice=choice,
        answer_in="messages",
        extras=record.rest(),
    )


def dialogue(messages: Iterable[Fields]) -> tuple[list[str], list[Turn]]:
    """System texts from the head, then turns; tool messages become part of the user's turn."""
    system: list[str] = []
    turns: list[Turn] = []
    calls = _Calls()
    answered = False
    for message in messages:
        role = _role(message)
        if "weight" in message:
            _weight(message)
        if role in _SYSTEM:
            if turns:
                refuse(
                    "CV207",
                    "a system message comes after the dialogue began; no Bedrock format holds it",
                    "Move it to the head, or make it part of the user's message.",
                    message.at("role"),
                )
            content = message.peek("content")
            if message.null("content") or (isinstance(content, str) and not content.strip()):
                message.maybe("content")
                message.changed("blank system text left out")
                message.close()
                continue
            system += [text.text for text in _texts(message, "a system message")]
        elif role == "assistant":
            turns.append(Turn(role="assistant", blocks=tuple(_assistant(message, calls))))
        else:
            blocks = _result(message, calls) if role == "tool" else tuple(_parts(message))
            # Bedrock wants the results of one turn's calls, and what the user adds, in one turn:
            # https://docs.aws.amazon.com/bedrock/latest/userguide/tool-use-inference-call.html
            if answered:
                turns[-1] = Turn(role="user", blocks=turns[-1].blocks + blocks)
            else:
                turns.append(Turn(role="user", blocks=blocks))
        answered = role == "tool"
        message.close()
    return system, turns


class _Calls:
    """Gives ids to calls that have none; results without one answer the calls in their order."""

    def __init__(self) -> None:
        self._count = 0
        self._open: list[tuple[str, str]] = []

    def opened(self, written: str | None, name: str) -> str:
        self._count += 1
        made = written or f"call_{self._count}"
        self._open.append((made, name))
        return made

    def answered(self, message: Fields) -> str:
        """The id of the call that a message answers, by its id, its function's name, or in order."""
        written = message.maybe_text("tool_call_id")
        name = message.peek("name")
        for known, called in self._open:
            if written == known or (not written and name in (None, called)):
                self._open.remove((known, called))
                if name == called:
                    message.maybe("name")  # the call says it
                return known
        return written or message.text("tool_call_id")


def _role(message: Fields) -> str:
    written = message.text("role")
    if written in _ROLES:
        return written
    plain = written.strip().lower()
    role = plain if plain in _ROLES else _ALSO.get(plain, written)
    if role not in _ROLES:
        hint = nearest(role, _ROLES)
        refuse(
            "CV204",
            f"unknown role {role!r}{hint}",
            f"Use one of {', '.join(_ROLES)}.",
            message.at("role"),
        )
    if plain not in _ROLES:
        message.changed(f"role {plain} read as {role}")
    return role


def _weight(message: Fields) -> None:
    """Whether the answer is trained on: https://platform.openai.com/docs/guides/supervised-fine-tuning"""
    weight = message.peek("weight")
    if weight == 1:
        message.maybe("weight")  # which is what happens here to every answer
    elif weight == 0 and not isinstance(weight, bool):
        refuse(
            "CV203",
            "weight 0 keeps this answer out of training; Bedrock has no such mark, and may train on it",
            "Leave the record out, or let the answer be trained on with --drop messages.weight.",
            message.at("weight"),
            (("--drop", "messages.weight"),),
        )


def _assistant(message: Fields, calls: _Calls) -> Iterable[Block]:
    for name in ("reasoning_content", "reasoning"):
        if thought := message.maybe_text(name):
            yield Reasoning(text=thought)
    made = list(message.each("tool_calls")) if "tool_calls" in message else []
    legacy = [message.inner("function_call")] if "function_call" in message else []
    if not made and not legacy and not message.peek("content") and "refusal" in message:
        message.maybe("content")
        message.changed("refusal written as the answer")
        yield Text(text=message.text("refusal"))
    elif not (made or legacy) or message.peek("content"):
        yield from _parts(message)
    else:
        message.maybe_text("content")
    for call in made:
        yield call.made(partial(_call, calls=calls))
    for function in legacy:
        yield function.made(partial(_called, written=None, calls=calls))


def _parts(message: Fields) -> Iterable[Block]:
    if not isinstance(message.peek("content"), list):
        yield Text(text=message.text("content"))
        return
    parts = message.made_of_each("content", _part)
    if not parts:
        refuse("CV205", "is empty", "Write text, or leave the message out.", message.at("content"))
    yield from parts


def _texts(message: Fields, what: str) -> tuple[Text, ...]:
    """The content of a message that no target gives media to."""
    content = tuple(_parts(message))
    texts = tuple(block for block in content if isinstance(block, Text))
    if texts != content:
        refuse("CV208", f"{what} holds media", "Keep it to text.", message.at("content"))
    return texts


def _part(part: Fields) -> Text | Media:
    kind = part.text("type")
    if kind == "text":
        return Text(text=part.text("text"))
    if kind != "image_url":
        refuse(
            "CV208",
            f"content of type {kind!r} cannot be converted",
            "Use text, or image_url with an s3:// address in a user's message.",
            part.at("type"),
        )
    if isinstance(part.peek("image_url"), str):
        return _at(part, "image_url")
    return part.made_inside("image_url", partial(_at, name="url"))


def _at(held: Fields, name: str) -> Media:
    return in_s3(held.text(name), held.at(name))


def _call(call: Fields, calls: _Calls) -> ToolCall:
    kind = call.maybe_text("type") or "function"
    if kind != "function":
        refuse("CV210", f"a call of type {kind!r}", "Only functions are tools.", call.at("type"))
    call.maybe("index")  # its place in a stream of deltas, which its place in the list says too
    written = call.maybe_text("id")
    return call.made_inside("function", partial(_called, written=written, calls=calls))


def _called(function: Fields, written: str | None, calls: _Calls) -> ToolCall:
    name = function.text("name")
    return ToolCall(id=calls.opened(written, name), name=name, arguments=_arguments(function))


def _arguments(function: Fields) -> dict[str, Any]:
    at = function.at("arguments")
    written = function.value("arguments")
    try:
        arguments = loads(written) if isinstance(written, str) else written
    except ValueError as error:
        refuse("CV210", f"not JSON: {error}", "Write the call's arguments as JSON.", at)
    if not isinstance(arguments, dict):
        refuse("CV210", "not a JSON object", "Write the call's arguments as an object.", at)
    return arguments


def _result(message: Fields, calls: _Calls) -> tuple[Block, ...]:
    content = _texts(message, "a tool's result")
    return (ToolResult(id=calls.answered(message), content=content),)


def tools_of(record: Fields) -> tuple[Tool, ...]:
    """The tools beside a dialogue, also as JSON in a text, bare, or under their older name."""
    if isinstance(written := record.peek("tools"), str):
        record.maybe("tools")
        try:
            listed = loads(written) if written.strip() else []
        except ValueError as error:
            refuse("CV210", f"not JSON: {error}", "Write the tools as JSON.", "tools")
        record = Fields({"tools": listed}, "", record.account)
    return (*record.made_of_any("tools", _tool), *record.made_of_any("functions", _function))


def _tool(tool: Fields) -> Tool:
    if "function" not in tool and "name" in tool:
        return _function(tool)
    if (kind := tool.maybe_text("type") or "function") != "function":
        refuse("CV210", f"a tool of type {kind!r}", "Only functions are tools.", tool.at("type"))
    return tool.made_inside("function", _function)


def _function(function: Fields) -> Tool:
    empty: dict[str, Any] = {"type": "object", "properties": {}}
    function.maybe_text("type")
    return Tool(
        name=function.text("name"),
        description=function.maybe_text("description"),
        schema=function.mapping("parameters") if "parameters" in function else empty,
    )


def _tool_choice(record: Fields) -> str:
    written = record.peek("tool_choice")
    if isinstance(written, str) and written in ("auto", "required"):
        record.text("tool_choice")
        return "auto" if written == "auto" else "any"
    if isinstance(written, str):
        refuse(
            "CV210",
            f"tool_choice {written!r} cannot be said in another format",
            "Use auto, required or a function; or --drop tool_choice.",
            "tool_choice",
        )
    return record.made_inside("tool_choice", _chosen)


def _chosen(choice: Fields) -> str:
    choice.text("type")
    return "tool:" + choice.made_inside("function", lambda function: function.text("name"))
