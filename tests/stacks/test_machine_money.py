"""The state machine and money: nothing is spent without authorization, and every reservation is settled."""

import json

from machines import reachable
from test_machine import BAD_ENDS, GOOD_ENDS


def test_no_money_is_spent_unauthorized(states):
    authorized = states["Spend authorized?"]
    ways = {choice["Condition"]: choice["Next"] for choice in authorized["Choices"]}
    assert ways == {
        "{% $spend.decision = 'stopped' %}": "Stopped before its job",
        "{% $spend.decision = 'authorized' or $spend.leave = 'granted' %}": "Start training",
    }
    without = reachable(states, "Begin", without=["Authorize spend"])
    assert "Start training" not in without
    asked = reachable(states, authorized["Default"], without=["Authorize spend"])
    assert "Start training" not in asked, "what was approved is claimed before it is spent"


def test_every_outcome_after_a_reservation_settles_it(states):
    """A step that died may have claimed; only what is refused before the price has not."""
    conclusions = {n for n, s in states.items() if "outcome" in s.get("Assign", {})}
    past = {n for n in conclusions if states[n]["Next"] != "Settle spend"}
    assert past == {"Upload not expected"}  # a second try may be refused, whose first has claimed
    claimed = reachable(states, "Authorize spend", without=["Settle spend"])
    assert claimed.isdisjoint({"Record outcome", "Notify", *GOOD_ENDS, *BAD_ENDS})


def test_every_conclusion_says_what_may_be_billed(states):
    charges = {
        n: s["Assign"]["charge"] for n, s in states.items() if "charge" in s.get("Assign", {})
    }
    assert charges == {
        **dict.fromkeys(("Upload not expected", "Dataset refused", "Not approved"), "nothing"),
        **dict.fromkeys(
            ("Approval expired", "Job not started", "Stopped before its job"), "nothing"
        ),
        **dict.fromkeys(("Model trained", "Job stopped", "Job failed"), "job"),
        "Step failed": "unknown",
        "Resume outcome": "{% $run.charge %}",
    }


def test_the_wait_for_a_person_expires(states):
    wait = states["Wait for approval"]
    assert "$spend.approval_seconds : " in wait["TimeoutSeconds"]
    caught = {e: c["Next"] for c in wait["Catch"] for e in c["ErrorEquals"]}
    assert caught["States.Timeout"] == "Approval expired"


def test_task_tokens_are_in_no_notice_and_no_log(dev, states):
    given = [n for n, s in states.items() if "Task.Token" in json.dumps(s)]
    assert set(given) == {"Wait for approval", "Wait for job slot"}
    notices = [json.dumps(states[n]) for n in ("Request approval", "Notify")]
    assert not any(name in notice for name in ("task_token", "slot_token") for notice in notices)
    logging = dev.one("AWS::StepFunctions::StateMachine", "TrainingRunMachine").properties[
        "LoggingConfiguration"
    ]
    assert logging["IncludeExecutionData"] is False


def test_an_answered_token_is_forgotten(states):
    update = states["Record outcome"]["Arguments"]["UpdateExpression"]
    assert update.endswith(" REMOVE task_token, slot_token, #queue")
