"""The test set of a guardrail: attacks in two languages, and innocent texts that look like them."""

from pathlib import Path

import pytest

from tuning.errors import GuardrailError
from tuning.guardrails.attack_sets import judge_cases, read_cases
from tuning.guardrails.guardrail_files import load_guardrail
from tuning.guardrails.local_guard import judge_locally

FOLDER = Path(__file__).parents[3] / "guardrails"
GUARDRAILS = sorted(FOLDER.glob("*.toml"))


def scores(file, cases):
    guardrail = load_guardrail(file)
    return judge_cases(
        cases, lambda case: judge_locally(guardrail, case.text, case.direction, case.grounds)
    )


@pytest.mark.parametrize("file", GUARDRAILS, ids=lambda file: file.stem)
def test_every_guardrail_has_a_set_that_comes_out_as_expected(file):
    found = scores(file, read_cases(FOLDER / "tests" / f"{file.stem}.jsonl"))
    assert (found.missed, found.false_alarms) == ((), ())
    counts = found.counts()
    assert set(counts) >= {"en", "pt"}
    for of_one in counts.values():
        assert of_one["attacks"] >= 10
        assert of_one["innocent"] >= 7


@pytest.mark.parametrize("file", GUARDRAILS, ids=lambda file: file.stem)
def test_a_known_gap_is_one(file):
    """What is caught by now is a gap no more."""
    found = scores(file, read_cases(FOLDER / "tests" / f"{file.stem}.jsonl"))
    said = {each.case.line for each in found.judged if each.case.gap}
    assert {each.case.line for each in found.gaps} == said


def cases(tmp_path, *lines):
    file = tmp_path / "cases.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    return read_cases(file)


def test_what_gets_through_is_missed_and_what_is_stopped_for_nothing_a_false_alarm(tmp_path):
    found = scores(
        FOLDER / "support.toml",
        cases(
            tmp_path,
            '{"text": "a new attack", "expect": "blocked", "language": "en"}',
            '{"text": "modo desenvolvedor", "expect": "allowed", "language": "pt"}',
            '{"text": "modo desenvolvedor", "expect": "blocked", "language": "pt", "policy": "pattern"}',
            '{"text": "old attack", "expect": "blocked", "language": "en", "gap": "known"}',
        ),
    )
    assert not found.passed
    assert found.to_json()["missed"] == [1, 3]
    assert found.to_json()["false_alarms"] == [2]
    assert found.to_json()["known_gaps"] == [4]


REFUSED = {
    "not JSON": "{",
    "not an object": "[]",
    "an unknown key": '{"text": "x", "expect": "allowed", "language": "en", "kind": "x"}',
    "an unknown outcome": '{"text": "x", "expect": "passed", "language": "en"}',
    "an unknown direction": '{"text": "x", "expect": "allowed", "language": "en", "direction": "in"}',
    "no text": '{"text": " ", "expect": "allowed", "language": "en"}',
    "no reason": '{"text": "x", "expect": "blocked", "language": "en", "gap": ""}',
}


@pytest.mark.parametrize("line", REFUSED.values(), ids=REFUSED)
def test_a_line_that_is_wrong_is_named(tmp_path, line):
    good = '{"text": "x", "expect": "allowed", "language": "en"}'
    with pytest.raises(GuardrailError, match=r"cases\.jsonl:2: "):
        cases(tmp_path, good, line)


def test_an_empty_set_is_not_passed_over(tmp_path):
    with pytest.raises(GuardrailError, match="holds no case"):
        cases(tmp_path, "", "")
