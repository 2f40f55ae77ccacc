"""Bedrock's own conversation format, also where it was written a little wrong.

https://docs.aws.amazon.com/nova/latest/userguide/fine-tune-prepare-data-understanding.html
"""

from collections.abc import Callable, Mapping
from functools import partial

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
from tuning.datasets.convert.sources.from_anthropic import system_texts, turns_of

VERSION = "bedrock-conversation-2024"


def read_converse(record: Fields) -> Conversation:
    # The target writes the one version that Bedrock takes, whatever the record claims.
    if record.maybe_text("schemaVersion") != VERSION:
        record.changed("schemaVersion")
    system = system_texts(record, lambda block: block.text("text"))
    turns = turns_of(record, _block)
    tools, choice = (
        record.made_inside("toolConfig", _tool_config) if "toolConfig" in record else ((), None)
    )
    return Conversation(
        system=system, turns=turns, tools=tools, tool_choice=choice, extras=record.rest()
    )


def _block(block: Fields) -> Block:
    if "text" in block:
        return Text(text=block.text("text"))
    kind = next((name for name in _BLOCKS if name in block), None)
    if kind is None:
        refuse(
            "CV208",
            f"a content block of none of the kinds text, {', '.join(_BLOCKS)}",
            "Use one of them.",
            block.path,
        )
    return block.made_inside(kind, _BLOCKS[kind])


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
    place.close()
    source.close()
    return made


def _reasoning(inner: Fields) -> Reasoning:
    return Reasoning(text=inner.text("text"), signature=inner.maybe_text("signature"))


def _call(call: Fields) -> ToolCall:
    return ToolCall(
        id=call.text("toolUseId"), name=call.text("name"), arguments=call.mapping("input")
    )


def _result(result: Fields) -> ToolResult:
    content = result.made_of_each("content", _result_part)
    status = result.maybe_text("status")
    if status not in (None, "success", "error"):
        refuse("CV210", f"status {status!r}", "Use success or error.", result.at("status"))
    return ToolResult(
        id=result.text("toolUseId"),
        content=content,
        status=None if status is None else "error" if status == "error" else "success",
    )


def _result_part(part: Fields) -> Text | Json:
    if "json" not in part and "text" not in part:
        refuse("CV208", "a tool's result is neither text nor json", "Use one.", part.path)
    return part.value("json") if "json" in part else Text(text=part.text("text"))


def _tool_config(config: Fields) -> tuple[tuple[Tool, ...], str | None]:
    tools = config.made_of_each("tools", lambda tool: tool.made_inside("toolSpec", _spec))
    choice = config.made_inside("toolChoice", _choice) if "toolChoice" in config else None
    return tools, choice


def _choice(chosen: Fields) -> str:
    kind = next((kind for kind in ("auto", "any", "tool") if kind in chosen), None)
    if kind is None:
        refuse("CV210", "toolChoice chooses nothing", "Use auto, any or tool.", chosen.path)
    return chosen.made_inside(
        kind, lambda inner: f"tool:{inner.text('name')}" if kind == "tool" else kind
    )


def _spec(spec: Fields) -> Tool:
    schema = spec.inner("inputSchema")
    made = Tool(
        name=spec.text("name"),
        description=spec.maybe_text("description"),
        schema=schema.mapping("json"),
    )
    schema.close()
    return made


_BLOCKS: Mapping[str, Callable[[Fields], Block]] = {
    "image": partial(_media, kind="image"),
    "video": partial(_media, kind="video"),
    "document": partial(_media, kind="document"),
    "reasoningContent": lambda content: content.made_inside("reasoningText", _reasoning),
    "toolUse": _call,
    "toolResult": _result,
}
