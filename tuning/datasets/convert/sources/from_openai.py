"""OpenAI chat: messages with roles, tools and their calls; also the source of RFT records.

https://platform.openai.com/docs/api-reference/chat/create
"""

from collections.abc import Iterable
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


def openai_chat(record: Fields) -> Conversation:
    tools = tuple(_tool(tool) for tool in record.each("tools")) if "tools" in record else ()
    choice = _tool_choice(record) if "tool_choice" in record else None
    system, turns = dialogue(record.each("messages"))
    return Conversation(
        system=tuple(system),
        turns=tuple(turns),
        tools=tools,
        tool_choice=choice,
        extras=record.rest(),
    )


def dialogue(messages: Iterable[Fields]) -> tuple[list[str], list[Turn]]:
    """System texts from the head, then turns; tool messages become part of the user's turn."""
    system: list[str] = []
    turns: list[Turn] = []
    answered = False
    for message in messages:
        role = _role(message)
        if role in _SYSTEM:
            if turns:
                refuse(
                    "CV207",
                    "a system message stands after the dialogue began; no Bedrock format holds it",
                    "Move it to the head, or make it part of the user's message.",
                    message.at("role"),
                )
            system += [block.text for block in _parts(message) if isinstance(block, Text)]
        elif role == "assistant":
            turns.append(Turn(role="assistant", blocks=tuple(_assistant(message))))
        else:
            blocks = _result(message) if role == "tool" else tuple(_parts(message))
            # Bedrock wants the results of one turn's calls, and what the user adds, in one turn:
            # https://docs.aws.amazon.com/bedrock/latest/userguide/tool-use-inference-call.html
            if answered:
                turns[-1] = Turn(role="user", blocks=turns[-1].blocks + blocks)
            else:
                turns.append(Turn(role="user", blocks=blocks))
        answered = role == "tool"
        message.close()
    return system, turns


def _role(message: Fields) -> str:
    role = message.text("role")
    if role not in _ROLES:
        hint = nearest(role, _ROLES)
        refuse(
            "CV204",
            f"unknown role {role!r}{hint}",
            f"Use one of {', '.join(_ROLES)}.",
            message.at("role"),
        )
    return role


def _assistant(message: Fields) -> Iterable[Block]:
    for name in ("reasoning_content", "reasoning"):
        if thought := message.maybe_text(name):
            yield Reasoning(text=thought)
    calls = list(message.each("tool_calls")) if "tool_calls" in message else []
    if not calls or message.peek("content"):
        yield from _parts(message)
    else:
        message.maybe_text("content")
    for call in calls:
        yield _call(call)


def _parts(message: Fields) -> Iterable[Block]:
    if not isinstance(message.peek("content"), list):
        yield Text(text=message.text("content"))
        return
    parts = list(message.each("content"))
    if not parts:
        refuse("CV205", "is empty", "Write text, or leave the message out.", message.at("content"))
    for part in parts:
        kind = part.text("type")
        if kind == "text":
            yield Text(text=part.text("text"))
        elif kind == "image_url" and message.peek("role") != "system":
            yield _image(part)
        else:
            refuse(
                "CV208",
                f"content of type {kind!r} cannot be converted",
                "Use text, or image_url with an s3:// address in a user's message.",
                part.at("type"),
            )
        part.close()


def _image(part: Fields) -> Media:
    if isinstance(part.peek("image_url"), str):
        return in_s3(part.text("image_url"), part.at("image_url"))
    inner = part.inner("image_url")
    media = in_s3(inner.text("url"), inner.at("url"))
    inner.close()
    return media


def _call(call: Fields) -> ToolCall:
    kind = call.maybe_text("type") or "function"
    if kind != "function":
        refuse("CV210", f"a call of type {kind!r}", "Only functions are tools.", call.at("type"))
    function = call.inner("function")
    made = ToolCall(id=call.text("id"), name=function.text("name"), arguments=_arguments(function))
    function.close()
    call.close()
    return made


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


def _result(message: Fields) -> tuple[Block, ...]:
    content = tuple(_parts(message))
    if not all(isinstance(block, Text) for block in content):
        refuse("CV208", "a tool's result holds media", "Keep it to text.", message.at("content"))
    return (ToolResult(id=message.text("tool_call_id"), content=content),)


def _tool(tool: Fields) -> Tool:
    if (kind := tool.text("type")) != "function":
        refuse("CV210", f"a tool of type {kind!r}", "Only functions are tools.", tool.at("type"))
    function = tool.inner("function")
    empty: dict[str, Any] = {"type": "object", "properties": {}}
    made = Tool(
        name=function.text("name"),
        description=function.maybe_text("description"),
        schema=function.mapping("parameters") if "parameters" in function else empty,
    )
    function.close()
    tool.close()
    return made


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
    choice = record.inner("tool_choice")
    choice.text("type")
    function = choice.inner("function")
    name = function.text("name")
    function.close()
    choice.close()
    return f"tool:{name}"
