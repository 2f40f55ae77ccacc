"""The manifest and the handlers: neither knows a step that the other does not."""

import ast
import pkgutil
from pathlib import Path

import pytest

import lambdas
from tuning.aws.clients import longest_call
from tuning.pipeline.manifest import OPTED_STEPS, STEPS, of_kind, step_named
from tuning.pipeline.watching_steps import GUARD_JOBS

FOLDER = Path(lambdas.__file__).parent
EVERY_STEP = (*STEPS, *OPTED_STEPS)


def handlers():
    return {
        each.name
        for each in pkgutil.iter_modules([str(FOLDER)])
        if "\ndef handler(" in (FOLDER / f"{each.name}.py").read_text("utf-8")
    }


def keys_read(name):
    """The keys of its event that a handler reads, wherever in its module."""
    tree = ast.parse((FOLDER / f"{name}.py").read_text("utf-8"))
    subscripts = {
        node.slice.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript)
        and ast.unparse(node.value) == "event"
        and isinstance(node.slice, ast.Constant)
    }
    calls = {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "event.get"
    }
    return subscripts | calls


def test_every_handler_is_a_step_and_every_step_has_its_handler():
    assert handlers() == {step.name for step in EVERY_STEP}


def test_no_step_is_declared_twice():
    assert len({step.name for step in EVERY_STEP}) == len(EVERY_STEP)


@pytest.mark.parametrize("step", of_kind("task"), ids=lambda step: step.name)
def test_a_handler_reads_what_its_task_is_given(step):
    assert keys_read(step.name) == set(step.takes)


@pytest.mark.parametrize("step", EVERY_STEP, ids=lambda step: step.name)
def test_a_step_says_what_it_does_and_what_it_means_when_it_fails(step):
    assert step.does.endswith(".")
    assert step.failing
    assert step.access


@pytest.mark.parametrize("step", [s for s in EVERY_STEP if s.every_minutes], ids=lambda s: s.name)
def test_a_scheduled_step_ends_before_two_more_are_due_and_is_missed_when_silent(step):
    assert step.timeout_seconds <= 60 * step.every_minutes
    assert step.silent_after_minutes >= 3 * step.every_minutes


@pytest.mark.parametrize("step", EVERY_STEP, ids=lambda step: step.name)
def test_a_call_that_nobody_answers_has_raised_before_its_function_is_cut_off(step):
    """A function that is cut off says nothing, and is taken for one that takes too long."""
    assert longest_call() < step.timeout_seconds


def test_only_a_scheduled_step_has_a_schedule():
    assert tuple(step for step in STEPS if step.every_minutes) == of_kind("scheduled")


def test_an_alarm_on_a_metric_says_what_it_means():
    alarms = [metric for step in STEPS for metric in step.metrics if metric.alarm]
    assert alarms
    for metric in alarms:
        assert metric.meaning
        assert (metric.at_least is None) is (metric.below_share_of_budget is not None)


def test_only_what_cloudformation_invokes_and_imports_are_left_to_the_config_and_its_recipes():
    """What has a schedule or a place in the machines of runs and releases is in every environment."""
    kinds = {step.kind for step in OPTED_STEPS}
    assert kinds == {
        *("deployment", "assistant", "ingestion_consumer", "ingestion"),
        *("import_consumer", "import", "import_map", "import_scheduled"),
    }


def test_no_step_that_reads_tensors_is_in_every_environment():
    """The packages that it needs are five times the size of all else."""
    assert not any(step.merges for step in STEPS)
    assert {step.name for step in OPTED_STEPS if step.merges} == {
        *("check_adapter", "merge_tensors", "assemble_model")
    }


def test_a_title_is_the_name_as_people_read_it():
    step = step_named("prepare_dataset")
    assert (step.title, step.construct_id) == ("Prepare dataset", "PrepareDataset")


def test_a_foreign_job_is_seen_within_five_minutes():
    assert GUARD_JOBS.every_minutes == 1
    assert GUARD_JOBS.silent_after_minutes <= 5
