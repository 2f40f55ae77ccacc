"""What Bedrock refuses in training data: an independent, plainly written second opinion.

Deliberately simple (the standard library, one line at a time): the project's own checker is held
against it. Rules: https://docs.aws.amazon.com/bedrock/latest/userguide/model-customization-prepare.html
and https://docs.aws.amazon.com/nova/latest/userguide/fine-tune-prepare-data-understanding.html
Texts: https://docs.aws.amazon.com/bedrock/latest/userguide/fine-tuning-troubleshooting.html
"""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from emulator.bedrock.api_errors import JobFailed

SAFE_URI = re.compile(r"s3://[A-Za-z0-9_\-/.]+")
"""Characters that a media URI may have (Nova page above)."""


@dataclass(frozen=True, kw_only=True)
class DataFormat:
    kind: str
    min_records: int
    max_records: int
    media: tuple[str, ...] = ()
    reserved_words: tuple[str, ...] = ()
    reserved_in: tuple[str, ...] = ()
    max_line_bytes: int | None = None
    caption_characters: tuple[int, ...] | None = None


class Malformed(Exception):
    """One record does not have the shape its format wants."""


def check_records(lines: Iterable[bytes], file: str, wanted: DataFormat) -> int:
    """The number of records; fails the job with the service's own text otherwise.

    `lines` are the pieces between line feeds, without them; the empty piece after a final line
    feed is not a line, and must not be given.
    """
    count = 0
    for number, record in _records(lines, file, wanted):
        try:
            _CHECKS[wanted.kind](record, wanted)
        except Malformed as fault:
            if wanted.kind == "distillation":
                continue  # dropped, not fatal: only the number of prompts left is looked at
            raise JobFailed(_text(wanted, file, number, fault)) from None
        count += 1
    return count


def check_counts(training: int, validation: int, wanted: DataFormat) -> None:
    """The minimum is of the training records, the maximum of both sets together."""
    # UNCONFIRMED texts.
    if training < wanted.min_records:
        raise JobFailed(
            f"Number of training records {training} is less than the minimum {wanted.min_records}"
        )
    if training + validation > wanted.max_records:
        raise JobFailed(
            f"Number of records {training + validation} exceeds the maximum {wanted.max_records}"
        )


def _records(
    lines: Iterable[bytes], file: str, wanted: DataFormat
) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(lines, 1):
        if wanted.max_line_bytes is not None and len(line) > wanted.max_line_bytes:
            start = line[:32].decode("utf-8", "replace")
            raise JobFailed(f"Input size exceeded in file {file} for record starting with {start}")
        try:
            record = json.loads(line.decode("utf-8"), parse_constant=_not_json)
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict):
            raise JobFailed(
                f"Unable to parse Amazon S3 file: {file}. Data files must conform to JSONL format."
            )
        yield number, record


def _not_json(constant: str) -> NoReturn:
    raise ValueError(constant)


def _text(wanted: DataFormat, file: str, number: int, fault: Malformed) -> str:
    if wanted.kind == "prompt_completion":
        return (
            f"Input data at {file} must follow "
            '\'{"prompt": "<input text>", "completion": "<output text>"}\' format'
        )
    # UNCONFIRMED text: the pages give none for the other formats.
    return f"Input data at {file} must follow the {wanted.kind} format: record {number}: {fault}"


def _prompt_completion(record: dict[str, Any], _wanted: DataFormat) -> None:
    if set(record) != {"prompt", "completion"}:
        raise Malformed(f"found the keys {sorted(record)}")
    for key in ("prompt", "completion"):
        _require_text(record[key], key)


def _image_caption(record: dict[str, Any], wanted: DataFormat) -> None:
    _require_text(record.get("image-ref"), "image-ref")
    caption = record.get("caption")
    if not isinstance(caption, str):
        raise Malformed("caption is not text")
    if wanted.caption_characters:
        least, most = wanted.caption_characters
        if not least <= len(caption) <= most:
            raise Malformed(f"caption must have {least} to {most} characters")


