"""Columns and fields under the names that the reader of a dialect expects."""

from collections.abc import Mapping
from typing import Any

from tuning.datasets.convert.conversion_refusals import RecordRefusedError
from tuning.errors import OptionError

NAMES = (
    *("prompt", "completion", "system"),
    *("instruction", "input", "output", "history"),
    *("messages", "conversations", "tools", "text", "image-ref", "caption"),
)
"""The fields that the dialects know; what a grader reads beside them may be called anything."""


def parse(pairs: list[str]) -> dict[str, str]:
    """`["prompt=question"]` as a mapping. Raises OptionError for what is not NAME=FIELD."""
    mapping: dict[str, str] = {}
    for pair in pairs:
        name, sign, field = pair.partition("=")
        if not (name and sign and field):
            raise OptionError(f"--map {pair}: write NAME=FIELD, such as prompt=question")
        if name in mapping:
            raise OptionError(f"--map {pair}: {name!r} is mapped twice")
        mapping[name] = field
    return mapping


def renamed(record: dict[str, Any], mapping: Mapping[str, str]) -> dict[str, Any]:
    """The record with its fields moved; a dot in a field leads into an object.

    A mapped field that is not there stays missing: whether it is needed, the reader knows.
    """
    if not mapping:
        return record
    left = dict(record)
    moved = {name: _taken(left, field.split(".")) for name, field in mapping.items()}
    moved = {name: value for name, value in moved.items() if value is not None}
    for name in moved:
        if name in left:
            raise RecordRefusedError(
                rule="CV203",
                message=f"{name!r} is mapped, and stands in the record already",
                fix=f"Map another field to it, or give up the old one with --drop {name}.",
                field=name,
            )
    return moved | left


def _taken(record: dict[str, Any], path: list[str]) -> Any:
    whole = ".".join(path)
    if whole in record:
        return record.pop(whole)
    inner = record.get(path[0])
    if len(path) == 1 or not isinstance(inner, dict):
        return None
    inner = dict(inner)
    value = _taken(inner, path[1:])
    if inner:
        record[path[0]] = inner
    else:
        del record[path[0]]
    return value
