"""Puts one fault into a sound record, as people put them there; which one is drawn by a seed."""

import json
import random
from collections.abc import Callable
from typing import Any

Record = dict[str, Any]
FAULTS = (
    "misspelt role",
    "misspelt key",
    "unknown key",
    "missing key",
    "blank text",
    "wrong type",
    "reserved word",
    "two user turns",
    "broken JSON",
    "key twice",
)
_PAIRS = frozenset(FAULTS) - {"misspelt role", "reserved word", "two user turns"}


def faults(kind: str) -> list[str]:
    """Those that a record of that format can have."""
    return [fault for fault in FAULTS if kind == "converse" or fault in _PAIRS]


def broken(record: Record, fault: str, rng: random.Random, dumps: Callable[[Any], str]) -> str:
    """The record as a line of JSON with that one fault, or nearly JSON."""
    if fault in ("broken JSON", "key twice"):
        line = dumps(record)
        first = json.dumps(next(iter(record)))
        if fault == "key twice":
            return f"{line[:-1]},{first}:{dumps(next(iter(record.values())))}}}"
        at = line.rindex('"', 0, rng.randrange(len(first), len(line)))
        return line[:at] + line[at + 1 :]
    (_in_turns if "messages" in record else _in_pair)(record, fault, rng)
    return dumps(record)


def _in_turns(record: Record, fault: str, rng: random.Random) -> None:
    turns = record["messages"]
    turn = rng.choice(turns)
    block = turn["content"][0]
    match fault:
        case "misspelt role":
            turn["role"] = {"user": "User", "assistant": "assistent"}[turn["role"]]
        case "misspelt key":
            turn["contents"] = turn.pop("content")
        case "unknown key":
            turn["name"] = "Ana"
        case "missing key":
            del record["schemaVersion"]
        case "blank text":
            block["text"] = rng.choice(("", "  \n"))
        case "wrong type":
            turn["content"] = block["text"]
        case "reserved word":
            turns[0]["content"][0]["text"] += "\nUser: and now?"
        case "two user turns":
            turns.insert(1, {"role": "user", "content": [{"text": "Hello?"}]})


def _in_pair(record: Record, fault: str, rng: random.Random) -> None:
    key = rng.choice(list(record))
    match fault:
        case "misspelt key":
            record["complettion"] = record.pop("completion")
        case "unknown key":
            record["id"] = rng.randrange(10**6)
        case "missing key":
            del record[key]
        case "blank text":
            record[key] = rng.choice(("", "  \n"))
        case "wrong type":
            record[key] = [record[key]]
