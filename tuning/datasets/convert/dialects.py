"""Which dialect a file is written in: that of most of its records, never that of one."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from tuning.datasets import looks
from tuning.datasets.convert.conversion_refusals import RecordRefusedError
from tuning.datasets.convert.detect import Detected
from tuning.datasets.convert.suggestions import of_messages, records_in, spelt, suggested
from tuning.datasets.no_datasets import no_dataset

CHAT = ("openai_chat", "anthropic_messages", "converse")
"""Dialects between which plain messages with roles do not decide."""
_PLAIN = Detected(name="openai_chat", why="has plain messages with roles", sure=False)
_SHOWN = 20
_LETTERS = 40


class Votes:
    """Counts what records are."""

    def __init__(self) -> None:
        self._sure: Counter[str] = Counter()
        self._plain = 0
        self._unknown = 0
        self._why: dict[str, Detected] = {}

    def add(self, kind: Detected | None) -> None:
        if kind is None:
            self._unknown += 1
        elif kind.sure:
            self._sure[kind.name] += 1
            self._why.setdefault(kind.name, kind)
        else:
            self._plain += 1

    @property
    def records(self) -> int:
        return self._sure.total() + self._plain + self._unknown

    def of(self, name: str) -> int:
        """How many records are of that dialect, or may be."""
        return self._sure[name] + (self._plain if name in CHAT else 0)

    @property
    def most(self) -> Detected | None:
        """What most records are; None when most are of no known dialect."""
        chat = self._plain + sum(self._sure[name] for name in CHAT)
        groups = {name: count for name, count in self._sure.items() if name not in CHAT}
        name = max(groups, key=lambda n: groups[n], default="")
        if max(chat, groups.get(name, 0)) < self._unknown or not self.records:
            return None
        if groups.get(name, 0) > chat or not chat:
            return self._why.get(name)
        sure = max(CHAT, key=lambda n: self._sure[n])
        return self._why[sure] if self._sure[sure] else _PLAIN


def stranger(
    kind: Detected | None, most: Detected | None, votes: Votes
) -> RecordRefusedError | None:
    """Why a record does not belong to the file, when it is sure to be of another dialect."""
    if (
        kind is None
        or (most and kind.name == most.name)
        or (most and not kind.sure and most.name in CHAT)
    ):
        return None
    others = (
        f"{votes.of(most.name):,} of the {votes.records:,} records looked at are {most.name}"
        if most
        else "most of the file is of no known dialect"
    )
    return RecordRefusedError(
        rule="CV109",
        message=f"the record is {kind.name} ({kind.why}); {others}",
        fix="Write it as the others are, convert it in a file of its own, or leave it out with "
        "--skip-refused.",
    )


def undetected(value: Mapping[str, Any]) -> RecordRefusedError:
    """Why a record is of no dialect, with the options that would make it one."""
    names = [str(name)[:_LETTERS] for name in value][:_SHOWN]
    listed = ", ".join(names) or "-"
    if other := no_dataset(value):
        message = f"{other.what} ({listed})"
        return RecordRefusedError(rule="CV108", message=message, fix=other.fix)
    if looks.columns(value):
        return RecordRefusedError(
            rule="CV108",
            message=f"whole columns of a table, as pandas writes them by default ({listed})",
            fix='Write one record a line: df.to_json("train.jsonl", orient="records", lines=True).',
        )
    if looks.error_answer(value):
        return RecordRefusedError(
            rule="CV108",
            message=f"a server's error answer, not data: it has the fields {listed}",
            fix="Download the data again, and look whether that succeeded.",
        )
    if options := of_messages(value) or records_in(value) or suggested(value):
        fix = f"Say which they are: {spelt(options)}; or say the dialect with --from."
    else:
        fix = 'Write it in a dialect that is read, such as {"prompt": "…", "completion": "…"}.'
    return RecordRefusedError(
        rule="CV108",
        message=f"cannot tell the dialect of a record with the fields {listed}",
        fix=fix,
        options=options,
    )
