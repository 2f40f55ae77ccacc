"""A conversion as the stream that the checker reads, and its report in lines of the original.

feed = Feed(convert(upload, name="train.csv", target=Target.of_model(model, method)))
report = traced(check(Part(name=feed.name, stream=feed.stream, prepared=copy), …), feed)
"""

import io
import re
from array import array
from collections import Counter
from collections.abc import Mapping

from msgspec import structs

from tuning.datasets.bounds import Pieces
from tuning.datasets.convert.conversion import Conversion, Remedies
from tuning.datasets.report import Finding, Report

_ELSEWHERE = re.compile(r"\bline (\d+)(?: of (\S+))?")
"""How rules that compare records name the other one."""
_COMPARING = "DS7"
_EMPTY = "DS106"


class Feed:
    """Holds one number a converted line, never its text."""

    def __init__(self, conversion: Conversion) -> None:
        self._conversion = conversion
        self._places = array("Q")
        self._records = array("Q")
        self.name = conversion.name
        self.stream = io.BufferedReader(_Lines(conversion, self._places, self._records))

    @property
    def remedies(self) -> Remedies:
        """What would help against what the conversion refused, when all was read."""
        return self._conversion.remedies

    def original(self, line: int) -> int:
        """The line of the original from which a line of the stream was made."""
        return self._places[line - 1] if 0 < line <= len(self._places) else line

    def record(self, line: int) -> int | None:
        """Which record of the original a line of the stream is, where several were on one line."""
        return (self._records[line - 1] if 0 < line <= len(self._records) else 0) or None

    def summarised(self, report: Report) -> Report:
        """The report with what the conversion itself refused, and what it was."""
        summary = self._conversion.summary
        reported = {k: v for k, v in summary.to_dict().items() if k not in ("findings", "counts")}
        known: Mapping[str, object] = report.statistics.get("converted", {})
        report = self._without_empty(report) if summary.counts else report
        return structs.replace(
            report,
            verdict="refused" if summary.counts else report.verdict,
            records=report.records + summary.refused,
            findings=(*summary.findings, *report.findings),
            counts=dict(sorted((Counter(report.counts) + Counter(summary.counts)).items())),
            statistics={**report.statistics, "converted": {**known, self.name: reported}},
        )

    def _without_empty(self, report: Report) -> Report:
        """That no record is there says the conversion, which knows why."""
        left = tuple(f for f in report.findings if (f.rule, f.file) != (_EMPTY, self.name))
        counts = Counter(report.counts)
        counts[_EMPTY] -= len(report.findings) - len(left)
        return structs.replace(report, findings=left, counts=+counts)


def traced(report: Report, *feeds: Feed) -> Report:
    """The checker's report on converted data, in the lines of the files as they were given.

    Call it when the streams were read to their end. Fields stay those of the converted record.
    """
    by_name = {feed.name: feed for feed in feeds}
    reported = structs.replace(
        report, findings=tuple(_moved(found, by_name) for found in report.findings)
    )
    for feed in feeds:
        reported = feed.summarised(reported)
    return reported


def _moved(found: Finding, feeds: Mapping[str, Feed]) -> Finding:
    feed = feeds.get(found.file)
    line = feed.original(found.line) if feed and found.line else found.line
    record = feed.record(found.line) if feed and found.line else None
    if not found.rule.startswith(_COMPARING):
        return structs.replace(found, line=line, record=record)

    def other(named: re.Match[str]) -> str:
        of = feeds.get(named[2] or found.file)
        place = of.original(int(named[1])) if of else named[1]
        return f"line {place}" + (f" of {named[2]}" if named[2] else "")

    return structs.replace(
        found, line=line, record=record, message=_ELSEWHERE.sub(other, found.message)
    )


class _Lines(Pieces):
    def __init__(self, conversion: Conversion, places: "array[int]", records: "array[int]") -> None:
        self._lines = iter(conversion)
        self._places, self._records = places, records
        self._rest = b""

    def piece(self, size: int) -> bytes:
        if not self._rest and (line := next(self._lines, None)):
            self._places.append(line.source_line)
            self._records.append(line.number or 0)
            self._rest = line.record
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece
