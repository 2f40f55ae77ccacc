"""JSON as one may rely on it: what a lenient decoder would change without a word is refused."""

import json
from collections import Counter
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

PYTHONS = ("'", "True", "False", "None")
"""What distinguishes Python's notation from JSON that is broken."""
_LITERAL = 256 * 1024
"""Letters. Of more, the tree that Python makes of its notation takes too much memory."""


def loads(text: str) -> Any:
    """Decode one JSON value. Raises ValueError for anything that would not survive unchanged.

    Refused beside bad syntax: repeated keys, NaN and Infinity, numbers that a double cannot hold,
    lone surrogates, nesting beyond what the interpreter can follow.
    """
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        raise ValueError(_DEEP) from None
    _encodable(value, text)
    return value


def next_value(text: str, at: int) -> tuple[Any, int]:
    """The JSON value that begins at `at`, and where it ends. Raises ValueError as `loads` does."""
    try:
        value, end = _DECODER.raw_decode(text, at)
    except RecursionError:
        raise ValueError(_DEEP) from None
    _encodable(value, text)
    return value, end


def python_object(text: str) -> Any | None:
    """The object that Python wrote by `print` or `str`, in single quotes; None where it is not surely that.

    Nothing is run: only literals are read, of keys that appear once.
    """
    if not text.lstrip().startswith("{") or len(text) > _LITERAL:
        return None
    import ast  # noqa: PLC0415 — few files need it
    import warnings  # noqa: PLC0415 — idem

    try:
        with warnings.catch_warnings(action="error"):
            tree = ast.parse(text.strip(), mode="eval")
            if not isinstance(tree.body, ast.Dict):
                return None
            for node in ast.walk(tree):
                if isinstance(node, ast.Dict):
                    keys = [k.value if isinstance(k, ast.Constant) else None for k in node.keys]
                    if not all(isinstance(key, str) for key in keys) or len(set(keys)) < len(keys):
                        return None
            return loads(json.dumps(ast.literal_eval(tree), allow_nan=False))
    except (ValueError, TypeError, SyntaxError, SyntaxWarning, MemoryError, RecursionError):
        return None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"the key {twice[:40]!r} appears twice in one object")
    return made


def _no(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _float(written: str) -> float:
    value = float(written)
    try:
        same = Decimal(written) == Decimal(repr(value))
    except InvalidOperation:  # an exponent beyond what Decimal holds
        same = False
    if not same:
        raise ValueError(f"the number {written[:40]} cannot be held exactly")
    return value


def _encodable(value: object, text: str) -> None:
    if "\\u" not in text:
        return
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise ValueError("a lone surrogate (\\ud800 to \\udfff) is half a character") from None


_DEEP = "it is nested too deeply"
_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_no, parse_float=_float)
