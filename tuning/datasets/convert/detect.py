"""What a file is: its container and the shape of its records, each with the reason.

No single line or record decides a container: what most of the looked-at lines are, it is.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from tuning.datasets import looks
from tuning.datasets.convert import suggestions
from tuning.datasets.no_datasets import no_dataset

Container = Literal["jsonl", "json", "csv", "parquet", "xlsx", "text"]
_Shape = Literal[
    "prompt_completion",
    "alpaca",
    "sharegpt",
    "openai_chat",
    "anthropic_messages",
    "gemini",
    "converse",
    "preference",
    "xlam",
    "glaive",
    "image_caption",
    "captions",
    "document",
]
CONTAINERS: tuple[str, ...] = get_args(Container)
SHAPES: tuple[str, ...] = get_args(_Shape)

_TABLES = (".csv", ".tsv", ".tab")
DOCUMENT_SUFFIXES = (".txt", ".md", ".markdown", ".rst")
_PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp")
_OPENAI_ROLES = frozenset({"system", "developer", "tool", "function"})
_OPENAI_KEYS = frozenset(
    {
        "tool_calls",
        "tool_call_id",
        "name",
        "weight",
        "refusal",
        "function_call",
        "reasoning_content",
    }
)
_LINES = 200
"""Lines of the beginning that say what the lines of a file are."""
_CUT = 60 * 1024
"""Bytes. A line as long is cut off where the looked-at beginning ends."""
_BEFORE = b" \t\r\n\x1e"
_RECORD = re.compile(rb'\[?\s*\{\s*"(?:[^"\\]|\\.)*"\s*:')
"""How JSON records begin that no prose begins with."""
_MESSAGES = re.compile(rb'\[\s*\{\s*"(role|content)"\s*:')
"""How a list of messages begins, not one of records."""


@dataclass(frozen=True, kw_only=True)
class Detected:
    """A container or shape, and why it is held to be that."""

    name: str
    why: str
    sure: bool = True
    """Whether further records could not change the answer."""


def container(head: bytes, name: str) -> Detected | None:
    """What holds the records, from the file's first bytes and, where those leave it open, name."""
    suffix = name.lower().removesuffix(".gz")
    if head.startswith(b"PAR1"):
        return Detected(name="parquet", why="begins with PAR1")
    begin = head.lstrip(_BEFORE)
    other = suffix.endswith((*_TABLES, *DOCUMENT_SUFFIXES))
    if begin[:1] in (b"[", b"{") and (not other or _RECORD.match(begin)):
        return _json(begin)
    columns = looks.table_columns(head)
    if columns and not suffix.endswith(_TABLES) and suggestions.commonly_named(columns):
        return Detected(name="csv", why=f"begins with a row of names: {', '.join(columns[:5])}")
    for kind, suffixes in (("csv", _TABLES), ("text", DOCUMENT_SUFFIXES)):
        if suffix.endswith(suffixes):
            return Detected(name=kind, why=f"named {suffix[suffix.rindex('.') :]}")
    if suffix.endswith((".jsonl", ".ndjson")):
        return Detected(name="jsonl", why="named .jsonl")
    return None


def _json(begin: bytes) -> Detected:
    """Lines of objects, or values in another order: decided by what most of the first lines are."""
    *lines, last = begin.split(b"\n", _LINES)[: _LINES + 1]
    kinds = Counter(kind for line in lines or [last] if (kind := _line(line)))
    sound = kinds["object"]
    if sound and sound >= kinds["other"] and sound > kinds["joined"] + kinds["several"]:
        why = "its lines are objects" if sound > 1 else "its first line is an object"
        return Detected(name="jsonl", why=why)
    if kinds["messages"] > kinds["other"]:
        return Detected(name="jsonl", why="its lines are lists of messages")
    if begin[:1] == b"[":
        return Detected(name="json", why="begins with [")
    if kinds["several"] + kinds["joined"] > kinds["other"]:
        return Detected(
            name="json", why="its objects follow one another on a line or after a comma"
        )
    first, ended, following = begin.partition(b"\n")
    # A first line that closes no object, followed by one that opens none, heads a spread object.
    if ended and not first.rstrip().endswith(b"}") and not following.lstrip().startswith(b"{"):
        return Detected(name="json", why="its first line is the head of an object")
    return Detected(name="jsonl", why="its first line is an object")


def _line(line: bytes) -> str:
    """What one line is, by itself; empty for a blank one."""
    line = line.strip(_BEFORE)
    if line[:1] == b"{":
        # Damaged ones are lines of objects all the same; they are refused one by one.
        closed = line.endswith(b"}") or len(line) > _CUT
        if line.endswith(b"},"):
            return "joined"
        if not closed:
            return "other"
        return "several" if _followed(line) else "object"
    if _MESSAGES.match(line) and line.endswith(b"]"):
        return "messages"
    return "other" if line else ""


def _followed(line: bytes) -> bool:
    """Whether another value begins on the line behind the first one."""
    try:
        text = line.decode("utf-8", "replace")
        _, end = json.JSONDecoder().raw_decode(text)
    except (ValueError, RecursionError):
        return False
    return text[end:].lstrip(" \t,\x1e")[:1] in ("{", "[")


