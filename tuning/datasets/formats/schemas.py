"""The schemas of tools: JSON Schema, checked by a library, and an object at the top.

The library takes a millisecond for a schema, so those of plain words that stand in nearly every tool are
recognized first; a test holds that the library accepts all that is recognized so.

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

_SIZES = [f"{end}{of}" for end in ("min", "max") for of in ("Length", "Items", "Properties")]
_WITHIN = re.compile(r"#/[A-Za-z0-9_$/-]*")
"""A reference within the schema."""


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
    """Whether a schema is surely one: of the words that nearly all tools use, rightly used. `blocks.h` knows them."""
    return isinstance(schema, dict) and all(
        word in _FITS and _FITS[word](value) for word, value in schema.items()
    )


def _text(value: object) -> bool:
    return isinstance(value, str)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _schemas(value: object) -> bool:
    return isinstance(value, dict) and all(map(_simple, value.values()))


def _choices(value: object) -> bool:
    return isinstance(value, list) and len(value) > 0 and all(map(_simple, value))


_FITS: dict[str, Callable[[Any], bool]] = {
    "type": lambda value: _text(value) and value in _TYPES,
    **dict.fromkeys(("description", "title", "format"), _text),
    **dict.fromkeys(("properties", "$defs"), _schemas),
    **dict.fromkeys(("anyOf", "oneOf", "allOf"), _choices),
    "$ref": lambda value: _text(value) and bool(_WITHIN.fullmatch(value)),
    **dict.fromkeys(_SIZES, lambda value: type(value) is int and value >= 0),
    "items": _simple,
    "required": lambda value: (
        isinstance(value, list) and all(map(_text, value)) and len(set(value)) == len(value)
    ),
    "enum": lambda value: isinstance(value, list),
    "default": lambda value: not isinstance(value, list | dict),
    **dict.fromkeys(("minimum", "maximum"), _number),
    "additionalProperties": lambda value: isinstance(value, bool) or _simple(value),
}
"""What may stand after each of these words."""


@lru_cache(maxsize=512)
def _flaw(written: str) -> _Flaw | None:
    """The first thing that keeps a schema from being one."""
    # Imported where a record has tools: jsonschema takes 60 ms, and few datasets have any.
    from jsonschema import SchemaError  # noqa: PLC0415
    from jsonschema.validators import Draft202012Validator, validator_for  # noqa: PLC0415

    schema: dict[str, Any] = json.loads(written)
    if not isinstance(schema.get("$schema", ""), str):
        return _Flaw("$schema must be a text", ("$schema",))
    known = validator_for(schema, default=Draft202012Validator)
    try:
        known.check_schema(schema)
    except SchemaError as error:
        message = error.message if len(error.message) <= _WORDS else f"{error.message[:_WORDS]}…"
        return _Flaw(f"no JSON Schema: {message}", tuple(error.absolute_path))
    except RecursionError:
        return _Flaw("nested too deep to be read", ())
    return None
