"""Every alarm, failure, error and state has its row in the runbook, and no row is of something gone."""

import ast
import json
import re
from pathlib import Path

import pytest
from domain_builders import any_record

from tuning.runs.failures import FAILURE_KINDS
from tuning.runs.outcome import Outcome
from tuning.runs.run_details import run_details
from tuning.runs.run_states import STATES

ROOT = Path(__file__).parents[2]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
HOW_BAD = {"now", "today", "soon", "nothing"}
WITH_A_BUDGET = {"BudgetNearlyUsed"}  # review/checks/monitoring_checks.py
NOT_RETRIED = {"States.ALL", "States.TaskFailed"}  # they stand for others


def section(heading):
    """The rows under a heading: the names in the first cell, and the other cells."""
    (text,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", RUNBOOK, re.DOTALL | re.MULTILINE)
    rows = re.findall(r"^\| (`.+?) \|$", text, re.MULTILINE)
    cells = [[cell.strip() for cell in re.split(r"(?<!\\) \| ", row)] for row in rows]
    return [(re.findall(r"`([^`]+)`", first), rest) for first, *rest in cells]


def named(heading):
    return [name for names, _ in section(heading) for name in names]


def alarms(templates):
    return {
        re.sub(r"^Alarms|[0-9A-F]{8}$", "", name)
        for template in templates.values()
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }


def machine_errors(templates):
    """What a step can end with when its tries are used up, and what executions can fail with."""
    machines = [
        resource["Properties"]["DefinitionString"]
        for resource in templates["Training"]["Resources"].values()
        if resource["Type"] == "AWS::StepFunctions::StateMachine"
    ]
    texts = [each if isinstance(each, str) else _joined(each) for each in machines]
    found = set()
    for state in (each for text in texts for each in json.loads(text)["States"].values()):
        for rule in (*state.get("Retry", ()), *state.get("Catch", ())):
            found |= set(rule["ErrorEquals"])
        if state["Type"] == "Fail" and not state["Error"].startswith("{%"):
            found.add(state["Error"])
    return found - NOT_RETRIED


def _joined(joined):
    separator, parts = joined["Fn::Join"]
    return separator.join(part if isinstance(part, str) else "X" for part in parts)


def exceptions(room):
    return {
        node.name
        for path in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
        and any(re.search(r"(Exception|Error)$", ast.unparse(base)) for base in node.bases)
    }


SECTIONS = ["Alarms", "Failures of a job", "Errors of a step", "States of a run"]


@pytest.mark.parametrize("heading", SECTIONS)
def test_each_row_says_what_it_means_how_bad_what_to_do_and_when_it_is_over(heading):
    rows = section(heading)
    assert rows
    for names, cells in rows:
        assert len(cells) == 4, names
        assert all(cells), names
        assert cells[1].split(":")[0].split(",")[0] in HOW_BAD, names


@pytest.mark.parametrize("heading", SECTIONS)
def test_nothing_occurs_twice(heading):
    names = named(heading)
    assert sorted(names) == sorted(set(names))


def test_every_alarm_has_its_row_and_no_row_is_stale(templates):
    assert alarms(templates) | WITH_A_BUDGET == set(named("Alarms"))


def test_every_kind_of_failure_has_its_row_and_no_row_is_stale():
    assert set(FAILURE_KINDS) == set(named("Failures of a job"))


def test_every_error_of_a_step_has_its_row_and_no_row_is_stale(templates):
    needed = machine_errors(templates) | exceptions("lambdas")
    rows = set(named("Errors of a step"))
    assert needed - rows == set()
    assert rows - needed - exceptions("tuning") == set()


def test_every_state_has_its_row_and_no_row_is_stale():
    assert set(STATES) == set(named("States of a run"))


@pytest.mark.parametrize("kind", ["Transient", *FAILURE_KINDS])
def test_where_tuning_show_sends_a_reader_is_there(kind):
    record = any_record(state="failed", outcome=Outcome(state="failed", kind=kind))
    (place,) = re.findall(r"docs/runbook\.md, (.+)\.$", run_details(record).next)
    assert place in named("Failures of a job") or f"## {place.capitalize()}\n" in RUNBOOK


def test_no_table_of_the_runbook_is_repeated_in_operations():
    operations = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| `(\w+)` \|", operations, re.MULTILINE))
    assert rows & {name for heading in SECTIONS for name in named(heading)} == set()
