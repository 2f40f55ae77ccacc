"""What a check says: the verdict, every kind of finding counted, the first of each listed."""

from collections.abc import Mapping
from typing import Any, Literal

from msgspec import Struct, field, to_builtins

from tuning.datasets.paid_tokens import most_tokens, paid_tokens

Severity = Literal["error", "warning", "note"]
Verdict = Literal["accepted", "refused"]


class Finding(Struct, frozen=True, kw_only=True):
    """One thing found. Never holds a secret, and of the data only what is needed to find it."""

    rule: str
    """Permanent id, such as `DS204`."""
    severity: Severity
    file: str
    line: int | None
    """From 1, in the file as given; None when the finding is of the whole file."""
    column: int | None = None
    """From 1, in characters; for faults of bytes and JSON syntax."""
    field: str | None = None
    """Path into the record, such as `messages[0].content[0].text`."""
    message: str
    fix: str
    record: int | None = None
    """From 1: which record of the file it is, where several are on one line."""


class Report(Struct, frozen=True, kw_only=True):
    """The whole answer for one dataset: training and, where given, validation."""

    verdict: Verdict
    records: int
    """Sound and unsound records of training and validation together; blank lines are none."""
    findings: tuple[Finding, ...]
    """The first N of each rule, in order of file and line."""
    counts: Mapping[str, int]
    """How often each rule was found, listed or not."""
    statistics: Mapping[str, Any] = field(default_factory=dict)
    """Per file: bytes, records, characters, estimated tokens, length histogram, duplicates, …"""
    repairs: Mapping[str, int] = field(default_factory=dict)
    """What the prepared copy fixes, and how often: `byte_order_mark`, `crlf`, `blank_line`, …"""

    def tokens(self, part: str = "training") -> int | None:
        """What one file of a dataset is paid for, one epoch, estimated; None when there is no such file."""
        if (counted := self.statistics.get(part)) is None:
            return None
        return paid_tokens(int(counted["estimated_tokens"]), int(counted["bytes"]))

    def most_tokens(self, part: str = "training") -> int:
        """The most that one file may be paid for, one epoch; 0 when there is no such file."""
        if (counted := self.statistics.get(part)) is None:
            return 0
        most = int(counted["estimated_tokens_at_most"])
        return most_tokens(most, self.tokens(part) or 0, int(counted["bytes"]))

    def to_dict(self) -> dict[str, Any]:
        """The JSON document that `--format json` prints and the run's `report.json` holds."""
        document: dict[str, Any] = to_builtins(self)
        return document
