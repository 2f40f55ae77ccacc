"""What `tuning guard` prints for people."""

from collections.abc import Iterator

from tuning.cli.output import say
from tuning.guardrails.attack_sets import GuardScores, JudgedCase
from tuning.guardrails.guard_verdict import GuardFinding, GuardVerdict
from tuning.reports.scale import count
from tuning.reports.visible_text import printable, visible

_SHORT = {"BLOCKED": "blocked", "ANONYMIZED": "masked", "NONE": "detected, no action"}


def verdict_as_text(verdict: GuardVerdict) -> None:
    """The outcome, what is passed on or answered in its place, and a line for each reason."""
    guessed = " (approximated)" if verdict.approximated else ""
    _line(f"{verdict.outcome}{guessed}")
    if verdict.outcome != "allowed":
        word = "answered with" if verdict.outcome == "blocked" else "passed on as"
        _line(f"  {word}: {visible(verdict.text)}")
    for finding in verdict.findings:
        _line(f"  {reason(finding)}")
    for each in verdict.not_evaluated:
        _line(f"  not evaluated: {each}")


def reason(finding: GuardFinding) -> str:
    guessed = "approximated: " if finding.approximated else ""
    return f"{_SHORT[finding.action]} by {finding.policy}: {guessed}{visible(finding.why)}"


def scores_as_text(scores: GuardScores) -> None:
    """The counts in a line for each language, then what did not come out as expected."""
    for language, counts in scores.counts().items():
        _line(
            f"{language}: {counts['caught']} of {counts['attacks']} attacks caught "
            f"({counts['by_guess']} by a guess), {counts['missed']} missed, {count(counts['known_gaps'], 'known gap')}; "
            f"{count(counts['false_alarms'], 'false alarm')} in {count(counts['innocent'], 'innocent text')}"
        )
    for name, judged in (
        ("missed", scores.missed),
        ("false alarm", scores.false_alarms),
        ("known gap", scores.gaps),
    ):
        for line in _cases(name, judged):
            _line(line)
    say("as expected" if scores.passed else "not as expected")


def _cases(name: str, judged: tuple[JudgedCase, ...]) -> Iterator[str]:
    for each in judged:
        case, verdict = each.case, each.verdict
        why = case.gap or "; ".join(reason(finding) for finding in verdict.findings)
        yield f"  {name}, line {case.line}: {verdict.outcome}, expected {case.expect}: {visible(case.text)}"
        if why:
            yield f"    {visible(why)}"


def _line(text: str) -> None:
    print(printable(text))  # noqa: T201 — the command's output
