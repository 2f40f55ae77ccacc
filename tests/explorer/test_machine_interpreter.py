"""The interpreter does with a state machine what Step Functions does with it."""

from datetime import timedelta

import pytest
from clockwork import START
from expressions import QueryError, evaluated
from machine import LONGEST, MOST_EVENTS, Execution, Failed


class World:
    """Tasks answer as arranged; waiting is written down."""

    def __init__(self, *answers):
        self.answers, self.slept = list(answers), []

    def perform(self, _resource, arguments, _limit):
        answer = self.answers.pop(0)
        if isinstance(answer, Failed):
            raise answer
        return {"Payload": answer, "Given": arguments}

    def sleep(self, seconds):
        self.slept.append(seconds)

    def moment(self):
        return "2026-11-23T07:00:00.000Z"

    def jitter(self, most):
        return most


RETRY = {
    "ErrorEquals": ["Passing"],
    "IntervalSeconds": 2,
    "BackoffRate": 2,
    "MaxAttempts": 3,
    "MaxDelaySeconds": 5,
}
CATCH = {
    "ErrorEquals": ["States.ALL"],
    "Next": "Bad",
    "Assign": {"said": "{% $states.errorOutput.Error %}"},
}


def run(world, **task):
    states = {
        "Work": {"Type": "Task", "Resource": "it", "Next": "Good", **task},
        "Good": {"Type": "Succeed"},
        "Bad": {"Type": "Fail", "Error": "{% $said %}", "Cause": "caught"},
    }
    execution = Execution(
        definition={"StartAt": "Work", "States": states}, name="n", given={"x": 1}, world=world
    )
    return execution.run(), execution


def test_a_retry_waits_longer_each_time_and_not_longer_than_it_may():
    world = World(*[Failed("Passing")] * 3, "done")
    end, _ = run(world, Retry=[RETRY], Catch=[CATCH])
    assert end.status == "SUCCEEDED"
    assert world.slept == [2, 4, 5]


def test_when_retries_are_used_up_the_fault_is_caught():
    world = World(*[Failed("Passing")] * 4)
    end, _ = run(world, Retry=[RETRY], Catch=[CATCH])
    assert (end.status, end.error, end.cause) == ("FAILED", "Passing", "caught")


def test_other_faults_are_not_retried():
    world = World(Failed("Lasting"))
    assert run(world, Retry=[RETRY], Catch=[CATCH])[0].error == "Lasting"
    assert world.slept == []


def test_what_is_not_caught_ends_the_execution():
    end, _ = run(World(Failed("Lasting", "why")))
    assert (end.status, end.error, end.cause) == ("FAILED", "Lasting", "why")


def test_an_answer_is_assigned_before_the_next_state():
    end, execution = run(World({"y": None}), Assign={"kept": "{% $states.result.Payload %}"})
    assert end.status == "SUCCEEDED"
    assert execution.variables == {"kept": {"y": None}}


def test_an_expression_without_a_value_fails_the_state():
    end, _ = run(World("done"), Arguments={"a": "{% $absent %}"}, Catch=[CATCH])
    assert end.error == "States.QueryEvaluationError"


def test_a_state_it_does_not_know_is_refused():
    definition = {"StartAt": "Map", "States": {"Map": {"Type": "Map"}}}
    with pytest.raises(NotImplementedError, match="Map"):
        Execution(definition=definition, name="n", given={}, world=World()).run()


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("$run.id", "a"),
        ("$run.nothing.x", None),
        ("$waits + 1", 3),
        ("$run.none", None),
        ("$exists($run.none)", True),
        ("$exists($run.nothing)", False),
        ("$parse('[1]')", [1]),
        ("$run.id = 'a' and $waits < 3", True),
        ("'<' & $run.id & '>'", "<a>"),
    ],
)
def test_expressions(expression, value):
    bindings = {"run": {"id": "a", "none": None}, "waits": 2}
    if expression == "$run.nothing.x":
        with pytest.raises(QueryError):
            evaluated(f"{{% {expression} %}}", bindings)
    else:
        assert evaluated(f"{{% {expression} %}}", bindings) == value


class Calendar(World):
    """Time passes while an execution sleeps."""

    def moment(self):
        return (START + timedelta(seconds=sum(self.slept))).isoformat()


def waiting(world, *, seconds, **machine):
    """An execution that looks again and again, and never finds."""
    states = {"Look again": {"Type": "Wait", "Seconds": seconds, "Next": "Look again"}}
    definition = {"StartAt": "Look again", "States": states, **machine}
    return Execution(definition=definition, name="n", given={}, world=world)


def test_an_execution_of_more_than_25_000_events_fails_and_nothing_catches_it():
    world = World()
    execution = waiting(world, seconds=1)
    end = execution.run()
    assert (end.status, end.error) == ("FAILED", "States.Runtime")
    assert "25000" in end.cause
    assert len(world.slept) == (MOST_EVENTS - 1) // 2  # two events each, after the first of all
    assert execution.events == MOST_EVENTS + 1


def test_tries_of_a_task_are_events_too():
    world = World(*[Failed("Passing")] * 10_000)
    tries = RETRY | {"MaxAttempts": 9_999}
    end, execution = run(world, Retry=[tries], Catch=[CATCH])
    assert (end.status, end.error) == ("FAILED", "States.Runtime")
    assert execution.events > MOST_EVENTS


@pytest.mark.parametrize(
    ("machine", "most"), [({}, LONGEST), ({"TimeoutSeconds": 86400}, timedelta(days=1))]
)
def test_an_execution_that_lasts_longer_than_a_year_or_than_its_machine_allows_is_timed_out(
    machine, most
):
    world = Calendar()
    end = waiting(world, seconds=12 * 3600, **machine).run()
    assert (end.status, end.error) == ("TIMED_OUT", "")
    assert most < timedelta(seconds=sum(world.slept)) <= most + timedelta(hours=12)