def _converse(record: dict[str, Any], wanted: DataFormat) -> None:
    if unknown := set(record) - {"schemaVersion", "system", "messages", "toolConfig"}:
        raise Malformed(f"unknown keys {sorted(unknown)}")
    for block in _sequence(record.get("system", []), "system"):
        _text_block(block, wanted, "system")
    messages = _alternating(record.get("messages"))
    if len(messages) % 2:
        raise Malformed("the last message must be the assistant's")
    for message in messages:
        blocks = _sequence(message["content"], "content")
        if not blocks:
            raise Malformed("content is empty")
        for block in blocks:
            _converse_block(block, wanted, message["role"])


def _distillation(record: dict[str, Any], wanted: DataFormat) -> None:
    if record.get("schemaVersion") != "bedrock-conversation-2024":
        raise Malformed("schemaVersion must be bedrock-conversation-2024")
    messages = _alternating(record.get("messages"))
    if len(messages) > 2:  # noqa: PLR2004 -- a prompt and at most one golden answer
        raise Malformed("at most one turn of each role")
    for message in messages:
        if len(blocks := _sequence(message["content"], "content")) != 1:
            raise Malformed("exactly one text block per message")
        _text_block(blocks[0], wanted, message["role"])


def _openai_chat(record: dict[str, Any], _wanted: DataFormat) -> None:
    messages = _sequence(record.get("messages"), "messages")
    for position, message in enumerate(messages):
        if not isinstance(message, dict) or message.get("role") not in (
            "system",
            "user",
            "assistant",
        ):
            raise Malformed("each message needs a role")
        if message["role"] == "system" and position:
            raise Malformed("the system message comes first")
        _require_text(message.get("content"), "content")
    if not any(message["role"] == "user" for message in messages):
        raise Malformed("a user message is needed")


def _anthropic_messages(record: dict[str, Any], _wanted: DataFormat) -> None:
    messages = _alternating(record.get("messages"))
    if len(messages) % 2:
        raise Malformed("the last message must be the assistant's")
    for message in messages:
        _require_text(message["content"], "content")


def _alternating(messages: Any) -> list[dict[str, Any]]:
    found = _sequence(messages, "messages")
    if not found:
        raise Malformed("messages is empty")
    for position, message in enumerate(found):
        if not isinstance(message, dict) or set(message) != {"role", "content"}:
            raise Malformed("a message has exactly role and content")
        if message["role"] != ("user", "assistant")[position % 2]:
            raise Malformed("roles must alternate, the user first")
    return found


def _converse_block(block: Any, wanted: DataFormat, role: str) -> None:
    if not isinstance(block, dict) or len(block) != 1:
        raise Malformed("a content block has exactly one member")
    (kind,) = block
    if kind == "text":
        _text_block(block, wanted, role)
    elif kind in ("image", "video", "document"):
        if kind not in wanted.media or role != "user":
            raise Malformed(f"{kind} is not accepted here")
        _media(block[kind])
    elif kind not in ("reasoningContent", "toolUse", "toolResult"):
        raise Malformed(f"unknown content block {kind}")


def _media(media: Any) -> None:
    try:
        uri = media["source"]["s3Location"]["uri"]
    except (KeyError, TypeError):
        raise Malformed("media needs source.s3Location.uri") from None
    if not isinstance(uri, str) or not SAFE_URI.fullmatch(uri):
        raise Malformed("media URI has characters that are not accepted")


def _text_block(block: Any, wanted: DataFormat, role: str) -> None:
    if not isinstance(block, dict) or set(block) != {"text"}:
        raise Malformed("a text block has exactly the member text")
    _require_text(block["text"], "text")
    if role in wanted.reserved_in:
        for word in wanted.reserved_words:
            if word in block["text"]:
                raise Malformed(f"reserved word {word}")


def _require_text(value: Any, name: str) -> None:
    if not isinstance(value, str) or not value.strip():
        raise Malformed(f"{name} must be text, and not empty")


def _sequence(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise Malformed(f"{name} must be a list")
    return value


_CHECKS = {
    "prompt_completion": _prompt_completion,
    "image_caption": _image_caption,
    "converse": _converse,
    "distillation": _distillation,
    "openai_chat": _openai_chat,
    "anthropic_messages": _anthropic_messages,
}
