"""Which tool an emulated model asks for: the one that the question names, with what stands beside its members' names.

Nothing is understood. Once tools have answered, the answer repeats what they said, or quotes the passages that they found.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from emulator.bedrock.api_errors import ValidationError
from emulator.bedrock.nearest_example import text_of
from emulator.bedrock.quoted_passages import quoted_result

BY_NAME = "a tool was asked for if the question names it; no model decided so"
_TAG = re.compile(r"</?[\w-]+>")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_MADE = {"integer": int, "number": float}


def check_tools(request: Mapping[str, Any]) -> None:
    """Raises `ValidationError` for a conversation that Converse refuses, in its words as people report them.
    https://github.com/langgenius/dify/issues/17545
    https://github.com/strands-agents/harness-sdk/issues/1223
    https://github.com/aws-samples/sample-multi-agent-orchestration-chat-on-agentcore/issues/15
    """
    asked: set[str] = set()
    for at, message in enumerate(request.get("messages") or []):
        blocks = [each for each in message.get("content") or () if isinstance(each, dict)]
        results = [each["toolResult"] for each in blocks if "toolResult" in each]
        uses = {each["toolUse"]["toolUseId"] for each in blocks if "toolUse" in each}
        if (results or uses) and not request.get("toolConfig"):
            raise ValidationError(
                message="The toolConfig field must be defined when using toolUse and toolResult content blocks."
            )
        if asked - {each["toolUseId"] for each in results}:
            ids = ", ".join(sorted(asked))
            raise ValidationError(
                message=f"Expected toolResult blocks at messages.{at}.content for the following Ids: {ids}"
            )
        if results and len(results) < len(blocks):
            raise ValidationError(
                message=f"messages.{at}.content: Conversation blocks and tool result blocks cannot be provided in the "
                "same turn."
            )
        for number, each in enumerate(results):
            if each.get("status") == "error" and not each.get("content"):
                raise ValidationError(
                    message=f"The content field at messages.{at}.content.{number}.toolResult cannot be empty when "
                    "status value is error."
                )
        asked = uses


def tool_turn(
    messages: Sequence[Mapping[str, Any]], config: Mapping[str, Any] | None
) -> dict[str, Any] | None:
    """What the model says, as MiniStack reads it of others; None where tools have nothing to do with it."""
    if not config or not messages:
        return None
    newest = messages[-1].get("content") or ()
    if results := [each["toolResult"] for each in newest if "toolResult" in each]:
        asked = text_of(messages[0].get("content") or ())
        return {"content": "\n".join(_repeated(each, asked) for each in results)}
    question = text_of(newest)
    for number, spec in enumerate(_specs(config)):
        if _names(question, spec["name"]):
            schema = spec.get("inputSchema", {}).get("json", {})
            given = dict(_inputs(question, schema))
            function = {"name": spec["name"], "arguments": json.dumps(given)}
            return {
                "content": None,
                "tool_calls": [{"id": f"tooluse_{number}", "function": function}],
            }
    return None


def _specs(config: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return (each["toolSpec"] for each in config.get("tools", ()) if "toolSpec" in each)


def _names(question: str, tool: str) -> bool:
    said = re.sub(r"[\s_-]+", " ", question).casefold()
    return re.sub(r"[\s_-]+", " ", tool).casefold() in said


def _inputs(question: str, schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """`order 7`, `order: 7` and `order=7` say what the member `order` is."""
    required = schema.get("required", ())
    for name, member in schema.get("properties", {}).items():
        beside = re.findall(
            rf"\b{re.escape(name)}\b[\s:=\"'#]+([\w@.-]*\w)", question, re.IGNORECASE
        )
        if not beside and name not in required:
            continue
        said = beside[-1] if beside else question
        kind = member.get("type") if isinstance(member, Mapping) else None
        if kind in _MADE:
            found = _NUMBER.search(said)
            yield name, _MADE[kind](float(found[0]) if found else 0)
        else:
            yield name, said


def _repeated(result: Mapping[str, Any], question: str) -> str:
    """Without lines that are marks around it."""
    text = "\n".join(
        each["text"] if "text" in each else json.dumps(each.get("json"))
        for each in result.get("content", ())
    )
    if quoted := quoted_result(question, text):
        return quoted
    return "\n".join(line for line in text.splitlines() if not _TAG.fullmatch(line.strip()))
