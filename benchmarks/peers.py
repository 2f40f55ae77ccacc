"""The usual ways to check a dataset, written as their users write them."""

import json
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any


def by_hand(path: Path, kind: str) -> None:
    """The standard library, and checks by hand."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            if kind == "converse":
                _converse(record)
            elif not all(isinstance(record.get(k), str) for k in ("prompt", "completion")):
                continue


def _converse(record: Any) -> bool:
    messages = record.get("messages")
    if not isinstance(messages, list):
        return False
    for i, message in enumerate(messages):
        if message.get("role") != ("user", "assistant")[i % 2]:
            return False
        for block in message.get("content", []):
            if not isinstance(block.get("text"), str) or not block["text"].strip():
                return False
    return True


def with_pydantic(path: Path, kind: str) -> None:
    """json.loads, then a pydantic model: what AWS's samples do."""
    from pydantic import BaseModel, ValidationError  # noqa: PLC0415 — only its own run pays for it

    class Text(BaseModel):
        text: str

    class Turn(BaseModel):
        role: str
        content: list[Text]

    class Converse(BaseModel):
        schemaVersion: str  # noqa: N815 — as the format spells it
        system: list[Text] | None = None
        messages: list[Turn]

    class Pair(BaseModel):
        prompt: str
        completion: str

    model = Converse if kind == "converse" else Pair
    with path.open("rb") as file:
        for line in file:
            try:
                model.model_validate(json.loads(line))
            except ValidationError:
                continue


def with_jsonschema(path: Path, kind: str) -> None:
    """A validator made once, which is kinder than the samples that make one a line."""
    from jsonschema import Draft202012Validator  # noqa: PLC0415 — idem, and it may be missing

    text = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
    turn = {
        "type": "object",
        "properties": {"role": {"type": "string"}, "content": {"type": "array", "items": text}},
        "required": ["role", "content"],
    }
    shapes = {
        "converse": {
            "type": "object",
            "properties": {"messages": {"type": "array", "items": turn}},
            "required": ["messages"],
        },
        "prompt_completion": {
            "type": "object",
            "properties": {"prompt": {"type": "string"}, "completion": {"type": "string"}},
            "required": ["prompt", "completion"],
        },
    }
    validator = Draft202012Validator(shapes[kind])
    with path.open("rb") as file:
        for line in file:
            validator.is_valid(json.loads(line))


PEERS: dict[str, Callable[[Path, str], None]] = {
    "standard library, checks by hand": by_hand,
    "json.loads + pydantic": with_pydantic,
}
if find_spec("jsonschema"):
    PEERS["json.loads + jsonschema"] = with_jsonschema