def shape(record: Mapping[str, Any]) -> Detected | None:
    """What the fields of a record say about the dialect that it is written in."""
    if not PREFERENCES.isdisjoint(record) and (preferred := preference(record)):
        return Detected(name="preference", why=preferred)
    if isinstance(record.get("messages"), list):
        return _messages(record, record["messages"])
    if found := _by_fields(record):
        return found
    for field in ("input", "text"):
        if field in record and not (
            suggestions.suggested(record, "completion") or no_dataset(record)
        ):
            return Detected(name="document", why=f"has the field {field!r} and no answer")
    if record and all(str(key).lower().endswith(_PICTURES) for key in record):
        return Detected(name="captions", why="its keys are names of pictures")
    return None


def _by_fields(record: Mapping[str, Any]) -> Detected | None:
    if looks.columns(record):
        return None
    for fields, found in _TOGETHER:
        if fields <= record.keys():
            return Detected(
                name=found, why=f"has the fields {', '.join(map(repr, sorted(fields)))}"
            )
    named = ((field, found) for field, found in _FIELDS if field in record)
    return next(
        (Detected(name=found, why=f"has the field {field!r}") for field, found in named), None
    )


MARKS = frozenset(
    {
        *("label", "kto_tag", "thumbs_up", "liked", "is_liked", "desirable", "is_desirable"),
        *("preferred", "is_preferred", "is_chosen", "is_good", "upvoted"),
    }
)
_LIKED = frozenset({"true", "false", "1", "0", "1.0", "0.0"})
PAIRS = (
    ("chosen", "rejected"),
    ("preferred_output", "non_preferred_output"),
    ("chosen_response", "rejected_response"),
    ("response_chosen", "response_rejected"),
)
"""What the better and the worse of two answers are called."""
PREFERENCES = MARKS.union(*PAIRS)
"""Fields that make a record one of preference data, some by their values."""


def preference(record: Mapping[str, Any], dropped: frozenset[str] = frozenset()) -> str | None:
    """Why a record is one of preference data: which of two answers is better, or whether one is good.

    Who drops the worse answer has chosen; who drops the mark would train on what is disliked.
    """
    for better, worse in PAIRS:
        if better in record and worse in record and worse not in dropped:
            return f"has the fields {better!r} and {worse!r}"
    for mark in sorted(MARKS):
        if mark in record and str(record[mark]).lower() in _LIKED:
            if mark in dropped and not isinstance(record[mark], bool | str):
                return None  # a number may say something else, as who drops it knows
            return f"has {mark!r}, true or false" if not _ANSWERED.isdisjoint(record) else None
    return None


def _messages(record: Mapping[str, Any], messages: list[Any]) -> Detected:
    if "schemaVersion" in record or "toolConfig" in record:
        return Detected(name="converse", why="has 'schemaVersion' or 'toolConfig'")
    dicts = [message for message in messages if isinstance(message, dict)]
    if dicts and all("from" in message and "value" in message for message in dicts):
        return Detected(name="sharegpt", why="its messages have 'from' and 'value'")
    roles = {message["role"] for message in dicts if isinstance(message.get("role"), str)}
    if roles & _OPENAI_ROLES:
        return Detected(name="openai_chat", why=f"has the roles {', '.join(sorted(roles)[:5])}")
    if any(not _OPENAI_KEYS.isdisjoint(message) for message in dicts):
        return Detected(name="openai_chat", why="its messages have fields of OpenAI chat")
    return _blocks(record, dicts)


def _blocks(record: Mapping[str, Any], messages: list[dict[str, Any]]) -> Detected:
    lists = [part for part in (m.get("content") for m in messages) if isinstance(part, list)]
    system = record.get("system")
    given = system if isinstance(system, list) else []
    blocks = [b for part in [*lists, given] for b in part if isinstance(b, dict)]
    if any("type" not in block for block in blocks):
        return Detected(name="converse", why="its content blocks have no 'type'")
    kinds = {block["type"] for block in blocks if isinstance(block["type"], str)}
    if "image_url" in kinds:
        return Detected(name="openai_chat", why="it has content of type image_url")
    if system is not None:
        return Detected(name="anthropic_messages", why="'system' is beside the messages")
    if kinds - {"text"}:
        return Detected(
            name="anthropic_messages", why=f"content of type {min(kinds - {'text'})[:40]}"
        )
    return Detected(name="openai_chat", why="has plain messages with roles", sure=False)


_TOGETHER = (
    (frozenset({"query", "answers", "tools"}), "xlam"),
    (frozenset({"chat", "system"}), "glaive"),
)
_FIELDS = (
    ("conversations", "sharegpt"),
    ("conversation", "sharegpt"),
    ("contents", "gemini"),
    ("instruction", "alpaca"),
    ("prompt", "prompt_completion"),
    ("image-ref", "image_caption"),
)
_ANSWERED = frozenset({"completion", "response", "messages", "conversations", "output"})
