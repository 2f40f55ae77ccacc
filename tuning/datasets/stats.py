"""What a dataset is like: lengths, turns, duplicates, scripts. Counts only, never its text."""

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from tuning.datasets.convert.conversation import Caption, Conversation, Media, ReadRecord, ToolCall
from tuning.datasets.convert.sources.from_documents import BYTES_PER_TOKEN
from tuning.datasets.prompts import fingerprint, prompt, said

_SAMPLE = 400
"""Characters of a record's prompt that are looked at for its script."""

# The letters that tell scripts apart; https://www.unicode.org/Public/UNIDATA/Scripts.txt
_SCRIPTS = {
    "Latin": re.compile("[A-Za-z\u00c0-\u024f]"),
    "Greek": re.compile("[\u0370-\u03ff]"),
    "Cyrillic": re.compile("[\u0400-\u052f]"),
    "Hebrew": re.compile("[\u0590-\u05ff]"),
    "Arabic": re.compile("[\u0600-\u06ff]"),
    "Devanagari": re.compile("[\u0900-\u097f]"),
    "Thai": re.compile("[\u0e00-\u0e7f]"),
    "Kana": re.compile("[\u3040-\u30ff]"),
    "Han": re.compile("[\u4e00-\u9fff]"),
    "Hangul": re.compile("[\uac00-\ud7af]"),
}


@dataclass(frozen=True, kw_only=True)
class Lengths:
    smallest: int
    median: int
    p90: int
    p99: int
    largest: int
    total: int

    @classmethod
    def of(cls, values: Sequence[int]) -> "Lengths":
        ranked = sorted(values) or [0]
        at = [ranked[round(q * (len(ranked) - 1))] for q in (0, 0.5, 0.9, 0.99, 1)]
        return cls(
            smallest=at[0], median=at[1], p90=at[2], p99=at[3], largest=at[4], total=sum(values)
        )


@dataclass(frozen=True, kw_only=True)
class Stats:
    records: int
    characters: Mapping[str, Lengths]
    """Of `prompt` (all before the last answer), `answer`, and `record`."""
    tokens: Mapping[str, Lengths]
    """Estimated: one for four bytes of UTF-8."""
    turns: Mapping[int, int]
    """How many records have so many turns."""
    different_prompts: int
    repeated: int
    """Records whose normalised prompt came before."""
    contents: Mapping[str, int]
    """How many records have system text, media, tools."""
    scripts: Mapping[str, int]
    """How many records are written mostly in each script; a guess at the languages."""
    histogram: Mapping[str, Mapping[int, int]]
    """Of estimated tokens for `prompt` and `answer`: upper border, a power of two, to records."""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class _Columns:
    """One number a record, four bytes each."""

    prompt: "array[int]" = field(default_factory=lambda: array("L"))
    answer: "array[int]" = field(default_factory=lambda: array("L"))

    @property
    def record(self) -> list[int]:
        return [a + b for a, b in zip(self.prompt, self.answer, strict=True)]

    def lengths(self) -> dict[str, Lengths]:
        parts = {"prompt": self.prompt, "answer": self.answer, "record": self.record}
        return {name: Lengths.of(values) for name, values in parts.items()}


def measure(records: Iterable[ReadRecord]) -> Stats:
    """Read once. Holds a few numbers a record, never its text."""
    characters, tokens = _Columns(), _Columns()
    turns: Counter[int] = Counter()
    contents: Counter[str] = Counter()
    scripts: Counter[str] = Counter()
    seen: set[int] = set()
    for record in records:
        asked, answer = prompt(record), _answer(record)
        for column, text in (("prompt", asked), ("answer", answer)):
            getattr(characters, column).append(len(text))
            getattr(tokens, column).append(-(-len(text.encode()) // BYTES_PER_TOKEN))
        turns[len(record.turns) if isinstance(record, Conversation) else 1] += 1
        contents.update(_contents(record))
        scripts[_script(asked)] += 1
        seen.add(fingerprint(record))
    return Stats(
        records=len(tokens.prompt),
        characters=characters.lengths(),
        tokens=tokens.lengths(),
        turns=dict(sorted(turns.items())),
        different_prompts=len(seen),
        repeated=len(tokens.prompt) - len(seen),
        contents=dict(sorted(contents.items())),
        scripts=dict(scripts.most_common()),
        histogram={"prompt": _histogram(tokens.prompt), "answer": _histogram(tokens.answer)},
    )


def _answer(record: ReadRecord) -> str:
    match record:
        case Conversation(turns=(*_, last)) if last.role == "assistant":
            return "\n".join(said(last))
        case Caption():
            return record.caption
        case _:
            return ""


def _contents(record: ReadRecord) -> set[str]:
    if not isinstance(record, Conversation):
        return set()
    found = {"system"} if record.system else set()
    for block in (block for turn in record.turns for block in turn.blocks):
        if isinstance(block, Media):
            found.add(block.kind)
        if isinstance(block, ToolCall):
            found.add("tool calls")
    return found


def _script(text: str) -> str:
    sample = text[:_SAMPLE]
    counts = {name: len(letters.findall(sample)) for name, letters in _SCRIPTS.items()}
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] else "none of letters"


def _histogram(values: Iterable[int]) -> dict[int, int]:
    counts = Counter(1 << max(value - 1, 0).bit_length() if value else 0 for value in values)
    return dict(sorted(counts.items()))
