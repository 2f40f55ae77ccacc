"""Bedrock conversations, and the prompts of a distillation, which are short ones.

https://docs.aws.amazon.com/nova/latest/userguide/fine-tune-prepare-data-understanding.html
https://docs.aws.amazon.com/bedrock/latest/userguide/prequisites-model-distillation.html
"""

from typing import Any

from tuning.datasets.convert.conversation import (
    Block,
    Conversation,
    Json,
    Media,
    ReadRecord,
    Reasoning,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
)
from tuning.datasets.convert.sources.fields import refuse
from tuning.datasets.convert.sources.from_converse import VERSION
from tuning.datasets.convert.targets.soundness import (
    answered,
    conversation,
    nothing_beside,
    one_text,
    single,
)
from tuning.datasets.convert.targets.writing import Writing

_MAX_PROMPT_TURNS = 2


def write_converse(record: ReadRecord, to: Writing) -> dict[str, Json]:
    talk = conversation(record, to)
    answered(talk, to)
    nothing_beside(talk)
    return _written(talk, to)


def distillation(record: ReadRecord, to: Writing) -> dict[str, Json]:
    """A prompt, perhaps with the answer that the teacher should have given."""
    talk = conversation(record, to)
    nothing_beside(talk)
    if len(talk.turns) > _MAX_PROMPT_TURNS:
        refuse(
            "CV301",
            f"a dialogue of {len(talk.turns)} turns; distillation takes one prompt, one answer",
            "Leave the record out, or make the earlier turns part of the prompt.",
        )
    turns = tuple(
        Turn(
            role=turn.role,
            blocks=(Text(text=one_text(turn.blocks, to)),),
        )
        for turn in talk.turns
    )
    return _written(Conversation(system=talk.system, turns=turns), to)


def _written(talk: Conversation, to: Writing) -> dict[str, Json]:
    written: dict[str, Json] = {"schemaVersion": VERSION}
    if talk.system:
        written["system"] = [{"text": text} for text in _system(talk, to)]
    if talk.tools or talk.tool_choice:
        written["toolConfig"] = _tool_config(talk)
    written["messages"] = [
        {"role": turn.role, "content": [_block(block, to) for block in turn.blocks]}
        for turn in talk.turns
    ]
    return written


def _system(talk: Conversation, to: Writing) -> tuple[str, ...]:
    most = to.target.max_system
    if most is None or len(talk.system) <= most:
        return talk.system
    return (single(list(talk.system), "the system text", to),)


def _block(block: Block, to: Writing) -> dict[str, Json]:
    match block:
        case Text(text=text):
            return {"text": text}
        case Media():
            place = {"uri": block.uri}
            if owner := block.owner or to.options.bucket_owner:
                place["bucketOwner"] = owner
            name = {"name": block.name} if block.name else {}
            return {block.kind: {"format": block.format, **name, "source": {"s3Location": place}}}
        case Reasoning():
            thought = {"text": block.text}
            if block.signature:
                thought["signature"] = block.signature
            return {"reasoningContent": {"reasoningText": thought}}
        case ToolCall():
            call = {"toolUseId": block.id, "name": block.name, "input": block.arguments}
            return {"toolUse": call}
        case ToolResult():
            return {"toolResult": _result(block)}


def _result(result: ToolResult) -> dict[str, Json]:
    content = [
        {"text": part.text} if isinstance(part, Text) else {"json": part} for part in result.content
    ]
    written: dict[str, Json] = {"toolUseId": result.id, "content": content}
    if result.status:
        written["status"] = result.status
    return written


def _tool_config(talk: Conversation) -> dict[str, Any]:
    config: dict[str, Any] = {"tools": [_tool(tool) for tool in talk.tools]}
    if talk.tool_choice:
        kind, _, name = talk.tool_choice.partition(":")
        config["toolChoice"] = {kind: {"name": name} if name else {}}
    return config


def _tool(tool: Tool) -> dict[str, Any]:
    spec: dict[str, Any] = {"name": tool.name}
    if tool.description:
        spec["description"] = tool.description
    return {"toolSpec": {**spec, "inputSchema": {"json": tool.schema}}}
