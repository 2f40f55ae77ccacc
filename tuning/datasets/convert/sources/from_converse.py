"""Bedrock's own conversation format, also where it was written a little wrong.

https://docs.aws.amazon.com/nova/latest/userguide/fine-tune-prepare-data-understanding.html
"""

from collections.abc import Iterable

from tuning.datasets.convert.conversation import (
    Block,
    Conversation,
    Json,
    Media,
    MediaKind,
    Reasoning,
    Text,
    Tool,
    ToolCall,
    ToolResult,
)
from tuning.datasets.convert.sources.fields import Fields, refuse
from tuning.datasets.convert.sources.from_anthropic import turn

VERSION = "bedrock-conversation-2024"
_BLOCKS = ("text", "image", "video", "document", "reasoningContent", "toolUse", "toolResult")


def read_converse(record: Fields) -> Conversation:
    # The target writes the one version that Bedrock takes, whatever the record claims.
    if record.maybe_text("schemaVersion") != VERSION:
        record.changed("schemaVersion")
    system = tuple(_system(record))
    turns = tuple(turn(message, _block) for message in record.each("messages"))
    tools, choice = _tool_config(record) if "toolConfig" in record else ((), None)
    return Conversation(
        system=system, turns=turns, tools=tools, tool_choice=choice, extras=record.rest()
    )


def _system(record: Fields) -> Iterable[str]:
    if not isinstance(record.peek("system"), list):
        if text := record.maybe_text("system"):
            yield text
        return
    for block in record.each("system"):
        yield block.text("text")
        block.close()


def _block(block: Fields) -> Block:
    made: Block
    match next((name for name in _BLOCKS if name in block), None):
        case "text":
            made = Text(text=block.text("text"))
        case "image":
            made = _media(block.inner("image"), "image")
        case "video":
            made = _media(block.inner("video"), "video")
        case "document":
            made = _media(block.inner("document"), "document")
        case "reasoningContent":
            made = _reasoning(block.inner("reasoningContent"))
        case "toolUse":
            made = _call(block.inner("toolUse"))
        case "toolResult":
            made = _result(block.inner("toolResult"))
        case _:
            refuse(
                "CV208",
                f"a content block of none of the kinds {', '.join(_BLOCKS)}",
                "Use one of them.",
                block.path,
            )
    block.close()
    return made


def _media(media: Fields, kind: MediaKind) -> Media:
    source = media.inner("source")
    if "s3Location" not in source:
        refuse(
            "CV209",
            f"the {kind} is not in S3; Bedrock reads media only from there",
            "Upload it beside the dataset and write source.s3Location.uri.",
            source.path,
        )
    place = source.inner("s3Location")
    made = Media(
        kind=kind,
        format=media.text("format"),
        uri=place.text("uri"),
        owner=place.maybe_text("bucketOwner"),
        name=media.maybe_text("name") if kind == "document" else None,
    )
    for part in (place, source, media):
        part.close()
    return made


def _reasoning(content: Fields) -> Reasoning:
    inner = content.inner("reasoningText")
    made = Reasoning(text=inner.text("text"), signature=inner.maybe_text("signature"))
    inner.close()
    content.close()
    return made


def _call(call: Fields) -> ToolCall:
    made = ToolCall(
        id=call.text("toolUseId"), name=call.text("name"), arguments=call.mapping("input")
    )
    call.close()
    return made


def _result(result: Fields) -> ToolResult:
    content = tuple(_result_part(part) for part in result.each("content"))
    status = result.maybe_text("status")
    if status not in (None, "success", "error"):
        refuse("CV210", f"status {status!r}", "Use success or error.", result.at("status"))
    made = ToolResult(
        id=result.text("toolUseId"),
        content=content,
        status=None if status is None else "error" if status == "error" else "success",
    )
    result.close()
    return made


def _result_part(part: Fields) -> Text | Json:
    if "json" in part:
        value = part.value("json")
    elif "text" in part:
        value = Text(text=part.text("text"))
    else:
        refuse("CV208", "a tool's result is neither text nor json", "Use one.", part.path)
    part.close()
    return value


def _tool_config(record: Fields) -> tuple[tuple[Tool, ...], str | None]:
    config = record.inner("toolConfig")
    tools = tuple(_tool(tool) for tool in config.each("tools"))
    choice = None
    if "toolChoice" in config:
        chosen = config.inner("toolChoice")
        choice = next((kind for kind in ("auto", "any", "tool") if kind in chosen), None)
        if choice is None:
            refuse("CV210", "toolChoice chooses nothing", "Use auto, any or tool.", chosen.path)
        inner = chosen.inner(choice)
        choice = f"tool:{inner.text('name')}" if choice == "tool" else choice
        inner.close()
        chosen.close()
    config.close()
    return tools, choice


def _tool(tool: Fields) -> Tool:
    spec = tool.inner("toolSpec")
    schema = spec.inner("inputSchema")
    made = Tool(
        name=spec.text("name"),
        description=spec.maybe_text("description"),
        schema=schema.mapping("json"),
    )
    for part in (schema, spec, tool):
        part.close()
    return made
