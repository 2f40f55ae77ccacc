"""The Release state machine: every way through it ends, recorded and reported, with one model live."""

import pytest
from machines import TERMINAL, definition, edges, following, known, of_type, reachable, used

from tuning.pipeline.manifest import of_kind
from tuning.releases.release_states import ReleaseState

STEPS = of_kind("release")
ENDS = {"Released", "Not released", "Release failed", "Release not reported"}
WAIT = "Wait for deployment"


@pytest.fixture(scope="module")
def machine(dev):
    return definition(dev, "ReleaseMachine")


@pytest.fixture(scope="module")
def release_states(machine):
    return machine["States"]


def test_every_release_ends_by_itself_after_its_longest_loops(machine):
    """Two loops of 120 polls, each of which may be tried for ten days."""
    assert machine["TimeoutSeconds"] == 30 * 24 * 3600


def test_every_state_is_known_is_reached_and_leads_to_an_end(machine, release_states):
    assert set(release_states) == set(ReleaseState) | {step.title for step in STEPS}
    assert reachable(release_states, machine["StartAt"]) == set(release_states)
    for name, state in release_states.items():
        assert reachable(release_states, name) & ENDS, name
        assert (state["Type"] in TERMINAL) == (name in ENDS)
        assert bool(following(state)) == (name not in ENDS)
    assert all("Default" in each for each in of_type(release_states, "Choice").values())


def test_no_release_ends_unrecorded_or_without_a_notice(release_states):
    """What could not be recorded is reported all the same, and what could not be reported fails."""
    assert reachable(release_states, "Begin", without=["Finish release"]).isdisjoint(ENDS)
    ends = reachable(release_states, "Begin", without=["Notify of release"]) & ENDS
    assert ends == set()


def test_nothing_is_live_that_has_not_answered(release_states):
    live = "Model live"
    for needed in ("Begin release", "Deploy model", "Verify release"):
        assert live not in reachable(release_states, "Begin", without=[needed])


def test_every_loop_waits_or_has_changed_its_way(release_states):
    """`Restore earlier model` is passed once: what was asked then is known. Prompts are asked on as long as some
    were answered.
    """
    closed = {*of_type(release_states, "Wait"), "Restore earlier model", "All prompts answered?"}
    assert {WAIT, "Wait for quota", "Wait for candidate", "Wait for removal"} <= closed
    for name in release_states.keys() - closed:
        ahead = {after for after in following(release_states[name]) if after not in closed}
        assert not any(name in reachable(release_states, n, without=closed) for n in ahead), name
    choices = release_states["Deployment status?"]["Choices"]
    before_active = [choice["Condition"] for choice in choices][:2]
    assert "$exists($verified.state)" in before_active[1]


def test_every_task_catches_everything_and_tries_within_bounds(release_states):
    for name, task in of_type(release_states, "Task").items():
        assert task["Catch"][-1]["ErrorEquals"] == ["States.ALL"], name
        assert task["Retry"], name
        for retry in (each for each in task["Retry"] if each["MaxAttempts"]):
            assert retry["MaxAttempts"] <= 1000, name
            assert retry["JitterStrategy"] == "FULL", name


def test_no_way_uses_what_is_not_assigned_yet(release_states):
    assigned = known(release_states, "Begin")
    for name, state in release_states.items():
        own = {variable for _, new in edges(state) for variable in new}
        read = used({k: v for k, v in state.items() if k not in ("Catch", "Comment")})
        assert read - own <= assigned[name], name


def test_it_waits_for_a_number_of_seconds(release_states):
    """Text would fail the execution."""
    waits = of_type(release_states, "Wait").values()
    assert {each["Seconds"] for each in waits} == {"{% 60 %}"}


def test_no_candidate_is_left_on_any_way_that_goes_on(release_states):
    """Whatever the deployment, the questions or the decision come to."""
    for name in ("Deploy candidate", "Answer prompts", "Decide release"):
        onwards = reachable(release_states, name, without=["Remove candidate"])
        assert onwards.isdisjoint(ENDS | {"Begin release", "Finish release"}), name


def test_nothing_goes_live_by_itself_that_did_not_pass_the_gate(release_states):
    """A person's word leads past it, and a recipe without one."""
    first = release_states["Evaluated first?"]
    assert first["Default"] == "Begin release"
    assert [each["Next"] for each in first["Choices"]] == ["Plan evaluation"]
    planned = release_states["Evaluation planned?"]["Choices"]
    assert [(each["Condition"], each["Next"]) for each in planned] == [
        ("{% $plan.state = 'planned' %}", "Deploy candidate"),
        ("{% $plan.state = 'not_needed' %}", "Begin release"),
    ]
    ahead = reachable(release_states, "Deploy candidate", without=["Gate passed"])
    assert "Begin release" not in ahead
    assert (
        "'go_ahead': {'gate': $gate.decision}" in release_states["Gate passed"]["Assign"]["request"]
    )


def test_its_tasks_take_and_give_what_the_manifest_says(release_states):
    for step in STEPS:
        task = release_states[step.title]
        given = {name: f"{{% ${name} %}}" for name in step.takes}
        assert task["Arguments"]["Payload"] == given
        assert set(task["Assign"]) == {step.gives}


def test_a_release_is_recorded_under_the_name_that_its_execution_has(release_states):
    assert release_states["Begin"]["Assign"]["execution"] == "{% $states.context.Execution.Name %}"
