"""The state machine of imports: every task is tried again and caught, every way ends in finish_import and a notice."""

import json
import re

import pytest
from machines import (
    TERMINAL,
    definition,
    edges,
    following,
    known,
    of_type,
    reachable,
    retried,
    used,
)

from tuning.constructs.import_definition import GROUPS_AT_ONCE
from tuning.imports.import_machine_states import ImportMachineState
from tuning.pipeline.import_tasks import IMPORT_STEPS
from tuning.pipeline.step import Step

FINISH, MAP = "Finish import", ImportMachineState.MERGE_GROUPS
TASKS = [step.title for step in IMPORT_STEPS if step.kind == "import" and step.title != FINISH]
SUCCEEDED = {ImportMachineState.IMPORTED, ImportMachineState.REFUSED}
PASSING = {"Transient", "Lambda.Unknown", "Runtime.ExitError", "Lambda.TooManyRequestsException"}


@pytest.fixture(scope="module")
def machine(imported):
    return definition(imported, "ModelImportMachine")


@pytest.fixture(scope="module")
def states(machine):
    return machine["States"]


def test_it_is_written_in_jsonata_and_every_execution_ends_by_itself(machine):
    assert machine["QueryLanguage"] == "JSONata"
    assert machine["TimeoutSeconds"] == 30 * 24 * 3600


def test_every_state_is_reachable_and_leads_to_an_end(machine, states):
    assert reachable(states, machine["StartAt"]) == set(states)
    ends = set(of_type(states, *TERMINAL))
    assert [name for name in states if not reachable(states, name) & ends] == []
    assert {name for name, state in states.items() if not following(state)} == ends


def test_no_choice_is_left_without_a_default(states):
    assert [n for n, s in of_type(states, "Choice").items() if "Default" not in s] == []


def test_every_name_is_known_and_none_is_left(states):
    inside = states[MAP]["ItemProcessor"]["States"]
    titles = {step.title for step in IMPORT_STEPS if step.kind in ("import", "import_map")}
    assert {*states, *inside} == {*map(str, ImportMachineState), *titles}


@pytest.mark.parametrize("task", [*TASKS, MAP])
def test_every_fault_goes_to_the_end_with_what_was_said_of_it(states, task):
    [caught] = states[task]["Catch"]
    assert caught["ErrorEquals"] == ["States.ALL"]
    assert caught["Next"] == ImportMachineState.STEP_FAILED
    assert set(caught["Assign"]["fault"]) == {"kind", "message"}


@pytest.mark.parametrize("task", [*TASKS, FINISH])
def test_what_passes_is_tried_again_and_what_does_not_is_not(states, task):
    assert retried(states[task]) >= PASSING | {"Sandbox.Timedout"}
    assert retried(states[task]).isdisjoint({"States.ALL", "States.TaskFailed"})


def test_so_is_each_group(states):
    merge = states[MAP]["ItemProcessor"]["States"]["Merge tensors"]
    assert retried(merge) >= PASSING | {"Sandbox.Timedout"}


@pytest.mark.parametrize("task", [*TASKS, MAP])
def test_no_way_leads_to_an_end_past_finish_import(machine, states, task):
    ends = set(of_type(states, *TERMINAL))
    assert reachable(states, task, without={FINISH}) & ends == set()
    assert (
        reachable(states, machine["StartAt"], without={ImportMachineState.NOTIFY}) & ends == set()
    )


def test_what_cannot_be_recorded_is_reported_all_the_same(states):
    [caught] = states[FINISH]["Catch"]
    assert caught["Next"] == ImportMachineState.NOTIFY
    assert caught["Assign"] == {"finished": {}}
    assert states[ImportMachineState.NOTIFY]["Catch"][0]["Next"] == ImportMachineState.NOT_REPORTED


def test_every_conclusion_names_an_outcome_that_the_end_knows(states):
    outcomes = {
        name: state["Assign"]["outcome"]["state"]
        for name, state in of_type(states, "Pass").items()
        if state["Assign"].get("outcome")
    }
    assert outcomes == {
        "Upload refused": "refused",
        "Budget refused": "refused",
        "Merge failed": "failed",
        "Merge refused": "refused",
        "Assembly refused": "refused",
        "Import job failed": "failed",
        "Imported model silent": "failed",
        "Model imported": "imported",
        "Import step failed": "failed",
        "Import lost": "failed",
    }
    assert set(of_type(states, "Succeed")) == SUCCEEDED


