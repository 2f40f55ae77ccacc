"""The state machine: every way through it ends, and how it ended is recorded and reported."""

import json
import re
from pathlib import Path

import pytest
from machines import TERMINAL, definition, edges, following, known, of_type, reachable, used

from tuning.pipeline.manifest import of_kind
from tuning.runs.machine_states import REACHED, MachineState
from tuning.runs.recipe_files import load
from tuning.runs.run_states import OPEN, Partition

ROOT = Path(__file__).parents[2]
SETTLE = "Settle spend"
TASKS = [step.title for step in of_kind("task") if step.title != SETTLE]
"""Settling fails in a way of its own: the outcome is recorded all the same."""
RESUMED = "Resume outcome"
"""The end that another execution came to."""
GOOD_ENDS = {"Trained", "Refused", "Stopped"}
BAD_ENDS = {"Failed", "Outcome not reported"}


def test_it_is_written_in_jsonata(dev):
    assert definition(dev)["QueryLanguage"] == "JSONata"


def test_every_execution_ends_by_itself(dev):
    assert definition(dev)["TimeoutSeconds"] == 300 * 24 * 3600


def test_there_is_time_for_the_longest_queue_and_the_longest_jobs(dev):
    """Two jobs, where the recipe has the run try again."""
    hours = max(load(path).limits.max_hours for path in (ROOT / "recipes").glob("*.toml"))
    waiting = (7 + 100 + 7) * 24  # a thousand jobs of a day before it, patience, and for a person
    assert waiting + 2 * hours < definition(dev)["TimeoutSeconds"] / 3600


def test_every_state_is_reachable(dev, states):
    assert reachable(states, definition(dev)["StartAt"]) == set(states)


def test_from_every_state_there_is_a_way_to_an_end(states):
    ends = set(of_type(states, *TERMINAL))
    assert [name for name in states if not reachable(states, name) & ends] == []


def test_states_without_a_successor_are_the_ends(states):
    without = {name for name, state in states.items() if not following(state)}
    assert without == GOOD_ENDS | BAD_ENDS


def test_ends_mean_what_they_say(states):
    assert set(of_type(states, "Succeed")) == GOOD_ENDS
    assert set(of_type(states, "Fail")) == BAD_ENDS


def test_no_choice_is_left_without_a_default(states):
    assert [n for n, s in of_type(states, "Choice").items() if "Default" not in s] == []


@pytest.mark.parametrize("state", ["trained", "refused", "stopped"])
def test_an_outcome_ends_in_the_state_of_its_name(states, state):
    chosen = {choice["Condition"]: choice["Next"] for choice in states["Outcome?"]["Choices"]}
    assert chosen[f"{{% $outcome.state = '{state}' %}}"] == state.title()


def test_every_conclusion_names_an_outcome_that_the_end_knows(states):
    outcomes = {
        name: s["Assign"]["outcome"]["state"]
        for name, s in states.items()
        if "outcome" in s.get("Assign", {}) and name != RESUMED
    }
    assert outcomes == {
        "Upload not expected": "refused",
        "Dataset refused": "refused",
        "Model trained": "trained",
        "Job stopped": "stopped",
        "Stopped before its job": "stopped",
        "Job failed": "failed",
        "Job not started": "failed",
        "Not approved": "refused",
        "Approval expired": "refused",
        "Step failed": "failed",
    }


def test_no_run_ends_unrecorded(states):
    assert reachable(states, "Begin", without=["Record outcome"]).isdisjoint(GOOD_ENDS | BAD_ENDS)


def test_no_run_ends_without_a_notice(states):
    ends = reachable(states, "Begin", without=["Notify"]) & (GOOD_ENDS | BAD_ENDS)
    assert ends == {"Outcome not reported"}


def test_a_job_starts_only_after_the_check_and_the_estimate(states):
    for needed in ("Prepare dataset", "Dataset accepted?", "Authorize spend"):
        assert "Start training" not in reachable(states, "Begin", without=[needed])


def test_only_an_accepted_dataset_goes_on(states):
    sound = states["Dataset accepted?"]
    chosen = {choice["Condition"]: choice["Next"] for choice in sound["Choices"]}
    assert chosen == {
        "{% $dataset.verdict = 'waiting' %}": "Wait for other uploads",
        "{% $dataset.verdict = 'accepted' %}": "Authorize spend",
    }
    assert states["Wait for other uploads"]["Next"] == "Prepare dataset"
    assert "Start training" not in reachable(states, sound["Default"])


