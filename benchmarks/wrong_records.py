"""Records that are wrong, each in another way: what is drawn differs in place, name, type and sign from record to record."""

import json
import random
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

from benchmarks.other_formats import OTHER_FORMATS
from benchmarks.right_records import WORDS, Record, conversation, media, pair, text, tools

Slip = Callable[[random.Random, Record], None]
SIGNS = "abcdefghijklmnopqrstuvwxyzABCXYZ0123456789 _-.éß" + '\u212a今\n"\\🎉'
NAMES = (
    "messages schemaVersion system toolConfig role content text prompt completion user assistant image toolUse format "
    "source uri bucketOwner name input status error message chosen rejected label conversations instruction tool_calls "
    "type data reference_answer tools function name description parameters image-ref caption id "
    "toolSpec inputSchema json properties required toolUseId toolResult toolChoice"
).split()
ODD = [
    *"\u200b\ufeff\0\x7f\ud83d🎉\U000e0041",
    *"a@b.co [INST] <|im_start|> User: \n\nHuman: xBot:".split(" "),
]
JUNK = [*"{}[]\",:\\x0\t\1\0é\ufeff-'", *"NaN \\u \\ud83d \\x 1e999 null //".split()]
BYTES = (b"\xff", b"\xc3", b"\xed\xa0\x80", b"\0", b"\x1a", b"\xef\xbb\xbf")


def name(rng: random.Random) -> str:
    """A name that no other record has: of its own, or nearly one that is known."""
    if rng.randrange(2):
        return "".join(rng.choices(SIGNS, k=rng.randint(1, 24)))
    known = rng.choice(NAMES)
    at = rng.randrange(len(known) + 1)
    to = at + rng.choice((0, 0, 1, 2, 9))
    known = known[:at] + "".join(rng.choices(SIGNS, k=rng.randint(0, 4))) + known[to:]
    return rng.choice((known, known, known.upper(), f" {known}", known.title()))


def value(rng: random.Random, deep: int = 3) -> Any:  # noqa: PLR0911 — one of each kind
    """Any value, of a shape of its own."""
    match rng.randrange(9 if deep else 6):
        case 0:
            return rng.randrange(10**6)
        case 1:
            return rng.random() * 1e6
        case 2:
            return rng.choice((None, True, False, "", " ", [], {}, 10**17))
        case 3 | 4:
            return " ".join(rng.choices([*WORDS, *ODD], k=rng.randint(1, 9)))
        case 5:
            return name(rng)
        case 6 | 7:
            return [value(rng, deep - 1) for _ in range(rng.randint(0, 3))]
        case _:
            return {name(rng): value(rng, deep - 1) for _ in range(rng.randint(0, 3))}


def holders(held: Any) -> Iterator[Any]:
    """Every object and list of a record, itself among them."""
    if isinstance(held, dict | list):
        yield held
        for inner in held.values() if isinstance(held, dict) else held:
            yield from holders(inner)


def _place(rng: random.Random, record: Record, kind: type) -> Any:
    return rng.choice(
        [holder for holder in holders(record) if isinstance(holder, kind) and holder] or [record]
    )


def more(rng: random.Random, record: Record) -> None:
    """An unknown key anywhere."""
    there = _place(rng, record, dict)
    there[name(rng)] = value(rng)


def renamed(rng: random.Random, record: Record) -> None:
    """A key that is misspelt, among the others."""
    there = _place(rng, record, dict)
    held = [
        (name(rng) if rng.random() < 1 / len(there) else key, inner) for key, inner in there.items()
    ]
    there.clear()
    there.update(held)


def retyped(rng: random.Random, record: Record) -> None:
    """Another value anywhere."""
    there = rng.choice([*holders(record)])
    if there:
        there[rng.choice(list(there) if isinstance(there, dict) else range(len(there)))] = value(
            rng
        )


def removed(rng: random.Random, record: Record) -> None:
    there = rng.choice([*holders(record)])
    if there:
        del there[rng.choice(list(there) if isinstance(there, dict) else range(len(there)))]


def shuffled(rng: random.Random, record: Record) -> None:
    """Keys in another order, everywhere."""
    for there in [*holders(record)]:
        if isinstance(there, dict):
            held = rng.sample([*there.items()], len(there))
            there.clear()
            there.update(held)


