"""Plain, slow and obviously right: is this line a sound record?

Standard library only, one rule after the other, nothing shared with what it judges.
"""

import json
from typing import Any

WORDS = ("User:", "Bot:", "Assistant:", "System:", "<image>", "<video>", "[EOS]")


class Unsound(Exception):  # noqa: N818 — named for what the line is
    """The line breaks a rule."""


def record(line: bytes) -> dict[str, Any]:
    """The object of a strict JSON line. Raises Unsound."""
    try:
        text = line.decode("utf-8")
        value = json.loads(
            text,
            object_pairs_hook=_once,
            parse_constant=_never,
            parse_int=_short,
            parse_float=_held,
        )
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise Unsound(str(error)) from None
    need(text[0] != "\ufeff", "byte order mark")
    need(isinstance(value, dict), "no object")
    need(_depth(value) <= 64, "too deep")
    return value


def need(holds: object, what: str) -> None:
    if not holds:
        raise Unsound(what)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    need(len({key for key, _ in pairs}) == len(pairs), "key twice")
    return dict(pairs)


def _never(name: str) -> None:
    raise Unsound(name)


def _short(digits: str) -> int:
    need(len(digits) <= 300, "long number")
    return int(digits)


def _held(digits: str) -> float:
    need(abs(float(digits)) != float("inf"), "big number")
    return float(digits)


def _depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(_depth, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(_depth, value), default=0)
    return 0


def _says(text: Any) -> None:
    need(isinstance(text, str), "no text")
    need(text.strip(), "blank")


def _asks(text: Any) -> None:
    """What the model is given: no reserved word as a whole token."""
    for word in WORDS:
        start = text.find(word)
        while start >= 0:
            before = text[start - 1] if start else " "
            if word[0] in "<[" or not (before.isalnum() or before == "_"):
                raise Unsound(f"reserved {word}")
            start = text.find(word, start + 1)


def converse(line: bytes) -> None:
    """A record for a model that takes text only. Raises Unsound."""
    value = record(line)
    need(set(value) <= {"schemaVersion", "system", "messages"}, "unknown key")
    need(value.get("schemaVersion", VERSION) == VERSION, "version")
    if "system" in value:
        _blocks(value["system"], asked=True)
    messages = value.get("messages")
    need(isinstance(messages, list), "no messages")
    need(len(messages) >= 2, "too few")
    for i, message in enumerate(messages):
        need(isinstance(message, dict), "no turn")
        need(set(message) == {"role", "content"}, "turn's keys")
        need(message["role"] == ("user", "assistant")[i % 2], "role")
        _blocks(message["content"], asked=i % 2 == 0)
    need(messages[-1]["role"] == "assistant", "no answer")


VERSION = "bedrock-conversation-2024"


def _blocks(blocks: Any, *, asked: bool) -> None:
    need(isinstance(blocks, list), "no blocks")
    need(blocks, "empty")
    for block in blocks:
        need(isinstance(block, dict), "no block")
        need(set(block) == {"text"}, "block's keys")
        _says(block["text"])
        if asked:
            _asks(block["text"])


def prompt_completion(line: bytes) -> None:
    value = record(line)
    need(set(value) == {"prompt", "completion"}, "keys")
    _says(value["prompt"])
    _says(value["completion"])


def sound(line: bytes, judge: Any) -> bool:
    try:
        judge(line)
    except Unsound:
        return False
    return True
