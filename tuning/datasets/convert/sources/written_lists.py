"""Lists of messages that are in a record as one text: in JSON, or as Python or NumPy prints them, as tables hold them."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tuning.datasets.convert.conversion_refusals import RecordRefusedError
from tuning.datasets.convert.sources.raw import Notes, Raw
from tuning.datasets.convert.sources.strict_json import loads, python_object

_FIELDS = ("messages", "conversations", "conversation", "contents")
_LIST = re.compile(r"\s*\[\s*\{")
_NEXT = re.compile(r"\}\n\s*\{")
"""Where NumPy prints no comma. In what Python prints of a text, a line end is an escape."""
_READ = "lists of messages written as text, read"


def lists_read(raw: Raw, mapping: Mapping[str, str], notes: Notes) -> Raw:
    """The record with its messages as a list, where they were one as text."""
    if isinstance(raw.value, RecordRefusedError):
        return raw
    value = with_list(raw.value, mapping)
    if value is raw.value:
        return raw
    notes[_READ] += 1
    return replace(raw, value=value)


def with_list(record: dict[str, Any], mapping: Mapping[str, str]) -> dict[str, Any]:
    """A record whose messages are a list, or the record itself where nothing is to be read. `mapping` is as of `--map`."""
    for field in _FIELDS:
        name = mapping.get(field, field)
        held = record.get(name)
        if isinstance(held, str) and (found := written_list(held)):
            held = found
        if isinstance(held, list) and any(map(_written_parts, held)):
            held = [{**one, "content": _written_parts(one) or one.get("content")} for one in held]
        if held is not record.get(name):
            return {**record, name: held}
    return record


def _written_parts(message: object) -> list[Any] | None:
    """The parts of a message whose content is a list of them, written as text; None where it is none."""
    content = message.get("content") if isinstance(message, dict) else None
    parts = written_list(content) or []
    typed = (isinstance(part, dict) and part.get("type") in part for part in parts)
    return parts if parts and all(typed) else None


def written_list(text: object) -> list[Any] | None:
    """The list of objects that a text is; None where it is none."""
    if not isinstance(text, str) or not _LIST.match(text):
        return None
    try:
        value = loads(text)
    except ValueError:
        object_ = python_object(f'{{"_": {_NEXT.sub("},{", text.strip())}}}')
        value = object_["_"] if object_ else None
    return value if isinstance(value, list) else None