def test_every_variable_is_known_where_it_is_read(machine, states):
    """Of those that a catcher or a later step brings, an expression asks whether they exist."""
    before = known(states, machine["StartAt"])
    for name, state in states.items():
        text = json.dumps({k: v for k, v in state.items() if k not in ("Catch", "ItemProcessor")})
        asked = set(re.findall(r"\$exists\(\$([a-z_]+)", text))
        own = {v for _, assigned in edges(state) for v in assigned}
        missing = (
            used(json.loads(text)) - before[name] - asked - own - {"exists", "count", "substring"}
        )
        assert missing == set(), name


def test_functions_are_given_the_import_and_their_own_answer_and_nothing_else(states):
    given = {name: set(states[name]["Arguments"]["Payload"]) for name in (*TASKS, FINISH)}
    assert given == {
        "Check adapter": {"import_id", "checked"},
        "Reserve import": {"import_id"},
        "Assemble model": {"import_id"},
        "Import model": {"import_id", "progress"},
        "Verify import": {"import_id", "verified"},
        "Finish import": {"import_id", "outcome"},
    }


def test_the_map_is_distributed_bounded_and_of_executions_that_may_take_as_long_as_a_function(
    states,
):
    merging = states[MAP]
    assert merging["ItemProcessor"]["ProcessorConfig"] == {
        "Mode": "DISTRIBUTED",
        "ExecutionType": "STANDARD",  # an express one has five minutes
    }
    assert merging["MaxConcurrency"] == 2  # what its functions are held to, there
    assert GROUPS_AT_ONCE == 20
    assert merging["Items"] == "{% [0..($checked.groups - 1)] %}"
    assert set(merging["ItemSelector"]) == {"import_id", "group"}
    assert "ToleratedFailurePercentage" not in merging
    assert "ToleratedFailureCount" not in merging


def test_a_group_that_is_refused_refuses_the_import_with_its_reason(states):
    inside = states[MAP]["ItemProcessor"]["States"]
    assert inside[ImportMachineState.GROUP_MERGED]["Type"] == "Succeed"
    said = inside[ImportMachineState.GROUP_MERGED]["Output"]
    assert said == "{% $merged.state = 'merged' ? {} : {'why': $substring($merged.why, 0, 500)} %}"
    assert states[MAP]["Assign"]["refusals"] == "{% [$states.result[$exists(why)].why] %}"
    merged = states[ImportMachineState.ALL_MERGED]
    assert merged["Choices"][1]["Condition"] == "{% $count($refusals) = 0 %}"
    assert merged["Default"] == ImportMachineState.NOT_MERGED


def test_a_group_that_fails_for_good_fails_the_import_with_its_cause(states):
    """And not with how many groups did, which is all that a map says that fails."""
    inside = states[MAP]["ItemProcessor"]["States"]
    [caught] = inside["Merge tensors"]["Catch"]
    assert (caught["ErrorEquals"], caught["Next"]) == (["States.ALL"], "Group failed")
    failed = inside[ImportMachineState.GROUP_FAILED]
    assert (failed["Type"], set(failed["Output"])) == ("Succeed", {"fault"})
    assert states[MAP]["Assign"]["faults"] == "{% [$states.result[$exists(fault)].fault] %}"
    first = states[ImportMachineState.ALL_MERGED]["Choices"][0]
    assert first["Condition"] == "{% $count($faults) > 0 %}"
    assert first["Next"] == ImportMachineState.MERGE_FAILED


def test_what_all_groups_say_fits_into_a_state():
    """200 GB are 200 groups of a gigabyte: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""
    assert 200 * (500 + len('{"why":""},')) < 256 * 1024


def test_the_longest_wait_fits_into_the_history_of_an_execution():
    """25,000 events; a poll takes nine. https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""
    from lambdas.check_adapter import MOST_LOOKS  # noqa: PLC0415 — handlers, for their figures
    from lambdas.import_model import MOST_POLLS  # noqa: PLC0415 — idem
    from lambdas.verify_import import MOST_COLD  # noqa: PLC0415 — idem

    assert (MOST_LOOKS + MOST_POLLS + MOST_COLD) * 9 < 20_000


def test_only_the_step_that_may_have_a_job_outlasts_ten_days_of_faults():
    assert [step.name for step in IMPORT_STEPS if step.follows_a_job] == ["import_model"]
    assert all(isinstance(step, Step) and step.timeout_seconds <= 900 for step in IMPORT_STEPS)
