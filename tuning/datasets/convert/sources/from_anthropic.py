"""Anthropic messages: https://docs.claude.com/en/api/messages"""

from collections.abc import Callable, Iterable

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


def read_anthropic_messages(record: Fields) -> Conversation:
    system = tuple(_system(record))
    turns = tuple(turn(message, _block) for message in record.each("messages"))
    tools = tuple(_tool(tool) for tool in record.each("tools")) if "tools" in record else ()
    choice = _tool_choice(record) if "tool_choice" in record else None
    return Conversation(
        system=system, turns=turns, tools=tools, tool_choice=choice, extras=record.rest()
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


def _system(record: Fields) -> Iterable[str]:
    if not isinstance(record.peek("system"), list):
        if text := record.maybe_text("system"):
            yield text
        return
    for block in record.each("system"):
        if (kind := block.text("type")) != "text":
            refuse("CV208", f"system content of type {kind!r}", "Use text.", block.at("type"))
        yield block.text("text")
        block.close()


def turn(message: Fields, made_of: Callable[[Fields], Block]) -> Turn:
    """A message whose content is text, or blocks that `made_of` reads."""
    role = _speaker(message)
    if isinstance(message.peek("content"), list):
        blocks = tuple(made_of(block) for block in message.each("content"))
    else:
        blocks = (Text(text=message.text("content")),)
    message.close()
    return Turn(role=role, blocks=blocks)


def _block(block: Fields) -> Block:
    made: Block
    match kind := block.text("type"):
        case "text":
            made = Text(text=block.text("text"))
        case "image":
            made = _image(block)
        case "thinking":
            signature = block.maybe_text("signature")
            made = Reasoning(text=block.text("thinking"), signature=signature)
        case "tool_use":
            made = ToolCall(
                id=block.text("id"), name=block.text("name"), arguments=block.mapping("input")
            )
        case "tool_result":
            made = _result(block)
        case _:
            refuse(
                "CV208",
                f"content of type {kind!r} cannot be converted",
                "Use text, image, thinking, tool_use or tool_result.",
                block.at("type"),
            )
    block.close()
    return made


def _image(block: Fields) -> Media:
    source = block.inner("source")
    kind = source.text("type")
    address = source.text("url") if kind == "url" else "data:"
    media = in_s3(address, source.path)
    source.close()
    return media


def _result(block: Fields) -> ToolResult:
    failed = block.value("is_error") if "is_error" in block else None
    content: tuple[Text, ...] = ()
    if isinstance(block.peek("content"), list):
        content = tuple(_result_text(part) for part in block.each("content"))
    elif text := block.maybe_text("content"):
        content = (Text(text=text),)
    return ToolResult(
        id=block.text("tool_use_id"), content=content, status="error" if failed else None
    )


def _result_text(part: Fields) -> Text:
    if (kind := part.text("type")) != "text":
        refuse("CV208", f"a tool's result of type {kind!r}", "Use text.", part.at("type"))
    text = Text(text=part.text("text"))
    part.close()
    return text


def _tool(tool: Fields) -> Tool:
    if (kind := tool.maybe_text("type")) not in (None, "custom"):
        refuse("CV210", f"a tool of type {kind!r}", "Only custom tools fit.", tool.at("type"))
    made = Tool(
        name=tool.text("name"),
        description=tool.maybe_text("description"),
        schema=tool.mapping("input_schema"),
    )
    tool.close()
    return made


def _tool_choice(record: Fields) -> str:
    choice = record.inner("tool_choice")
    kind = choice.text("type")
    if kind not in ("auto", "any", "tool"):
        refuse(
            "CV210",
            f"tool_choice of type {kind!r} cannot be said in another format",
            "Use auto, any or tool; or --drop tool_choice.",
            choice.at("type"),
        )
    made = f"tool:{choice.text('name')}" if kind == "tool" else kind
    choice.close()
    return made
