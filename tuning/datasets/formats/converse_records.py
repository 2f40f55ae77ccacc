"""Converse records, for fine-tuning and as distillation prompts.

https://docs.aws.amazon.com/nova/latest/userguide/fine-tune-prepare-data-understanding.html
"""

from itertools import pairwise
from typing import Any

from tuning.datasets.formats import content_blocks as blocks
from tuning.datasets.formats import tools
from tuning.datasets.formats.known_keys import RECORD_KEYS, WITHOUT_TOOLS
from tuning.datasets.formats.markers import marks
from tuning.datasets.formats.walk import Walk, near_miss, plain_text, shown
from tuning.models.catalog import Method

SCHEMA_VERSION = "bedrock-conversation-2024"
_ROLES = ("user", "assistant")
_SYSTEM = {"system"}


def check_converse(record: dict[str, Any], method: Method, walk: Walk) -> None:
    more = "tools" in method.features or "toolConfig" in record
    walk.keys(record, "", RECORD_KEYS[:1], RECORD_KEYS[1:] if more else WITHOUT_TOOLS[1:])
    if record.get("schemaVersion") != SCHEMA_VERSION:
        _schema_version(record, walk)
    if "system" in record:
        _system(record["system"], method, walk)
    if "toolConfig" in record:
        tools.config(record["toolConfig"], method, walk)
    if "messages" in record:
        _messages(record, method, walk)


def _schema_version(record: dict[str, Any], walk: Walk) -> None:
    if "schemaVersion" not in record:
        walk.fault("DS305", f'the key "schemaVersion" is missing; it is "{SCHEMA_VERSION}"')
        return
    value = record["schemaVersion"]
    if not walk.is_a(value, str, "schemaVersion"):
        walk.readable = True  # the words are all there
    else:
        walk.fault("DS304", f'{shown(value)} is not "{SCHEMA_VERSION}"', "schemaVersion")


def _system(value: object, method: Method, walk: Walk) -> None:
    walk.traits.add("system")
    items = walk.items(value, "system", hint='; write [{"text": "…"}]')
    limit = method.max_system_blocks
    if limit is not None and len(items) > limit:
        walk.fault("DS408", f"{len(items)} system blocks; this model takes {limit}", "system")
    for i, block in enumerate(items):
        if (words := plain_text(block)) is not None and not walk.marked:
            walk.prompt.append(words)
            continue
        at = f"system[{i}]"
        if walk.is_a(block, dict, at, hint='; write {"text": "…"}'):
            walk.keys(block, at, ("text",))
            if "text" in block:
                text = walk.text(block["text"], f"{at}.text")
                marks(text, f"{at}.text", method, walk, answer=False)
                walk.prompt.append(text or "")


def _messages(record: dict[str, Any], method: Method, walk: Walk) -> None:
    messages = walk.items(record["messages"], "messages")
    roles = _turns(messages, method, walk)
    if walk.readable and roles and roles[-1] == "assistant":
        walk.answer = walk.answer or []
    if messages:
        check_order(roles, walk, golden=method.format == "distillation")
    if method.format == "distillation":
        _one_turn(roles, walk)
    if walk.traits - _SYSTEM:
        blocks.check_together(record, messages, method, walk)


def _turns(messages: list[Any], method: Method, walk: Walk) -> list[str | None]:
    """Reads the turns; gives their roles where those are known."""
    roles: list[str | None] = []
    prompt, answer = walk.prompt, None
    for i, message in enumerate(messages):
        if answer is not None:  # an assistant turn that another follows is part of the prompt
            prompt += answer
            answer = None
        if (text := _plain(message)) is None:
            role, pieces = _turn(message, f"messages[{i}]", method, walk)
        else:
            role, pieces = message["role"], [text]
            if walk.marked:
                at = f"messages[{i}].content[0].text"
                marks(text, at, method, walk, answer=role == "assistant")
        roles.append(role)
        if role == "assistant":
            answer = pieces
        elif pieces is not None:
            prompt += pieces
    walk.answer = answer
    return roles


def _plain(message: Any) -> str | None:
    """The words of a turn that is one sound text: nearly every turn, so recognized first."""
    if isinstance(message, dict) and len(message) == 2 and message.get("role") in _ROLES:  # noqa: PLR2004 — role and content
        content = message.get("content")
        if isinstance(content, list) and len(content) == 1:
            return plain_text(content[0])
    return None


def _turn(
    message: object, at: str, method: Method, walk: Walk
) -> tuple[str | None, list[str] | None]:
    """The role of any turn, and its pieces, where they are known."""
    hint = '; write {"role": "user", "content": [{"text": "…"}]}'
    if not walk.is_a(message, dict, at, hint):
        return None, None
    walk.keys(message, at, ("role", "content"))
    move = 'Move the text to the top-level key "system": [{"text": "…"}].'
    fix = move if message.get("role") == "system" else None
    role = checked_role(message, at, _ROLES, walk, fix)
    if "content" not in message:
        return role, None
    return role, blocks.content(message["content"], f"{at}.content", role, method, walk)


def checked_role(
    message: dict[str, Any], at: str, roles: tuple[str, ...], walk: Walk, fix: str | None = None
) -> str | None:
    """The role of a message, or the one that it nearly is; None where neither is known."""
    if "role" not in message or not walk.is_a(role := message["role"], str, f"{at}.role"):
        return None
    if role in roles:
        return role
    walk.readable = False
    close, known = near_miss(role, roles), ", ".join(roles)
    said = f"{shown(role)} is not a role{close}; roles: {known}"
    walk.fault("DS401", said, f"{at}.role", fix)
    return close.split("'")[1] if close else None


def check_order(roles: list[str | None], walk: Walk, *, golden: bool = False) -> None:
    """That user and assistant take turns; `golden` where the teacher may write the answer."""
    if roles[0] == "assistant":
        walk.fault("DS402", "the first turn is the assistant's", "messages[0].role")
    for i, (before, role) in enumerate(pairwise(roles), 1):
        if role == before and role is not None:
            walk.fault("DS403", f"turn {i + 1} is the {role}'s again", f"messages[{i}].role")
    if len(roles) == 1 and not golden:
        walk.fault("DS407", "one turn; a record needs a question and its answer", "messages")
    elif roles[-1] == "user" and not golden:
        at = f"messages[{len(roles) - 1}].role"
        walk.fault("DS404", "the last turn is the user's: there is no answer to learn", at)


def _one_turn(roles: list[str | None], walk: Walk) -> None:
    # Multi-turn prompts are dropped silently by the service:
    # https://docs.aws.amazon.com/bedrock/latest/userguide/model-distillation.html
    if len(roles) > 2:  # noqa: PLR2004 — a prompt and its optional answer
        walk.fault(
            "DS407",
            f"{len(roles)} turns; a distillation record is one prompt, and optionally its answer",
            "messages",
            "Keep the first question and, optionally, its answer.",
        )