def test_the_one_answer_that_the_machine_gives_is_that_a_run_is_to_stop(states):
    """To a run of the same object without a job, whatever the input says."""
    answers = [
        state for state in states.values() if "sendTask" in json.dumps(state.get("Resource", ""))
    ]
    (answer,) = answers
    assert answer["Arguments"]["TaskToken"] == "{% $earlier.token %}"
    assert answer["Arguments"]["Output"].startswith("{% $string({'decision': 'stop', ")
    stop = states["Stop earlier version"]["Arguments"]
    assert stop["ConditionExpression"].startswith("#upload = :upload AND #state IN (")
    stopped = {v["S"] for n, v in stop["ExpressionAttributeValues"].items() if ":from" in n}
    assert stopped == OPEN - {"training", "again"}


def test_a_second_job_starts_only_when_the_first_has_ended(states):
    """`again` is said of jobs that have ended only: tests/unit/test_progress.py."""
    chosen = states["Job started?"]["Choices"]
    (after,) = (c["Next"] for c in chosen if c["Condition"] == "{% $job.state = 'started' %}")
    assert "Start training" not in reachable(states, after, without=["Retry training"])
    ways = [
        (name, choice["Condition"])
        for name, state in states.items()
        for choice in state.get("Choices", [{"Condition": None, "Next": state.get("Next")}])
        if choice["Next"] == "Retry training"
    ]
    assert ways == [("Job status?", "{% $progress.state = 'again' %}")]


def test_a_second_try_is_checked_and_authorized_like_the_first(states):
    assert states["Retry training"]["Next"] == "Prepare dataset"
    assert states["Retry training"]["Assign"]["run"] == "{% $progress.next_run %}"


def test_every_loop_waits(states):
    waits = {"Wait for job", "Wait for job slot", "Wait for approval", "Wait for other uploads"}
    for name in states.keys() - waits:
        ahead = {n for after in following(states[name]) for n in [after] if n not in waits}
        assert not any(name in reachable(states, n, without=waits) for n in ahead), name


def test_waiting_takes_the_time_that_the_last_look_said(dev, rich):
    for environment, seconds in ((dev, 300), (rich, 600)):
        waits = of_type(definition(environment)["States"], "Wait")
        assert {n: w["Seconds"] for n, w in waits.items()} == {
            "Wait for job": f"{{% $max([{seconds}, $progress.pause_seconds]) %}}",
            "Wait for other uploads": "{% $dataset.wait_seconds %}",
        }


def test_a_run_waits_for_a_job_slot_without_polling(states):
    """Only the row of a run that is still queued takes the token, and an answer leads to the next try."""
    wait = states["Wait for job slot"]
    assert wait["Resource"].endswith(":states:::aws-sdk:dynamodb:updateItem.waitForTaskToken")
    assert wait["Arguments"]["ConditionExpression"].startswith("#state = :queued AND")
    assert (wait["Next"], wait["Assign"]) == (
        "Start training",
        {"queue": "{% $states.result %}"},
    )
    caught = {e: c["Next"] for c in wait["Catch"] for e in c["ErrorEquals"]}
    assert caught["States.Timeout"] == "Start training"
    assert "86400" in wait["TimeoutSeconds"]


@pytest.mark.parametrize("state", ["queued", "no_room"])  # of this version, and of the first
def test_a_run_without_a_slot_waits_for_one(states, state):
    ways = {c["Condition"]: c["Next"] for c in states["Job started?"]["Choices"]}
    [to] = {to for said, to in ways.items() if f"'{state}'" in said}
    assert to == "Wait for job slot"


def test_a_step_sees_its_own_last_answer(states):
    for step, kept in (("Start training", "queue"), ("Track training", "progress")):
        assert states[step]["Arguments"]["Payload"][kept] == f"{{% ${kept} %}}"


