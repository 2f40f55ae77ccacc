"""Mutants that survive for a reason, and the reasons: survivors.toml, which is reviewed."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "survivors.toml"


@dataclass(frozen=True, kw_only=True)
class Argued:
    where: str
    """File and function."""
    line: str
    """The text of the line, as it is in the source."""
    change: str
    why: str


def argued() -> list[Argued]:
    return [Argued(**each) for each in tomllib.loads(FILE.read_text("utf-8")).get("survivor", ())]


def judged(
    survivors: Sequence[Mapping[str, Any]],
    results: Sequence[Mapping[str, Any]],
    known: Sequence[Argued],
    *,
    whole: bool,
    only_named: bool,
) -> list[str]:
    """What is wrong: survivors without an argument, arguments without a survivor. An argument whose mutant
    is gone is found only when all mutants were tried.
    """
    reasons = {_key(vars(each)) for each in known}
    wrong = [_shown(each) for each in survivors if _key(each) not in reasons]
    survived, tried = {_key(each) for each in survivors}, {_key(each) for each in results}
    for each in known:
        key = _key(vars(each))
        if key in tried - survived:
            wrong.append(f"argued, but killed: {' | '.join(key)}")
        elif key not in tried and whole and not only_named:
            wrong.append(f"argued, but there is no such mutant: {' | '.join(key)}")
    return wrong


def _key(each: Mapping[str, Any]) -> tuple[str, str, str]:
    return each["where"], each["line"], each["change"]


def _shown(each: Mapping[str, Any]) -> str:
    """As survivors.toml would have it."""
    quoted = "\n".join(f"{name} = {_quoted(each[name])}" for name in ("where", "line", "change"))
    named = " (a named fault)" if each["named"] else ""
    return f"[[survivor]] # line {each['at']}{named}: {each['by'] or 'no test fails'}\n{quoted}\n"


def _quoted(text: str) -> str:
    return (
        f"'{text}'"
        if "'" not in text
        else '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    )
