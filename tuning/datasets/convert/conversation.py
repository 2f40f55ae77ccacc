"""What every source is read into and every target is written from: records without a dialect."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from msgspec import Struct

Role = Literal["user", "assistant"]
MediaKind = Literal["image", "video", "document"]
Json = Any
"""A JSON value that nobody here looks into: a tool's schema, its arguments, a grader's fields."""


class Text(Struct, frozen=True, kw_only=True):
    text: str


class Media(Struct, frozen=True, kw_only=True):
    """A picture, film or PDF that lies in S3; the only place from which Bedrock reads one."""

    kind: MediaKind
    format: str
    uri: str
    owner: str | None = None
    """Account of the bucket, where the source names it."""
    name: str | None = None
    """Of a document."""


class Reasoning(Struct, frozen=True, kw_only=True):
    text: str
    signature: str | None = None


class ToolCall(Struct, frozen=True, kw_only=True):
    id: str
    name: str
    arguments: Mapping[str, Json]


class ToolResult(Struct, frozen=True, kw_only=True):
    id: str
    """Of the call that it answers."""
    content: tuple[Text | Json, ...]
    """Text, or any JSON value as the tool gave it."""
    status: Literal["success", "error"] | None = None


Block = Text | Media | Reasoning | ToolCall | ToolResult


class Turn(Struct, frozen=True, kw_only=True):
    role: Role
    blocks: tuple[Block, ...]


class Tool(Struct, frozen=True, kw_only=True):
    name: str
    description: str | None
    schema: Mapping[str, Json]


@dataclass(frozen=True, kw_only=True)
class Conversation:
    turns: tuple[Turn, ...]
    system: tuple[str, ...] = ()
    tools: tuple[Tool, ...] = ()
    tool_choice: str | None = None
    """`auto`, `any`, or the name of the one tool after a colon: `tool:get_weather`."""
    answer_in: str = field(default="completion", compare=False)
    """The field of the source that holds the answer where there is one."""
    answer_null: bool = field(default=False, compare=False)
    """Whether that field is there, and null."""
    extras: Mapping[str, Json] = field(default_factory=dict)
    """Fields beside the dialogue, such as `id` and `reference_answer`; few targets carry them."""


@dataclass(frozen=True, kw_only=True)
class Caption:
    """A picture and what it shows."""

    image: str
    caption: str
    extras: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Document:
    """Running text, for continued pre-training."""

    text: str
    extras: Mapping[str, Json] = field(default_factory=dict)


ReadRecord = Conversation | Caption | Document
