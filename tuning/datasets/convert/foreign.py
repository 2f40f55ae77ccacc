"""Whether an upload is in the model's own format already, and if not, what it is.

Own is what the checker would take, and what is nothing else that we know: the checker says best
what is wrong with it. A sound file of the model's own format is therefore never converted.
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import IO, Any

from tuning.datasets import looks
from tuning.datasets.convert import detect
from tuning.datasets.convert.conversion_refusals import RecordRefusedError
from tuning.datasets.convert.mapping import renamed
from tuning.datasets.convert.sources.written_lists import with_list
from tuning.datasets.convert.suggestions import of_messages, records_in, suggested
from tuning.datasets.rules import rules
from tuning.datasets.unpacking import BOM, gunzipped_head, peeked
from tuning.models.catalog import Method

_HEAD = 1024 * 1024
"""Bytes that are looked at: a first record beyond it is taken for the model's own format."""
_LINES = 200
_PARQUET = b"PAR1"


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What the beginning of an upload shows."""

    stream: IO[bytes]
    """The upload, whole, as it was given."""
    container: str | None
    foreign: str | None
    """Why the model's own format it is not; None when it is."""
    head: bytes = b""
    """Its beginning, unpacked, up to the end of a line."""


def inspected(
    stream: IO[bytes], *, name: str, method: Method, mapping: Mapping[str, str]
) -> Inspection:
    """Look at the beginning of an upload without losing it. Raises nothing but what reading does."""
    raw, stream = peeked(stream, _HEAD)
    head = gunzipped_head(raw, _HEAD).removeprefix(BOM)
    if looks.binary(head) and not head.startswith(_PARQUET):
        return Inspection(stream=stream, container=None, foreign=None)  # the checker names it
    container = detect.container(head, name)
    # Records follow a first line that is broken. Of an array that has its records line by
    # line only the last, without a comma, is one.
    if container and container.name == "json" and _sound_lines(head, method) > 1:
        container = replace(container, name="jsonl")
    if container and container.name != "jsonl":
        why = f"it is {container.name} ({container.why})"
    else:
        why = _dialect(head, method, mapping) or ""
    whole = head if len(head) < _HEAD else head[: head.rfind(b"\n") + 1]
    kind = container.name if container else None
    return Inspection(stream=stream, container=kind, foreign=why or None, head=whole)


def _dialect(head: bytes, method: Method, mapping: Mapping[str, str]) -> str | None:
    """What most of the records are that can be read, when it is another dialect than the model's."""
    own = 0
    others: Counter[str] = Counter()
    why: dict[str, str] = {}
    for line, record in _records(head):
        if _sound(line, method) or (other := _other(record, method, mapping)) is None:
            own += 1
        else:
            others[other[0]] += 1
            why.setdefault(*other)
    most = max(others, key=lambda name: others[name], default=None)
    return why[most] if most is not None and others[most] > own else None


def _other(
    record: dict[str, Any], method: Method, mapping: Mapping[str, str]
) -> tuple[str, str] | None:
    """The dialect of a record, and the reason, when it is one that the method does not take."""
    if with_list(record, mapping) is not record:
        return "written", "its messages are a list that is written as text"
    try:
        shape = detect.shape(renamed(record, mapping))
    except RecordRefusedError:
        return "mapped", "its fields have the names that others are mapped to"
    if shape:
        other = (shape.name, f"its records are {shape.name} ({shape.why})")
        return None if shape.name == method.format else other
    if of_messages(record) or records_in(record) or suggested(record):
        return "renamed", "its fields have other names than those of any format"
    return None


def _sound_lines(head: bytes, method: Method) -> int:
    return sum(_sound(line, method) for line, _ in _records(head))


def _sound(line: bytes, method: Method) -> bool:
    from tuning.datasets.diagnosis import diagnose  # noqa: PLC0415 — only where a line is in doubt

    return not any(rules()[f.rule].severity == "error" for f in diagnose(line, method).faults)


def _records(head: bytes) -> Iterator[tuple[bytes, dict[str, Any]]]:
    for line in head.split(b"\n", _LINES)[:_LINES]:
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            yield line, value
