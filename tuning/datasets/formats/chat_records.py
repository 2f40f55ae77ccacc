"""Message lists with plain text: OpenAI chat for reinforcement fine-tuning, Anthropic messages.

https://docs.aws.amazon.com/bedrock/latest/userguide/rft-prepare-data.html
"""

import re
from typing import Any

from tuning.datasets.formats import schemas, tools
from tuning.datasets.formats.converse_records import check_order, checked_role
from tuning.datasets.formats.known_keys import MESSAGE_KEYS
from tuning.datasets.formats.walk import Walk, mark, shown
from tuning.models.catalog import Method

# Each stretch of white space is searched once, from its first sign on: from each of its line feeds on, it would take the square.
_MARKER = re.compile(r"(?<!\s)[^\S\n]*+\n\s*+(Human|Assistant):")


def check_openai_chat(record: dict[str, Any], _method: Method, walk: Walk) -> None:
    """Other top-level keys are the grader's: they reach it as `metadata`."""
    if "messages" not in record:
        walk.keys(record, "", ("messages",), tuple(record))
        return
    if "reference_answer" in record:
        walk.traits.add("reference_answer")
        walk.answer = _reference(record["reference_answer"], walk)
    if "id" in record:
        walk.traits.add("id")
        walk.text(record["id"], "id")
    if "tools" in record:
        walk.traits.add("tools")
        walk.prompt.append(mark(record["tools"]))
        _tools(record["tools"], walk)
    messages = walk.items(record["messages"], "messages")
    roles = [
        _turn(m, f"messages[{i}]", ("system", "user", "assistant"), walk)
        for i, m in enumerate(messages)
    ]
    for i, role in enumerate(roles):
        if role == "system" and i:
            walk.fault("DS412", f"message {i + 1} is a system message", f"messages[{i}].role")
    if roles and None not in roles and "user" not in roles:
        walk.fault("DS414", "no message has the role user", "messages")
    elif roles and roles[-1] == "assistant":
        at = f"messages[{len(roles) - 1}].role"
        walk.fault("DS415", "the last message is the assistant's", at)


def _reference(value: object, walk: Walk) -> list[str]:
    """What the grader compares with: a text or an object that says something."""
    at = "reference_answer"
    if isinstance(value, dict):
        if not value:
            walk.fault("DS307", "the object is empty", at)
        return [mark(value)]
    return [walk.text(value, at, hint="; a text or an object") or ""]


def _tools(value: object, walk: Walk) -> None:
    """OpenAI's functions. AWS's SDK says which: https://github.com/aws/nova-forge-sdk"""
    declared = [
        _function(tool, f"tools[{i}]", walk) for i, tool in enumerate(walk.items(value, "tools"))
    ]
    tools.twice(declared, "tools", "function.name", walk)


def _function(tool: object, at: str, walk: Walk) -> str | None:
    if not walk.is_a(tool, dict, at, hint='; write {"type": "function", "function": {…}}'):
        return None
    walk.keys(tool, at, ("type", "function"))
    if "type" in tool and walk.is_a(tool["type"], str, f"{at}.type") and tool["type"] != "function":
        walk.fault("DS421", f'{shown(tool["type"])} is not "function"', f"{at}.type")
    function, at = tool.get("function"), f"{at}.function"
    if "function" not in tool or not walk.is_a(function, dict, at):
        return None
    return tools.check_tool(function, at, "parameters", schemas.check_schema, walk)


def check_anthropic_messages(record: dict[str, Any], _method: Method, walk: Walk) -> None:
    walk.keys(record, "", MESSAGE_KEYS[:1], MESSAGE_KEYS[1:])
    if "system" in record:
        walk.traits.add("system")
        text = walk.text(record["system"], "system")
        _marker(text, "system", walk)
        walk.prompt.append(text or "")
    messages = walk.items(record.get("messages", [None]), "messages")
    if "messages" not in record:
        return
    roles = []
    for i, message in enumerate(messages):
        at = f"messages[{i}]"
        roles.append(_turn(message, at, ("user", "assistant"), walk))
        if isinstance(message, dict):
            text = message.get("content")
            _marker(text if isinstance(text, str) else None, f"{at}.content", walk)
    if roles:
        check_order(roles, walk)
    if roles and roles[-1] == "assistant" and walk.readable:
        walk.answer = [walk.prompt.pop()]


def _turn(message: object, at: str, roles: tuple[str, ...], walk: Walk) -> str | None:
    if not walk.is_a(message, dict, at, hint='; write {"role": "user", "content": "…"}'):
        return None
    walk.keys(message, at, ("role", "content"))
    if "content" in message:
        walk.prompt.append(walk.text(message["content"], f"{at}.content") or "")
    return checked_role(message, at, roles, walk)


def _marker(text: str | None, at: str, walk: Walk) -> None:
    if text and (found := _MARKER.search(text)):
        walk.fault("DS411", f"the text holds a line that starts with {found[1]}:", at)
