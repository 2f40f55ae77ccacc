"""The ledger: a run goes forward only, an end stays, and a lost row is written anew."""

from itertools import pairwise

import pytest
from domain_builders import any_recipe, any_run

from tuning.aws import ledger
from tuning.runs.run_states import ENDED, OPEN, STATES, TRANSITIONS, sources

RUN = any_run()
WAY = ("received", "started", "checked", "awaiting_approval", "authorized", "queued", "training")


def row(aws):
    return aws.dynamodb.items[RUN.id]


def standing(aws, state):
    """The ledger with the run in a state, written without the door."""
    aws.dynamodb.items[RUN.id] = {"pk": RUN.id, "state": state, **RUN.upload.facts}


def test_every_state_is_open_or_ended():
    assert OPEN | ENDED == set(STATES) == set(TRANSITIONS)
    assert OPEN.isdisjoint(ENDED)


def test_nothing_follows_an_end():
    assert {state for state in STATES if not TRANSITIONS[state]} == ENDED


def test_every_open_state_can_end_in_every_way():
    for state in OPEN:
        assert TRANSITIONS[state] >= ENDED, state


def test_the_only_way_round_is_a_second_try():
    """Without it, no state can come again once it was left."""
    forward = {s: TRANSITIONS[s] - {s} for s in STATES if s != "again"} | {"again": frozenset()}
    for start in STATES:
        seen, ahead = set(), set(forward[start])
        while ahead:
            state = ahead.pop()
            seen.add(state)
            ahead |= forward[state] - seen
        assert start not in seen, start


def test_the_plain_way_is_allowed():
    for before, after in pairwise(WAY):
        assert after in TRANSITIONS[before]


@pytest.mark.parametrize("found", STATES)
@pytest.mark.parametrize("to", STATES)
def test_a_write_lands_exactly_where_the_table_says(aws, found, to):
    standing(aws, found)
    moved = ledger.move("ledger", RUN, to, mark="new")
    allowed = to in TRANSITIONS[found] or to == found
    assert allowed == (found in sources(to))
    assert (moved is not None) is allowed
    assert row(aws)["state"] == (to if allowed else found)
    assert ("mark" in row(aws)) is allowed


@pytest.mark.parametrize("found", STATES)
def test_facts_are_noted_of_open_runs_only(aws, found):
    standing(aws, found)
    noted = ledger.note("ledger", RUN, mark="new")
    assert (noted is not None) is (found in OPEN)
    assert row(aws)["state"] == found
    assert ("mark" in row(aws)) is (found in OPEN)


def test_a_repeated_step_writes_what_it_wrote(aws):
    standing(aws, "authorized")
    first = ledger.move("ledger", RUN, "training", job_arn="arn:job")
    assert ledger.move("ledger", RUN, "training", job_arn="arn:job") == first


def test_a_lost_row_is_written_anew_from_what_the_step_knows(aws):
    ledger.move("ledger", RUN, "training", job_arn="arn:job")
    assert row(aws) == {
        "pk": RUN.id,
        "state": "training",
        "job_arn": "arn:job",
        "arrived_at": "2026-11-23T07:00:00Z",
        "month": "2026-11",
        "upload": "s3://datasets-bucket/datasets/support/train.jsonl",
        "recipe": "support",
        "open": "working",
        "turn": f"2026-11-23T07:00:00Z#{RUN.id}",
    }


def test_a_fact_of_a_lost_row_does_not_leave_it_without_a_state(aws):
    ledger.note("ledger", RUN, progress={"phase": "Training"})
    assert row(aws)["state"] == "started"
    assert ledger.move("ledger", RUN, "checked") is not None


def test_what_arrived_is_not_written_over_by_later_steps(aws):
    assert ledger.arrive("ledger", RUN)
    row(aws)["arrived_at"] = "2026-01-01T00:00:00Z"
    ledger.move("ledger", RUN, "checked")
    assert row(aws)["arrived_at"] == "2026-01-01T00:00:00Z"


@pytest.mark.usefixtures("aws")
def test_a_run_arrives_once():
    assert ledger.arrive("ledger", RUN)
    assert ledger.arrive("ledger", RUN), "whoever wrote it may have died before the start"
    ledger.move("ledger", RUN, "started")
    assert not ledger.arrive("ledger", RUN)
    edited = any_run(recipe=any_recipe(hyperparameters={"epochCount": 3}))
    assert edited.id != RUN.id
    assert not ledger.arrive("ledger", edited), "a version of an object has one run"


def test_what_is_not_known_is_not_written(aws):
    standing(aws, "authorized")
    ledger.move("ledger", RUN, "training", job_arn=None)
    assert "job_arn" not in row(aws)
