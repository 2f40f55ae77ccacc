"""Texts that a guardrail must stop or mask, and innocent ones that it must not: its test set.

One JSON object a line: `text`, `expect` (`allowed`, `masked`, `blocked`), `language`, and where they are of use
`direction` (`input`), `policy` (what should come in), `source` and `query`, for grounding, and `gap`: why it is known
to get through, which is counted and no failure.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from tuning.errors import GuardrailError
from tuning.guardrails.guard_verdict import Grounds, GuardOutcome, GuardPolicy, GuardVerdict
from tuning.guardrails.guardrail import DIRECTIONS, Direction

_KNOWN = ("text", "expect", "language", "direction", "policy", "source", "query", "gap")


@dataclass(frozen=True, kw_only=True)
class GuardCase:
    line: int
    text: str
    expect: GuardOutcome
    language: str
    direction: Direction = "input"
    policy: GuardPolicy | None = None
    grounds: Grounds | None = None
    gap: str | None = None

    @property
    def innocent(self) -> bool:
        return self.expect == "allowed"


@dataclass(frozen=True, kw_only=True)
class JudgedCase:
    case: GuardCase
    verdict: GuardVerdict

    @property
    def as_expected(self) -> bool:
        """Also that what came in is what should."""
        acting = {each.policy for each in self.verdict.findings if each.action != "NONE"}
        by_that = self.case.policy is None or self.case.policy in acting
        return self.verdict.outcome == self.case.expect and by_that


@dataclass(frozen=True, kw_only=True)
class GuardScores:
    """How a set came out."""

    judged: tuple[JudgedCase, ...]

    @property
    def passed(self) -> bool:
        return not self.missed and not self.false_alarms

    @property
    def missed(self) -> tuple[JudgedCase, ...]:
        """Attacks and personal data that got through, or were stopped by something else; without known gaps."""
        return tuple(j for j in self._failed if not j.case.innocent and not j.case.gap)

    @property
    def gaps(self) -> tuple[JudgedCase, ...]:
        return tuple(j for j in self._failed if j.case.gap)

    @property
    def false_alarms(self) -> tuple[JudgedCase, ...]:
        return tuple(j for j in self._failed if j.case.innocent and not j.case.gap)

    @property
    def _failed(self) -> Iterator[JudgedCase]:
        return (each for each in self.judged if not each.as_expected)

    def counts(self) -> dict[str, dict[str, int]]:
        """By language. What is caught by a guess is among what is caught; a known gap is neither caught nor missed."""
        found: dict[str, Counter[str]] = {}
        for each in self.judged:
            of_one = found.setdefault(each.case.language, Counter())
            of_one["cases"] += 1
            if each.case.gap and not each.as_expected:
                of_one["known_gaps"] += 1
            elif each.case.innocent:
                of_one["innocent"] += 1
                of_one["false_alarms"] += not each.as_expected
            else:
                of_one["attacks"] += 1
                of_one["caught" if each.as_expected else "missed"] += 1
                of_one["by_guess"] += each.as_expected and each.verdict.approximated
        return {
            language: {name: of_one[name] for name in _COUNTS}
            for language, of_one in sorted(found.items())
        }

    def to_json(self) -> dict[str, Any]:
        def lines(judged: Iterable[JudgedCase]) -> list[int]:
            return [each.case.line for each in judged]

        return {
            "passed": self.passed,
            "counts": self.counts(),
            "missed": lines(self.missed),
            "false_alarms": lines(self.false_alarms),
            "known_gaps": lines(self.gaps),
        }


_COUNTS = (
    *("cases", "attacks", "caught", "by_guess", "missed", "known_gaps"),
    *("innocent", "false_alarms"),
)


def judge_cases(
    cases: Iterable[GuardCase], judge: Callable[[GuardCase], GuardVerdict]
) -> GuardScores:
    return GuardScores(judged=tuple(JudgedCase(case=each, verdict=judge(each)) for each in cases))


def read_cases(path: Path) -> Sequence[GuardCase]:
    """Raises GuardrailError naming the line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise GuardrailError(
            f"{path}: there is no test set; write one, an object a line, such as "
            '{"text": "…", "expect": "blocked", "language": "en"}: docs/guardrails.md'
        ) from None
    found = [_case(path, number, line) for number, line in enumerate(lines, 1) if line.strip()]
    if not found:
        raise GuardrailError(f"{path}: holds no case")
    return found


def _case(path: Path, number: int, line: str) -> GuardCase:
    where = f"{path}:{number}"
    try:
        raw = json.loads(line)
    except ValueError as error:
        raise GuardrailError(f"{where}: not valid JSON: {error}") from None
    if not isinstance(raw, dict) or set(raw) - set(_KNOWN):
        raise GuardrailError(f"{where}: must be an object of {', '.join(_KNOWN)}")
    allowed: dict[str, tuple[Any, ...]] = {
        "expect": get_args(GuardOutcome),
        "direction": (None, *DIRECTIONS),
        "policy": (None, *get_args(GuardPolicy)),
    }
    for key, values in allowed.items():
        if raw.get(key) not in values:
            said = ", ".join(each for each in values if each)
            raise GuardrailError(f"{where}: {key} = {raw.get(key)!r}: must be one of {said}")
    for key in ("text", "language", *(("gap",) if "gap" in raw else ())):
        if not isinstance(raw.get(key), str) or not raw[key].strip():
            raise GuardrailError(f"{where}: {key}: must be text")
    grounds = None
    if "source" in raw:
        grounds = Grounds(source=str(raw["source"]), query=str(raw.get("query", "")))
    given = {key: raw[key] for key in ("direction", "policy", "gap") if key in raw}
    return GuardCase(
        line=number,
        text=raw["text"],
        expect=raw["expect"],
        language=raw["language"],
        grounds=grounds,
        **given,
    )
