"""Walks a parsed record and collects what is wrong with it, each fault with its path."""

import json
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeGuard, TypeVar

from msgspec import Struct, field

from tuning.errors import NEAR, nearest

_Kind = TypeVar("_Kind")
_SHOWN = 40  # characters of a key or a short value that a message may repeat
_LISTED = 6
_REMEMBERED = 256
"""Characters. The same slip is in every line of a file; longer ones would cost memory."""


class Fault(NamedTuple):
    """One thing wrong, before it is known where in the file the record is."""

    rule: str
    message: str
    field: str | None = None
    column: int | None = None
    fix: str | None = None
    """When the case allows a better one than the rule's own."""


class Mark(str):
    """A piece of a prompt that is not text, such as an image: it only has to compare."""

    __slots__ = ()


def mark(value: object) -> Mark:
    """What compares of a value that is not text: its JSON, with its keys in order. `blocks.h` writes the same."""
    return Mark(_CANONICAL.encode(value))


_CANONICAL = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))
_QUIET = Fault("DS301", "")
_NULL = "Write the value, or remove the record; leave the key out where it is optional."
_NAMES = {
    dict: "an object",
    list: "a list",
    str: "text",
    int: "a whole number",
    bool: "true or false",
}


class Walk(Struct):
    """The faults and the content found so far in one record."""

    faults: list[Fault] = field(default_factory=list)
    prompt: list[str] = field(default_factory=list)
    """What the model is given, piece by piece."""
    answer: list[str] | None = None
    """What the model learns to say; None when the format has no answers."""
    traits: set[str] = field(default_factory=set)
    """Optional parts that the record makes use of: `system`, `image`, …"""
    foreign: bool = False
    """Whether the record has several keys, and none of them is one of the format's, or nearly one."""
    buckets: set[str] = field(default_factory=set)
    contested: set[str] = field(default_factory=set)
    """What the record holds that AWS's pages disagree on; see the catalog."""
    marked: bool = True
    """Whether a reserved word may be in the record."""
    enough: frozenset[str] = frozenset()
    """Rules of which no finding is listed any more: where a record may break them a thousand times, nobody words it."""
    readable: bool = True
    """False when prompt and answer could not be determined: the record is left out of comparisons."""

    @property
    def texts(self) -> list[str]:
        """Every text of the record, marks left out."""
        pieces = (*self.prompt, *(self.answer or ()))
        return [piece for piece in pieces if not isinstance(piece, Mark)]

    def fault(self, rule: str, message: str, at: str | None = None, fix: str | None = None) -> None:
        self.faults.append(Fault(rule, message, at, None, fix))

    def keys(
        self, value: dict[str, Any], at: str, required: Sequence[str], optional: Sequence[str] = ()
    ) -> None:
        """Refuse unknown keys, with the nearest miss, and name missing ones."""
        names = tuple(value)
        unknown = 0
        find_slips = _slips if len("".join(names)) <= _REMEMBERED else _slips.__wrapped__
        quiet, faults = "DS301" in self.enough, self.faults
        slips = find_slips(names, tuple(required), tuple(optional), quiet=quiet)
        for key, close, known in slips:
            self.readable = self.readable and not close and not known
            unknown += not known and not close
            if known:
                self.fault("DS302", f"the key {key!r} is missing", at or None)
            elif quiet:
                faults.append(_QUIET)
            else:
                allowed = ", ".join((*required, *optional))
                message = f"unknown key {shown(key)}{close}; allowed here: {allowed}"
                faults.append(Fault("DS301", message, inside(at, key)))
        self.foreign |= not at and 1 < unknown == len(names)

    def is_a(self, value: object, kind: type[_Kind], at: str, hint: str = "") -> TypeGuard[_Kind]:
        """Whether `value` is of that JSON type; a fault when not."""
        if type(value) is kind or (kind is dict and isinstance(value, dict)):
            return True
        self.readable = False
        fix = _NULL if value is None else None
        self.fault("DS303", f"expected {_NAMES[kind]}, got {what(value)}{hint}", at or None, fix)
        return False

    def items(self, value: object, at: str, hint: str = "") -> list[Any]:
        """The items of a list that must not be empty."""
        if not self.is_a(value, list, at, hint):
            return []
        if not value:
            self.readable = False
            self.fault("DS307", "the list is empty", at)
        return value

    def text(self, value: object, at: str, hint: str = "") -> str | None:
        """A text that says something, or None with a fault."""
        if not self.is_a(value, str, at, hint):
            return None
        if not value or value.isspace():
            is_what = "only white space" if value else "empty"
            self.fault("DS405", f"the text is {is_what}", at)
        return value