def moved(rng: random.Random, record: Record) -> None:
    """An item or a value again, at another place."""
    taken = deepcopy(rng.choice([*holders(record)]))
    there = rng.choice([*holders(record)])
    if isinstance(there, list):
        there.insert(rng.randrange(len(there) + 1), taken)
    else:
        there[rng.choice(NAMES)] = taken


def said(rng: random.Random, record: Record) -> None:
    """A text that is another name, or says nothing, or what is reserved."""
    there = _place(rng, record, dict)
    texts = [key for key, inner in there.items() if isinstance(inner, str)]
    if texts:
        there[rng.choice(texts)] = rng.choice(
            (
                name(rng),
                "",
                f"{text(rng, 3)}{rng.choice(ODD)}",
                " " * rng.randint(1, 9),
                f"User: {name(rng)}",
                f"x{name(rng)} Bot:",
            )
        )


def nested(rng: random.Random, record: Record) -> None:
    """A value in lists and objects, about as deep as they may be."""
    deep = value(rng)
    for _ in range(rng.choice((9, 40, rng.randint(50, 70), 90))):
        deep = rng.choice(([deep], {"a": deep}, [1, deep]))
    there = _place(rng, record, dict)
    there[rng.choice([*there, "a"])] = deep


SLIPS: dict[str, Slip] = {
    "unknown key": more,
    "misspelt key": renamed,
    "wrong type": retyped,
    "missing": removed,
    "order": lambda rng, record: (shuffled(rng, record), more(rng, record))[1],
    "moved": moved,
    "word": said,
    "nested": nested,
}


def _truncated(rng: random.Random, line: bytes) -> bytes:
    return line[: rng.randrange(1, len(line) + 1)]


def _junk(rng: random.Random, line: bytes) -> bytes:
    at = rng.randrange(len(line) + 1)
    return line[:at] + rng.choice(JUNK).encode() + line[at:]


def _gap(rng: random.Random, line: bytes) -> bytes:
    at = rng.randrange(len(line))
    return line[:at] + line[at + rng.randint(1, 9) :]


def _bytes(rng: random.Random, line: bytes) -> bytes:
    at = rng.randrange(len(line) + 1)
    return line[:at] + rng.choice(BYTES) + line[at:]


def _twice(rng: random.Random, line: bytes) -> bytes:
    again = json.dumps(name(rng)).encode()
    places = [at for at, sign in enumerate(line) if sign == ord("{")]
    if not places:
        return line
    at = rng.choice(places) + 1
    return (
        line[:at]
        + again
        + b":1,"
        + again
        + b":"
        + json.dumps(value(rng)).encode()
        + b"," * (line[at : at + 1] != b"}")
        + line[at:]
    )


def _joined(rng: random.Random, line: bytes) -> bytes:
    return line + rng.choice((b",", b" ", b"", b";x")) + line[: rng.randrange(len(line))]


SPOILT: dict[str, Callable[[random.Random, bytes], bytes]] = {
    "truncated": _truncated,
    "junk": _junk,
    "gap": _gap,
    "bytes": _bytes,
    "key twice": _twice,
    "joined": _joined,
}


RECORDS: dict[str, Callable[[random.Random], Record]] = {
    "converse": conversation,
    "prompt_completion": pair,
    "media": media,
    "tools": tools,
    **OTHER_FORMATS,
}
ANY = "any of these, or two"
SOUND = "nothing"
WAYS = (*SLIPS, *SPOILT, ANY, SOUND)


def wrong(rng: random.Random, kind: str, how: str | None = None) -> bytes:
    """A line with a slip of one kind, or of any, or two, or with none."""
    record = RECORDS[kind](rng)
    ways = [how] if how else rng.choices([*SLIPS, *SPOILT], k=rng.choice((1, 1, 2)))
    for way in ways:
        if way in SLIPS:
            SLIPS[way](rng, record)
    ascii_only, separators = rng.choice((True, False)), rng.choice(((",", ":"), (", ", ": ")))
    written = json.dumps(record, ensure_ascii=ascii_only, separators=separators)
    line = written.encode("utf-8", "surrogatepass")
    for way in ways:
        if way in SPOILT and line:
            line = SPOILT[way](rng, line)
    return line.replace(b"\n", b" ") + b"\n"


def each_wrong(rng: random.Random, kind: str, how: str, size: int) -> bytes:
    """So many bytes of such lines."""
    lines: list[bytes] = []
    while size > 0:
        lines.append(wrong(rng, kind, None if how == ANY else how))
        size -= len(lines[-1])
    return b"".join(lines)
