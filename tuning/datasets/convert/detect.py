"""What a file is: its container and the shape of its records, each with the reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

Container = Literal["jsonl", "json", "csv", "parquet", "text"]
Shape = Literal[
    "prompt_completion",
    "alpaca",
    "sharegpt",
    "openai_chat",
    "anthropic_messages",
    "converse",
    "image_caption",
    "captions",
    "document",
]
CONTAINERS: tuple[str, ...] = get_args(Container)
SHAPES: tuple[str, ...] = get_args(Shape)

_TABLES = (".csv", ".tsv")
DOCUMENTS = (".txt", ".md", ".markdown", ".rst")
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp")
_SPOKEN = {
    "prompt": ("question", "query", "q", "user", "input", "instruction", "context"),
    "completion": ("answer", "response", "output", "reply", "assistant", "a", "target", "chosen"),
}
_OPENAI_ROLES = frozenset({"system", "developer", "tool", "function"})
_OPENAI_KEYS = frozenset({"tool_calls", "tool_call_id", "name", "weight", "refusal"})


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A container or shape, and why it is held to be that."""

    name: str
    why: str
    sure: bool = True
    """Whether further records could not change the answer."""


def container(head: bytes, name: str) -> Kind | None:
    """What holds the records, from the file's first bytes and, where those leave it open, name."""
    suffix = name.lower().removesuffix(".gz")
    if head.startswith(b"PAR1"):
        return Kind(name="parquet", why="begins with PAR1")
    for kind, suffixes in (("csv", _TABLES), ("text", DOCUMENTS)):
        if suffix.endswith(suffixes):
            return Kind(name=kind, why=f"named {suffix[suffix.rindex('.') :]}")
    begin = head.lstrip()
    if begin.startswith(b"["):
        return Kind(name="json", why="begins with [")
    if begin.startswith(b"{"):
        return _lines_or_spread(begin)
    if suffix.endswith((".jsonl", ".ndjson")):
        return Kind(name="jsonl", why="named .jsonl")
    return None


def _lines_or_spread(begin: bytes) -> Kind:
    first, ended, following = begin.partition(b"\n")
    # A first line that closes no object, followed by one that opens none, heads a spread object.
    if ended and not first.rstrip().endswith(b"}") and not following.lstrip().startswith(b"{"):
        return Kind(name="json", why="its first line is the head of an object")
    return Kind(name="jsonl", why="its first line is an object")


def shape(record: Mapping[str, Any]) -> Kind | None:
    """What the fields of a record say about the dialect that it is written in."""
    if isinstance(record.get("messages"), list):
        return _messages(record, record["messages"])
    for field, found in (
        ("conversations", "sharegpt"),
        ("instruction", "alpaca"),
        ("prompt", "prompt_completion"),
        ("image-ref", "image_caption"),
    ):
        if field in record:
            return Kind(name=found, why=f"has the field {field!r}")
    answered = any(field in record for field in _SPOKEN["completion"])
    for field in ("input", "text"):
        if field in record and not answered:
            return Kind(name="document", why=f"has the field {field!r} and no answer")
    if record and all(str(key).lower().endswith(_PICTURES) for key in record):
        return Kind(name="captions", why="its keys are names of pictures")
    return None


def suggestion(fields: list[str], *wanted: str) -> str:
    """`--map` options for fields that are commonly called otherwise."""
    lowered = {field.lower(): field for field in fields}
    hits = {
        name: next((lowered[alias] for alias in _SPOKEN[name] if alias in lowered), None)
        for name in wanted or _SPOKEN
    }
    return " ".join(f"--map {name}={field}" for name, field in hits.items() if field)


def _messages(record: Mapping[str, Any], messages: list[Any]) -> Kind:
    if "schemaVersion" in record or "toolConfig" in record:
        return Kind(name="converse", why="has 'schemaVersion' or 'toolConfig'")
    dicts = [message for message in messages if isinstance(message, dict)]
    roles = {message["role"] for message in dicts if isinstance(message.get("role"), str)}
    if roles & _OPENAI_ROLES:
        return Kind(name="openai_chat", why=f"has the roles {', '.join(sorted(roles)[:5])}")
    if any(_OPENAI_KEYS & message.keys() for message in dicts):
        return Kind(name="openai_chat", why="its messages have fields of OpenAI chat")
    return _blocks(record, dicts)


def _blocks(record: Mapping[str, Any], messages: list[dict[str, Any]]) -> Kind:
    lists = [part for part in (m.get("content") for m in messages) if isinstance(part, list)]
    system = record.get("system")
    given = system if isinstance(system, list) else []
    blocks = [b for part in [*lists, given] for b in part if isinstance(b, dict)]
    if any("type" not in block for block in blocks):
        return Kind(name="converse", why="its content blocks have no 'type'")
    kinds = {block["type"] for block in blocks if isinstance(block["type"], str)}
    if "image_url" in kinds:
        return Kind(name="openai_chat", why="it has content of type image_url")
    if system is not None:
        return Kind(name="anthropic_messages", why="'system' stands beside the messages")
    if kinds - {"text"}:
        return Kind(name="anthropic_messages", why=f"content of type {min(kinds - {'text'})[:40]}")
    return Kind(name="openai_chat", why="has plain messages with roles", sure=False)