def plain_text(block: object) -> str | None:
    """The words of a block that is one sound text: nearly every block, so recognized first."""
    if isinstance(block, dict) and len(block) == 1:
        text = block.get("text")
        if isinstance(text, str) and text and not text.isspace():
            return text
    return None


@lru_cache(maxsize=256)
def _slips(
    names: tuple[str, ...], required: tuple[str, ...], optional: tuple[str, ...], *, quiet: bool
) -> tuple[tuple[str, str, bool], ...]:
    """Each unknown key with its near miss, if it has one, and each that is missing, with whether it is known."""
    allowed, there = (*required, *optional), frozenset(names)
    absent = tuple(key for key in allowed if key not in there)
    missing = [key for key in required if key not in there]
    slips: list[tuple[str, str, bool]] = []
    near = False
    for key in names:
        if key in allowed:
            continue
        # Where nobody words them, all that a second near miss says is which key is not missing.
        close = "" if quiet and near and not missing else near_miss(key, absent)
        near = near or bool(close)
        if close:
            meant = close.split("'")[1]
            missing = [k for k in missing if k != meant]
        slips.append((key, close, False))
    slips += [(key, "", True) for key in missing]
    return tuple(slips)


def near_miss(word: str, known: tuple[str, ...]) -> str:
    """A near miss in words, whatever its case."""
    if _far(word, known):
        return ""
    return (_near if len(word) <= _REMEMBERED else _near.__wrapped__)(word, known)


@lru_cache(maxsize=64)
def _signs(known: tuple[str, ...]) -> tuple[Callable[[str], bool], int, int]:
    """Whether names are made of a sign, in either case, and how long the shortest and the longest is."""
    joined = "".join(known)
    both = frozenset(joined + joined.upper() + joined.lower())
    return both.__contains__, min(map(len, known)), max(map(len, known))


def _far(word: str, known: tuple[str, ...]) -> bool:
    """Whether so many signs of a word are in none of our names, all of ASCII, that it is near none of them in any
    case: a record may have 5,000 keys, and a comparison takes ten times as long.
    """
    if not known:
        return True
    contains, shortest, longest = _signs(known)
    bare = word.strip()
    plain = bare if bare.isascii() else bare.casefold()
    shared = sum(map(contains, plain))
    length = min(len(word), len(plain))
    size = min(max(shared, shortest), longest)  # of the name that would be nearest
    return size > 0 and 2.0 * min(size, shared) / (length + size) < NEAR


@lru_cache(maxsize=256)
def _near(word: str, known: tuple[str, ...]) -> str:
    plain = word.strip().casefold()
    return nearest(word, known) or (nearest(plain, known) if plain != word else "")


def inside(at: str, key: str) -> str:
    """The path of `key` in the object at `at`."""
    plain = (
        key if key.replace("-", "_").isidentifier() and len(key) <= _SHOWN else f"[{shown(key)}]"
    )
    return f"{at}.{plain}" if at and not plain.startswith("[") else f"{at}{plain}"


def shown(text: str) -> str:
    """A key or short value as messages repeat it: quoted, harmless on a terminal, never long."""
    cut = text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"
    return ascii(cut) if not cut.isprintable() else repr(cut)


def first_keys(record: Mapping[str, Any]) -> str:
    """The first keys of a record, as messages name them."""
    rest = ", …" if len(record) > _LISTED else ""
    return ", ".join(map(shown, [*record][:_LISTED])) + rest


def what(value: object) -> str:
    """A JSON value's type, in words."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case list():
            return "a list"
        case _:
            return "an object"
