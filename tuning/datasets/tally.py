"""What one stretch of a file holds: counts, findings, and two numbers a record for comparisons."""

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable

from msgspec import Struct, field, structs

from tuning.datasets.formats.walk import Fault
from tuning.datasets.report import Finding, Severity
from tuning.datasets.rules import rules

COMPARED = 1_000_000
"""Records beyond these are not compared with others: memory stays bounded."""
_BUCKETS = 48


class Policy(Struct, frozen=True, kw_only=True):
    """How strict a check is, and how much it lists."""

    strict: frozenset[str] = frozenset()
    """Warnings that refuse the dataset like errors."""
    listed: int = 20
    """Findings listed for each rule; all are counted."""
    thorough: bool = True
    """Whether to look for what only warns as well: secrets, personal data, odd characters."""

    def severity(self, rule: str) -> Severity:
        severity = rules()[rule].severity
        return "error" if rule in self.strict and severity == "warning" else severity

    def asks_for(self, rule: str) -> bool:
        """Whether what breaks the rule is to be found: in haste, only what refuses the dataset."""
        return self.thorough or self.severity(rule) == "error"


class Tally(Struct):
    """Grows while lines are read; two of them, of adjoining stretches, make one."""

    file: str
    policy: Policy
    lines: int = 0
    records: int = 0
    size: int = 0
    """Bytes, unpacked."""
    characters: int = 0
    text_bytes: int = 0
    histogram: list[int] = field(default_factory=lambda: [0] * _BUCKETS)
    """Records by the bit length of their characters."""
    counts: Counter[str] = field(default_factory=Counter)
    listed: dict[str, list[Finding]] = field(default_factory=dict)
    repairs: Counter[str] = field(default_factory=Counter)
    traits: dict[frozenset[str], list[int]] = field(default_factory=dict)
    """How many records share a set of optional parts, and the first line with it."""
    buckets: dict[str, int] = field(default_factory=dict)
    """Each bucket that media lie in, and the first line that names it."""
    kinds: Counter[str] = field(default_factory=Counter)
    """Secrets and personal data, by kind."""
    longest: tuple[int, int] = (0, 0)
    """The greatest bit length of characters, and the first line with it."""
    scripts: dict[str, list[int]] = field(default_factory=dict)
    """Of a sample of records: how many are mainly in a script, and the first line."""
    prompts: "array[int]" = field(default_factory=lambda: array("Q"))
    answers: "array[int]" = field(default_factory=lambda: array("Q"))
    places: "array[int]" = field(default_factory=lambda: array("L"))
    """The line of each compared record."""
    near_prompts: "array[int]" = field(default_factory=lambda: array("Q"))
    near_answers: "array[int]" = field(default_factory=lambda: array("Q"))
    """The same of their normal forms (see `same`); empty when the check is not thorough."""
    contested: dict[str, list[int]] = field(default_factory=dict)
    """What AWS's pages disagree on: how many records hold it, and the first line."""

    def add(self, fault: Fault, line: int | None) -> None:
        """Count a fault, and list it while its rule has room."""
        self.counts[fault.rule] += 1
        if self.counts[fault.rule] > self.policy.listed:
            return
        rule = rules()[fault.rule]
        self.listed.setdefault(fault.rule, []).append(
            Finding(
                rule=fault.rule,
                severity=self.policy.severity(fault.rule),
                file=self.file,
                line=line,
                column=fault.column,
                field=fault.field,
                message=fault.message,
                fix=fault.fix or rule.fix,
            )
        )

    @property
    def enough(self) -> frozenset[str]:
        """Rules of which no finding is listed any more."""
        return frozenset(rule for rule, n in self.counts.items() if n >= self.policy.listed)

    # Records are not always reported in order: these four keep the first line whatever the order.

    def trait(self, traits: Iterable[str], line: int, count: int = 1) -> None:
        kept = self.traits.setdefault(frozenset(traits), [0, line])
        kept[:] = kept[0] + count, min(kept[1], line)

    def script(self, name: str, line: int, count: int = 1) -> None:
        _noted(self.scripts, name, line, count)

    def contest(self, subject: str, line: int, count: int = 1) -> None:
        _noted(self.contested, subject, line, count)

    def reach(self, bits: int, line: int) -> None:
        """Take note of a record's length."""
        self.longest = min(self.longest, (bits, line), key=lambda at: (-at[0], at[1]))

    def absorb(self, later: "Tally") -> None:
        """Take in the tally of the stretch that follows."""
        base = self.lines
        for rule, found in later.listed.items():
            kept = self.listed.setdefault(rule, [])
            for finding in found[: self.policy.listed - len(kept)]:
                line = None if finding.line is None else finding.line + base
                kept.append(structs.replace(finding, line=line))
        for parts, (count, line) in later.traits.items():
            self.trait(parts, line + base, count)
        for bucket, line in later.buckets.items():
            self.buckets.setdefault(bucket, line + base)
        for mine, theirs in ((self.scripts, later.scripts), (self.contested, later.contested)):
            for name, (count, line) in theirs.items():
                _noted(mine, name, line + base, count)
        if later.longest[0]:
            self.reach(later.longest[0], later.longest[1] + base)
        self._compare(later, base)
        for counter in ("counts", "repairs", "kinds"):
            getattr(self, counter).update(getattr(later, counter))
        for number in ("lines", "records", "size", "characters", "text_bytes"):
            setattr(self, number, getattr(self, number) + getattr(later, number))
        self.histogram = [a + b for a, b in zip(self.histogram, later.histogram, strict=True)]

    def _compare(self, later: "Tally", base: int) -> None:
        """Take in what later records are compared by."""
        room = bisect_right(later.places, COMPARED - base)
        for numbers in ("prompts", "answers", "near_prompts", "near_answers"):
            getattr(self, numbers).extend(getattr(later, numbers)[:room])
        self.places.extend(array("L", (place + base for place in later.places[:room])))

    @property
    def refused(self) -> bool:
        """Whether something found is an error."""
        return any(self.policy.severity(rule) == "error" for rule in self.counts)

    @property
    def findings(self) -> list[Finding]:
        return [finding for found in self.listed.values() for finding in found]


def _noted(counts: dict[str, list[int]], name: str, line: int, count: int) -> None:
    kept = counts.setdefault(name, [0, line])
    kept[:] = kept[0] + count, min(kept[1], line)