def test_a_run_that_may_have_left_a_job_stays_open_for_the_reconciler(states):
    """After a fault, and when its job was not started: a try that was given up may still make one."""
    outcomes = {
        n: s["Assign"]["outcome"] for n, s in states.items() if "outcome" in s.get("Assign", {})
    }
    del outcomes[RESUMED]
    unsure = {n: outcome["unsure"] for n, outcome in outcomes.items() if outcome.get("unsure")}
    assert unsure == {
        "Step failed": True,
        "Job not started": True,
        "Stopped before its job": True,
    }
    (caught,) = states["Settle spend"]["Catch"]
    assert "'unsure': true" in caught["Assign"]["outcome"]
    closing = states["Close run"]["Arguments"]["UpdateExpression"]
    assert "$outcome.unsure ? '' : ', #open'" in closing


def test_a_run_leaves_the_index_when_its_outcome_was_reported(states):
    """Until then the reconciler finds it there, whatever has died."""
    record = states["Record outcome"]["Arguments"]
    assert "#open = :open" in record["UpdateExpression"]
    assert record["ExpressionAttributeValues"][":open"] == {
        "S": f"{{% '{Partition.UNNOTIFIED}' %}}"
    }
    assert "Close run" not in reachable(states, "Begin", without=["Notify"])
    assert reachable(states, "Begin", without=["Close run"]) & GOOD_ENDS == set()


def test_an_end_is_taken_up_as_it_was_left(states):
    assert states[RESUMED]["Assign"] == {
        "outcome": "{% $run.outcome %}",
        "charge": "{% $run.charge %}",
    }
    assert states[RESUMED]["Next"] == "Settle spend"
    ways = {c["Condition"]: c["Next"] for c in states["Upload expected?"]["Choices"]}
    assert ways["{% $exists($run.outcome) %}"] == RESUMED
    assert "$states.input.progress" in states["Begin"]["Assign"]["progress"]


@pytest.mark.parametrize("task", TASKS)
def test_any_fault_of_a_step_becomes_an_outcome(states, task):
    (catch,) = states[task]["Catch"]
    assert catch["ErrorEquals"] == ["States.ALL"]
    assert catch["Next"] == "Step failed"
    assert set(catch["Assign"]["fault"]) == {"kind", "message"}


def test_every_task_catches_everything(states):
    for name, task in of_type(states, "Task").items():
        assert task["Catch"][-1]["ErrorEquals"] == ["States.ALL"], name


def test_an_end_is_written_over_open_states_only(states):
    record = states["Record outcome"]["Arguments"]
    among = re.search(r"#state IN \(([^)]*)\)", record["ConditionExpression"])[1].split(", ")
    values = record["ExpressionAttributeValues"]
    assert {values[name]["S"] for name in among} == OPEN
    rest = record["ConditionExpression"].replace(f"#state IN ({', '.join(among)})", "open")
    assert rest == "attribute_not_exists(pk) OR open OR #outcome = :outcome"


def test_a_run_that_was_ended_by_another_hand_is_still_reported(states):
    caught = {e: c["Next"] for c in states["Record outcome"]["Catch"] for e in c["ErrorEquals"]}
    assert caught["DynamoDB.ConditionalCheckFailedException"] == "Notify"


def test_no_way_uses_a_variable_before_it_is_assigned(states):
    assigned = known(states, "Begin")
    for name, state in states.items():
        own = {variable for _, new in edges(state) for variable in new}
        read = used({k: v for k, v in state.items() if k not in ("Catch", "Comment")})
        assert read - own <= assigned[name], name


def test_what_a_step_learns_is_kept_under_one_name(states):
    kept = {step.title: set(states[step.title]["Assign"]) for step in of_kind("task")}
    assert kept == {step.title: {step.gives} for step in of_kind("task")}


def test_a_task_is_invoked_with_what_the_manifest_says(states):
    given = {step.title: states[step.title]["Arguments"]["Payload"] for step in of_kind("task")}
    assert given == {
        step.title: {
            **{name: f"{{% ${name} %}}" for name in step.takes},
            **{name: f"{{% {said} %}}" for name, said in step.takes_after_rollback},
        }
        for step in of_kind("task")
    }


def test_its_states_are_those_that_whoever_reads_a_history_knows(states):
    tasks = {step.title for step in of_kind("task")}
    assert set(states) == set(MachineState) | tasks
    assert set(REACHED) <= set(MachineState)
