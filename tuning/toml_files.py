"""Files that people write for a platform, one thing each: read, or refused with the file and the key."""

import tomllib
from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import Any

from tuning.errors import TuningError, nearest


def read_toml(
    path: Path, what: str, refusal: type[TuningError], parse_float: Callable[[str], Any] = float
) -> dict[str, Any]:
    """What a file says. `what`: a word for what it describes, such as `recipe`. Raises `refusal` naming the file, and
    those that are there.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"), parse_float=parse_float)
    except FileNotFoundError:
        known = sorted(p.stem for p in path.parent.glob("*.toml"))
        there = f"there are: {', '.join(known)}" if known else f"{path.parent}/ holds no *.toml"
        raise refusal(f"{path}: no such {what}{nearest(path.stem, known)}; {there}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise refusal(f"{path}: not valid TOML: {error}") from None


def refuse_unknown_keys(
    given: Iterable[str], known: Collection[str], at: str, refuse: Callable[[str, str], object]
) -> None:
    """Calls `refuse`, which raises, with the first key that is not known. `at` stands before it: `limits.`"""
    for key in given:
        if key not in known:
            hint = nearest(key, known) or f"; known: {', '.join(known)}"
            refuse(f"{at}{key}", f"unknown key{hint}")
