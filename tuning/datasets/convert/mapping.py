"""Columns and fields under the names that the reader of a dialect expects."""

from collections.abc import Mapping, Sequence
from typing import Any

from tuning.datasets.convert.conversion_refusals import RecordRefusedError
from tuning.errors import OptionError

MAPPED_NAMES = (
    *("prompt", "completion", "system"),
    *("instruction", "input", "output", "history"),
    *("messages", "conversations", "tools", "text", "image-ref", "caption"),
    *("messages.role", "messages.content", "conversations.from", "conversations.value"),
    *("chosen", "rejected"),
)
"""The fields that the dialects know; what a grader reads beside them may be called anything."""


def parse_mapping(pairs: list[str]) -> dict[str, str]:
    """`["prompt=question"]` as a mapping. Raises OptionError for what is not NAME=FIELD.

    NAME may have the list that it is in: `messages.role=speaker`.
    """
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
    inner = {name: field for name, field in mapping.items() if "." in name}
    outer = {name: field for name, field in mapping.items() if "." not in name}
    moved = _moved(record, outer)
    return _inside(moved, inner) if inner else moved


def reversed_pairs(
    records: Sequence[Mapping[str, Any]], mapping: Mapping[str, str]
) -> RecordRefusedError | None:
    """Why a mapping is the wrong way round: no record has its FIELD, and NAME is a field of theirs."""
    turned = [
        (name, field)
        for name, field in mapping.items()
        if field in MAPPED_NAMES
        and not any(field.partition(".")[0] in record for record in records)
        and any(name in record for record in records)
    ]
    if not turned:
        return None
    right = " ".join(f"--map {field}={name}" for name, field in turned)
    return RecordRefusedError(
        rule="CV201",
        message=f"no record has the field {turned[0][1]!r}; {turned[0][0]!r} is one: --map is the "
        "wrong way round",
        fix=f"Write the name that is wanted first: {right}.",
        field=turned[0][0],
        ends=True,
        options=tuple(("--map", f"{field}={name}") for name, field in turned),
        withdraw=tuple(("--map", f"{name}={field}") for name, field in turned),
    )


def _moved(record: dict[str, Any], mapping: Mapping[str, str]) -> dict[str, Any]:
    left = dict(record)
    moved = {name: _taken(left, field.split(".")) for name, field in mapping.items()}
    moved = {name: value for name, value in moved.items() if value is not None}
    for name in moved:
        if name in left:
            raise RecordRefusedError(
                rule="CV203",
                message=f"{name!r} is mapped, and is in the record already",
                fix=f"Map another field to it, or give up the old one with --drop {name}.",
                field=name,
                options=(("--drop", name),),
            )
    return moved | left


def _inside(record: dict[str, Any], mapping: Mapping[str, str]) -> dict[str, Any]:
    """The record with fields moved in the objects of its lists: `messages.role=speaker`."""
    made = dict(record)
    for name, field in mapping.items():
        listed, _, wanted = name.partition(".")
        old = field.removeprefix(f"{listed}.")
        if isinstance(items := made.get(listed), list):
            made[listed] = [_moved(i, {wanted: old}) if isinstance(i, dict) else i for i in items]
    return made


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
