"""Every rule finds what it is for, and leaves the nearest sound dataset alone."""

from pathlib import Path

import pytest
from builders import checked, method
from cases import CASES, NEAR_LIMITS, NEAR_METHOD
from msgspec import structs

from tuning.datasets.check import Policy
from tuning.datasets.rules import rules, rules_markdown

pytestmark = pytest.mark.usefixtures("way")

ROOT = Path(__file__).parents[3]
SAMPLES = ROOT / "tests" / "data" / "rules"


def test_every_rule_has_a_bad_case_a_near_miss_and_a_sample_file():
    of_records = {rule for rule, said in rules().items() if said.group != "Uploads"}
    assert set(CASES) == of_records  # those of uploads are in test_preparation.py
    assert {path.stem for path in SAMPLES.iterdir()} == of_records


@pytest.mark.parametrize("rule", sorted(CASES))
def test_the_bad_case_is_found(rule):
    case = CASES[rule]
    of = method(case.model, case.method, **case.limits)
    report = checked(case.bad, case.validation, of=of, evaluation=case.evaluation)
    assert rule in report.counts
    assert report.verdict == ("refused" if _refuses(report.counts) else "accepted")
    for finding in report.findings:
        assert finding.message
        assert finding.fix


@pytest.mark.parametrize("rule", sorted(CASES))
def test_the_near_miss_passes(rule):
    case = CASES[rule]
    limits = NEAR_LIMITS.get(rule, case.limits)
    of = method(case.model, NEAR_METHOD.get(rule, case.method), **limits)
    report = checked(case.near, case.near_validation, of=of, evaluation=case.near_evaluation)
    assert rule not in report.counts
    assert not _refuses(report.counts), report.findings


@pytest.mark.parametrize("rule", sorted(CASES))
def test_the_sample_file_is_the_bad_case(rule):
    assert (SAMPLES / f"{rule}.jsonl").read_bytes() == CASES[rule].bad


@pytest.mark.parametrize("rule", sorted(CASES))
def test_the_sound_lines_of_a_case_are_not_blamed(rule):
    case = CASES[rule]
    of = method(case.model, case.method, **case.limits)
    bad = checked(case.bad, case.validation, of=of, evaluation=case.evaluation)
    errors = {r for r in bad.counts if rules()[r].severity == "error"}
    own = {rule} if rules()[rule].severity == "error" else set()
    assert errors <= own


def test_the_written_list_is_up_to_date():
    assert (ROOT / "docs" / "rules.md").read_text(encoding="utf-8") == rules_markdown()


@pytest.mark.parametrize("rule", sorted(rules()))
def test_a_rule_says_why_and_how_and_where_from(rule):
    said = rules()[rule]
    assert said.id == rule
    assert said.source.startswith("https://")
    assert said.why.endswith((".", "?"))
    assert len(said.title) < 60


def test_a_warning_can_be_raised_to_refuse():
    case = CASES["DS702"]
    lenient = checked(case.bad, of=method())
    strict = checked(case.bad, of=method(), policy=Policy(strict=frozenset({"DS702"})))
    assert (lenient.verdict, strict.verdict) == ("accepted", "refused")
    assert strict.findings == tuple(
        structs.replace(f, severity="error") if f.rule == "DS702" else f for f in lenient.findings
    )


def _refuses(counts):
    return any(rules()[rule].severity == "error" for rule in counts)
