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
"""Characters. The same tools are in every record of a file; larger schemas would cost memory."""
_WORDS = 200
_TYPES = frozenset({"object", "array", "string", "number", "integer", "boolean", "null"})

_COUNTED = ("Length", "Items", "Properties", "Contains")
_SIZES = [f"{end}{of}" for end in ("min", "max") for of in _COUNTED]
_ANCHOR = re.compile(r"[A-Za-z_][A-Za-z0-9._-]*")
_NEWEST, _DRAFT_3, _DRAFT_4, _DRAFT_6, _DRAFT_7, _DRAFT_2019 = range(6)
_EARLY = (_DRAFT_3, _DRAFT_4)
_DIALECTS = {
    "http://json-schema.org/draft-03/schema": _DRAFT_3,
    "http://json-schema.org/draft-04/schema": _DRAFT_4,
    "http://json-schema.org/draft-06/schema": _DRAFT_6,
    "http://json-schema.org/draft-07/schema": _DRAFT_7,
    "https://json-schema.org/draft/2019-09/schema": _DRAFT_2019,
}
"""Those whose words differ from the newest; other addresses are taken for that, as the library does."""
_MOST_KINDS = 16
_PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\??|.", re.DOTALL)
"""A piece of a regular expression."""


class _Flaw(NamedTuple):
    message: str
    path: tuple[str | int, ...]


def check_schema(schema: object, at: str, walk: Walk) -> None:
    """What a tool takes."""
    if not walk.is_a(schema, dict, at):
        return
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
    draft = _dialect(schema.get("$schema", "")) if isinstance(schema, dict) else _NEWEST
    return draft is not None and _judged(schema, draft)


def _dialect(named: object) -> int | None:
    """None where words may have other meanings than here."""
    if not isinstance(named, str):
        return None
    former = None if "draft-0" in named else _NEWEST
    return _DIALECTS.get(named.removesuffix("#"), former)


