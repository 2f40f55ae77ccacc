"""Anthropic messages: https://docs.claude.com/en/api/messages"""

from collections.abc import Callable
from functools import partial

from tuning.datasets.convert.conversation import (
    Block,
    Conversation,
    Media,
    Reasoning,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
)
from tuning.datasets.convert.sources.fields import Fields, refuse
from tuning.datasets.convert.sources.media_uris import in_s3
from tuning.errors import nearest

_ROLES = ("user", "assistant")
_KINDS = ("text", "image", "thinking", "tool_use", "tool_result")


def read_anthropic_messages(record: Fields) -> Conversation:
    return Conversation(
        system=system_texts(record, partial(_text, what="system content")),
        turns=turns_of(record, _block),
        tools=record.made_of_any("tools", _tool),
        tool_choice=record.made_inside("tool_choice", _choice) if "tool_choice" in record else None,
        extras=record.rest(),
    )


def _speaker(message: Fields) -> Role:
    """The role of a format that knows two of them."""
    role = message.text("role")
    if role not in _ROLES:
        refuse(
            "CV204",
            f"unknown role {role[:40]!r}{nearest(role, _ROLES)}",
            "Use user or assistant; system text belongs in the record's `system`.",
            message.at("role"),
        )
    return "user" if role == "user" else "assistant"


def system_texts(record: Fields, text_of: Callable[[Fields], str]) -> tuple[str, ...]:
    """The system text, or the texts of its blocks."""
    if isinstance(record.peek("system"), list):
        return record.made_of_each("system", text_of)
    text = record.maybe_text("system")
    return (text,) if text else ()


def _text(block: Fields, what: str) -> str:
    if (kind := block.text("type")) != "text":
        refuse("CV208", f"{what} of type {kind!r}", "Use text.", block.at("type"))
    return block.text("text")


def turns_of(record: Fields, made_of: Callable[[Fields], Block]) -> tuple[Turn, ...]:
    """Messages whose content is text, or blocks that `made_of` reads."""

    def turn(message: Fields) -> Turn:
        role = _speaker(message)
        if isinstance(message.peek("content"), list):
            return Turn(role=role, blocks=message.made_of_each("content", made_of))
        return Turn(role=role, blocks=(Text(text=message.text("content")),))

    return record.made_of_each("messages", turn)


def _block(block: Fields) -> Block:
    if (kind := block.text("type")) not in _KINDS:
        refuse(
            "CV208",
            f"content of type {kind!r} cannot be converted",
            "Use text, image, thinking, tool_use or tool_result.",
            block.at("type"),
        )
    match kind:
        case "text":
            return Text(text=block.text("text"))
        case "image":
            return block.made_inside("source", _image)
        case "thinking":
            signature = block.maybe_text("signature")
            return Reasoning(text=block.text("thinking"), signature=signature)
        case "tool_use":
            return ToolCall(
                id=block.text("id"), name=block.text("name"), arguments=block.mapping("input")
            )
    return _result(block)


def _image(source: Fields) -> Media:
    kind = source.text("type")
    address = source.text("url") if kind == "url" else "data:"
    return in_s3(address, source.path)


def _result(block: Fields) -> ToolResult:
    failed = block.value("is_error") if "is_error" in block else None
    texts: tuple[str, ...] = ()
    if isinstance(block.peek("content"), list):
        texts = block.made_of_each("content", partial(_text, what="a tool's result"))
    elif text := block.maybe_text("content"):
        texts = (text,)
    return ToolResult(
        id=block.text("tool_use_id"),
        content=tuple(Text(text=text) for text in texts),
        status="error" if failed else None,
    )


def _tool(tool: Fields) -> Tool:
    if (kind := tool.maybe_text("type")) not in (None, "custom"):
        refuse("CV210", f"a tool of type {kind!r}", "Only custom tools fit.", tool.at("type"))
    return Tool(
        name=tool.text("name"),
        description=tool.maybe_text("description"),
        schema=tool.mapping("input_schema"),
    )


def _choice(choice: Fields) -> str:
    kind = choice.text("type")
    if kind not in ("auto", "any", "tool"):
        refuse(
            "CV210",
            f"tool_choice of type {kind!r} cannot be said in another format",
            "Use auto, any or tool; or --drop tool_choice.",
            choice.at("type"),
        )
    return f"tool:{choice.text('name')}" if kind == "tool" else kind
