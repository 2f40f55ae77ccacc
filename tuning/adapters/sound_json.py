"""JSON that is read without surprises: no duplicate keys, no NaN, no half characters, no crash.

Numbers may be longer than a double holds, unlike in datasets: configurations are not rewritten from it.
"""

import json
from typing import Any

from tuning.adapters.refused import MergeRefusedError


class _UnsoundError(ValueError):
    pass


def parsed(raw: bytes, *, rule: str, where: str) -> dict[str, Any]:
    """A JSON object. Raises MergeRefusedError of `rule` that says what is wrong with it."""
    try:
        found = json.loads(
            raw.decode("utf-8"), object_pairs_hook=_once_each, parse_constant=_no_constant
        )
    except RecursionError:
        raise MergeRefusedError(rule, f"{where}: JSON nested too deeply") from None
    except UnicodeDecodeError as error:
        raise MergeRefusedError(rule, f"{where}: not UTF-8 at byte {error.start}") from None
    except ValueError as error:
        raise MergeRefusedError(rule, f"{where}: not valid JSON: {error}") from None
    if b"\\u" in raw and not _encodable(found):
        raise MergeRefusedError(rule, f"{where}: not valid JSON: half a character (\\ud800…)")
    if not isinstance(found, dict):
        raise MergeRefusedError(rule, f"{where}: is not a JSON object")
    return found


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        twice = next(k for k, _ in pairs if k in seen or seen.add(k))  # type: ignore[func-returns-value]
        raise _UnsoundError(f"the key {twice!r} appears twice")
    return made


def _encodable(found: Any) -> bool:
    try:
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _no_constant(name: str) -> float:
    raise _UnsoundError(f"{name} is not JSON")
