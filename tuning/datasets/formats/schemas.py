"""The schemas of tools: JSON Schema, checked by a library, and an object at the top.

The library takes a millisecond for a schema, so what is surely one is recognized first, and only the others are
asked about; a test holds that the library accepts all that is recognized so.

That the top is an object is the service's own rule ("The value at ….inputSchema.json.type must be one of
the following: object"): https://github.com/cognitect-labs/aws-api/issues/272
"""

import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from tuning.datasets.formats.walk import Walk, inside

_REMEMBERED = 4096
"""Characters. The same tools stand in every record of a file; larger schemas would cost memory."""
_WORDS = 200
_TYPES = frozenset({"object", "array", "string", "number", "integer", "boolean", "null"})

_COUNTED = ("Length", "Items", "Properties", "Contains")
_SIZES = [f"{end}{of}" for end in ("min", "max") for of in _COUNTED]
_ANCHOR = re.compile(r"[A-Za-z_][A-Za-z0-9._-]*")
_OTHER_DIALECT = re.compile("draft-0[^7]")
"""Whose words have other meanings."""
_PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\??|.", re.DOTALL)
"""A piece of a regular expression."""


class _Flaw(NamedTuple):
    message: str
    path: tuple[str | int, ...]


def check_schema(schema: object, at: str, walk: Walk) -> None:
    """What a tool takes."""
    if not walk.is_a(schema, dict, at):
        return
    assert isinstance(schema, dict)  # noqa: S101 — for the type checker; is_a decided
    kind = schema.get("type")
    if kind != "object":
        held = "has no type" if "type" not in schema else "is of another type than object"
        walk.fault("DS419", f"the schema {held}; a tool takes an object", at)
    if _simple(schema):
        return
    written = json.dumps(schema)  # in order, so that equal keys are equal schemas
    find = _flaw if len(written) <= _REMEMBERED else _flaw.__wrapped__
    if flaw := find(written):
        where = at
        for step in flaw.path:
            where = f"{where}[{step}]" if isinstance(step, int) else inside(where, step)
        walk.fault("DS419", flaw.message, where)


def _simple(schema: object) -> bool:
    """Whether a schema is surely one; a word without a meaning may have any value. `blocks.h` knows the same."""
    return isinstance(schema, bool) or (
        isinstance(schema, dict)
        and all(word not in _FITS or _FITS[word](value) for word, value in schema.items())
    )


def well_formed(pattern: str) -> bool:
    r"""Whether a regular expression is one in some dialect: brackets match, and there is something to repeat.

    Not whether Python compiles it, which knows no `\\p{L}`, and takes a hundred times as long as the record.
    """
    depth, repeatable = 0, False
    for piece in _PIECE.findall(pattern):
        if piece in ("\\", "["):
            return False
        if piece in ("*", "+", "?") and not repeatable:
            return False
        depth += piece.startswith("(") - (piece == ")")
        if depth < 0:
            return False
        repeatable = not piece.startswith(("(", "|"))
    return depth == 0


def _text(value: object) -> bool:
    return isinstance(value, str)


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_text, value)) and len(set(value)) == len(value)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _schemas(value: object) -> bool:
    return isinstance(value, dict) and all(map(_simple, value.values()))


def _choices(value: object) -> bool:
    return isinstance(value, list) and len(value) > 0 and all(map(_simple, value))


def _type(value: object) -> bool:
    if isinstance(value, list):
        return _texts(value) and len(value) > 0 and _TYPES.issuperset(value)
    return isinstance(value, str) and value in _TYPES


def _lists(value: object) -> bool:
    return isinstance(value, dict) and all(map(_texts, value.values()))


_FITS: dict[str, Callable[[Any], bool]] = {
    "type": _type,
    **dict.fromkeys(("description", "title", "format", "$comment", "$ref", "$dynamicRef"), _text),
    **dict.fromkeys(("contentEncoding", "contentMediaType"), _text),
    "pattern": lambda value: _text(value) and well_formed(value),
    **dict.fromkeys(
        ("readOnly", "writeOnly", "deprecated", "uniqueItems"),
        lambda v: v in (True, False) and type(v) is bool,
    ),
    **dict.fromkeys(("properties", "$defs", "definitions", "dependentSchemas"), _schemas),
    "patternProperties": lambda value: _schemas(value) and all(map(well_formed, value)),
    "dependentRequired": _lists,
    "dependencies": lambda value: (
        isinstance(value, dict) and all(_texts(v) or _simple(v) for v in value.values())
    ),
    **dict.fromkeys(("anyOf", "oneOf", "allOf", "prefixItems"), _choices),
    **dict.fromkeys(_SIZES, lambda value: type(value) is int and value >= 0),
    **dict.fromkeys(("items", "contains", "additionalProperties", "propertyNames"), _simple),
    **dict.fromkeys(("not", "if", "then", "else", "contentSchema"), _simple),
    **dict.fromkeys(("unevaluatedItems", "unevaluatedProperties"), _simple),
    "required": _texts,
    **dict.fromkeys(("enum", "examples"), lambda value: isinstance(value, list)),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _number),
    "multipleOf": lambda value: _number(value) and value > 0,
    "$schema": lambda value: _text(value) and not _OTHER_DIALECT.search(value),
    "$id": lambda value: _text(value) and "#" not in value,
    **dict.fromkeys(
        ("$anchor", "$dynamicAnchor"), lambda value: _text(value) and bool(_ANCHOR.fullmatch(value))
    ),
    **dict.fromkeys(("$recursiveAnchor", "$recursiveRef", "$vocabulary"), lambda _: False),
}
"""What may be the value of each word that has a meaning; where that is not certain, the library decides."""


@lru_cache(maxsize=512)
def _flaw(written: str) -> _Flaw | None:
    """The first thing that keeps a schema from being one."""
    # Imported where a record has tools: jsonschema takes 60 ms, and few datasets have any.
    from jsonschema import FormatChecker, SchemaError  # noqa: PLC0415
    from jsonschema.validators import Draft202012Validator, validator_for  # noqa: PLC0415

    schema: dict[str, Any] = json.loads(written)
    if not isinstance(schema.get("$schema", ""), str):
        return _Flaw("$schema must be a text", ("$schema",))
    formats = FormatChecker(())
    formats.checks("regex")(lambda pattern: not isinstance(pattern, str) or well_formed(pattern))
    known = validator_for(schema, default=Draft202012Validator)
    try:
        known.check_schema(schema, format_checker=formats)
    except SchemaError as error:
        message = error.message if len(error.message) <= _WORDS else f"{error.message[:_WORDS]}…"
        return _Flaw(f"no JSON Schema: {message}", tuple(error.absolute_path))
    except RecursionError:
        return _Flaw("nested too deep to be read", ())
    return None