def _judged(schema: object, draft: int) -> bool:
    if isinstance(schema, bool):
        return draft not in _EARLY
    return (
        isinstance(schema, dict)
        and all(word not in _FITS or _FITS[word](value, draft) for word, value in schema.items())
        and (
            draft not in _EARLY
            or all(needed in schema or word not in schema for needed, word in _BOUNDS)
        )
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


def _text(value: object, _draft: int = _NEWEST) -> bool:
    return isinstance(value, str)


def _yes(value: object, _draft: int = _NEWEST) -> bool:
    return isinstance(value, bool)


def _texts(value: object, draft: int) -> bool:
    return (
        isinstance(value, list)
        and all(map(_text, value))
        and len(set(value)) == len(value)
        and (draft not in _EARLY or len(value) > 0)
    )


def _number(value: object, _draft: int = _NEWEST) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(value: object, draft: int) -> bool:
    counted = type(value) is int or (
        type(value) is float and draft not in _EARLY and value.is_integer()
    )
    return counted and value >= 0  # type: ignore[operator]  # a number, as was just seen


def _bound(value: object, draft: int) -> bool:
    return _yes(value) if draft in _EARLY else _number(value)


def _enum(value: object, draft: int) -> bool:
    if draft not in _EARLY:
        return isinstance(value, list)
    kinds = {type(one) for one in value} if isinstance(value, list) else set()
    return kinds <= {str, int} and len(kinds) > 0 and len(set(value)) == len(value)  # type: ignore[call-overload, arg-type]  # a list


def _schemas(value: object, draft: int) -> bool:
    return isinstance(value, dict) and all(_judged(one, draft) for one in value.values())


def _choices(value: object, draft: int) -> bool:
    return isinstance(value, list) and len(value) > 0 and all(_judged(one, draft) for one in value)


def _items(value: object, draft: int) -> bool:
    return _judged(value, draft) or (draft != _NEWEST and _choices(value, draft))


def _type(value: object, draft: int) -> bool:
    if draft == _DRAFT_3:
        return _kinds(value)
    if isinstance(value, list):
        return _texts(value, _DRAFT_4) and _TYPES.issuperset(value)
    return isinstance(value, str) and value in _TYPES


def _kinds(value: object) -> bool:
    """What draft 3 takes for types: any name, or a list of names and at most one schema, so that none is there twice."""
    if not isinstance(value, list):
        return isinstance(value, str)
    named = [one for one in value if isinstance(one, str)]
    others = [one for one in value if not isinstance(one, str)]
    return (
        len(value) <= _MOST_KINDS
        and len(set(named)) == len(named)
        and (not others or (len(others) == 1 and _judged(others[0], _DRAFT_3)))
    )


def _depends(value: object, draft: int) -> bool:
    return _texts(value, draft) or _judged(value, draft) or (draft == _DRAFT_3 and _text(value))


def _required(value: object, draft: int) -> bool:
    return _yes(value) if draft == _DRAFT_3 else _texts(value, draft)


def _of_draft_3(fits: Callable[[Any], bool]) -> Callable[[Any, int], bool]:
    """A word that has no meaning in later drafts."""
    return lambda value, draft: draft != _DRAFT_3 or fits(value)


def _lists(value: object, draft: int) -> bool:
    return isinstance(value, dict) and all(_texts(one, draft) for one in value.values())


_FITS: dict[str, Callable[[Any, int], bool]] = {
    "type": _type,
    **dict.fromkeys(("description", "title", "format", "$comment", "$ref", "$dynamicRef"), _text),
    **dict.fromkeys(("contentEncoding", "contentMediaType", "$schema", "$recursiveRef"), _text),
    "pattern": lambda value, _: _text(value) and well_formed(value),
    **dict.fromkeys(("readOnly", "writeOnly", "deprecated", "uniqueItems"), _yes),
    **dict.fromkeys(("properties", "$defs", "definitions", "dependentSchemas"), _schemas),
    "patternProperties": lambda value, draft: (
        _schemas(value, draft) and all(map(well_formed, value))
    ),
    "dependentRequired": _lists,
    "dependencies": lambda value, draft: (
        isinstance(value, dict) and all(_depends(one, draft) for one in value.values())
    ),
    **dict.fromkeys(("anyOf", "oneOf", "allOf", "prefixItems"), _choices),
    **dict.fromkeys(_SIZES, _whole),
    "items": _items,
    **dict.fromkeys(("contains", "propertyNames", "not", "if", "then", "else"), _judged),
    **dict.fromkeys(("contentSchema", "unevaluatedItems", "unevaluatedProperties"), _judged),
    **dict.fromkeys(
        ("additionalProperties", "additionalItems"),
        lambda value, draft: _yes(value) or _judged(value, draft),
    ),
    "required": _required,
    "disallow": _of_draft_3(_kinds),
    "extends": _of_draft_3(
        lambda value: (_choices if isinstance(value, list) else _judged)(value, _DRAFT_3)
    ),
    "divisibleBy": _of_draft_3(lambda value: _number(value) and value > 0),
    "enum": _enum,
    "examples": lambda value, _: isinstance(value, list),
    **dict.fromkeys(("minimum", "maximum"), _number),
    **dict.fromkeys(("exclusiveMinimum", "exclusiveMaximum"), _bound),
    "multipleOf": lambda value, _: _number(value) and value > 0,
    "$id": lambda value, _: _text(value) and "#" not in value[:-1],
    "id": lambda value, draft: draft not in _EARLY or _text(value),
    **dict.fromkeys(
        ("$anchor", "$dynamicAnchor"),
        lambda value, _: _text(value) and bool(_ANCHOR.fullmatch(value)),
    ),
    "$recursiveAnchor": lambda value, draft: draft == _DRAFT_2019 and _yes(value),
    "$vocabulary": lambda _, __: False,
}
"""What may be the value of each word that has a meaning; where that is not certain, the library decides."""
_BOUNDS = (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum"))
"""In drafts 3 and 4 the latter needs the former."""


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
