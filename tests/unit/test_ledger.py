"""The ledger: a run goes forward only, an end stays, and a lost row is written anew."""

from itertools import pairwise

import pytest
from domain_builders import any_recipe, any_record, any_run, any_upload

from tuning.aws.ledger import Ledger, Unreadable
from tuning.runs.progress import Progress
from tuning.runs.run import Misdirected
from tuning.runs.run_record import RunRecord
from tuning.runs.run_states import ENDED, OPEN, STATES, TRANSITIONS, Partition, sources

RUN = any_run()
WAY = ("received", "started", "checked", "awaiting_approval", "authorized", "queued", "training")


LEDGER = Ledger(table="ledger")
HANDLE = "AAAAKgAAAAIA"


def kept(aws):
    return aws.dynamodb.record(RUN.id)


def standing(aws, state):
    """The ledger with the run in a state, written without the adapter."""
    aws.dynamodb.lay(any_record(state=state))


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
    moved = LEDGER.move(RUN, to, rebuilt="new")
    allowed = to in TRANSITIONS[found] or to == found
    assert allowed == (found in sources(to))
    assert moved is allowed
    assert kept(aws).state == (to if allowed else found)
    assert (kept(aws).rebuilt == "new") is allowed


@pytest.mark.parametrize("found", STATES)
def test_facts_are_noted_of_open_runs_only(aws, found):
    standing(aws, found)
    noted = LEDGER.note(RUN, rebuilt="new")
    assert noted is (found in OPEN)
    assert kept(aws).state == found
    assert (kept(aws).rebuilt == "new") is (found in OPEN)


def test_a_repeated_step_writes_what_it_wrote(aws):
    standing(aws, "authorized")
    assert LEDGER.move(RUN, "training", job_arn="arn:job")
    first = kept(aws)
    assert LEDGER.move(RUN, "training", job_arn="arn:job")
    assert kept(aws) == first


def test_a_lost_row_is_written_anew_from_what_the_step_knows(aws):
    LEDGER.move(RUN, "training", job_arn="arn:job")
    assert kept(aws) == RunRecord(
        id=RUN.id,
        state="training",
        job_arn="arn:job",
        arrived_at="2026-11-23T07:00:00Z",
        month="2026-11",
        upload="s3://datasets-bucket/datasets/support/train.jsonl",
        recipe="support",
        open=Partition.WORKING,
        turn=f"2026-11-23T07:00:00Z#{RUN.id}",
    )


def test_a_fact_of_a_lost_row_does_not_leave_it_without_a_state(aws):
    LEDGER.note(RUN, progress=Progress(state="in_progress", phase="Training"))
    assert kept(aws).state == "started"
    assert LEDGER.move(RUN, "checked")


def test_what_arrived_is_not_written_over_by_later_steps(aws):
    assert LEDGER.arrive(RUN)
    aws.dynamodb.items[RUN.id]["arrived_at"] = "2026-01-01T00:00:00Z"
    LEDGER.move(RUN, "checked")
    assert kept(aws).arrived_at == "2026-01-01T00:00:00Z"


@pytest.mark.usefixtures("aws")
def test_a_run_arrives_once():
    assert LEDGER.arrive(RUN)
    assert LEDGER.arrive(RUN), "anyone who wrote it may have died before the start"
    LEDGER.move(RUN, "started")
    assert not LEDGER.arrive(RUN)
    edited = any_run(recipe=any_recipe(hyperparameters={"epochCount": 3}))
    assert edited.id != RUN.id
    assert not LEDGER.arrive(edited), "a version of an object has one run"


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(any_run, id="a run"),
        pytest.param(
            lambda: Misdirected.new(upload=any_upload(), refusal="Why not."), id="misdirected"
        ),
    ],
)
def test_an_upload_whose_row_was_lost_is_started_when_it_is_received_again(aws, make):
    made = make()
    given = LEDGER.arrive(made)
    del aws.dynamodb.items[made.id]
    assert LEDGER.arrive(made) == given
    assert given["id"] == made.id


def test_a_record_is_written_once_and_who_comes_second_hears_so(aws):
    assert LEDGER.put_new(any_record(state="queued")) is True
    assert LEDGER.put_new(any_record(state="training")) is False
    assert kept(aws).state == "queued"


def test_what_answers_a_task_that_waits_is_read_only_by_who_asks_for_secrets(aws):
    standing(aws, "queued")
    aws.dynamodb.items[RUN.id] |= {"task_token": HANDLE}
    assert LEDGER.read(RUN.id).task_token is None
    assert LEDGER.read(RUN.id, secrets=True).task_token == HANDLE


def test_what_is_not_known_is_not_written(aws):
    standing(aws, "authorized")
    LEDGER.move(RUN, "training", job_arn=None)
    assert "job_arn" not in aws.dynamodb.items[RUN.id]


def test_a_field_that_no_record_has_is_not_written(aws):
    standing(aws, "authorized")
    with pytest.raises(KeyError, match="job_arm"):
        LEDGER.move(RUN, "training", job_arm="arn:job")


def test_a_row_that_cannot_be_read_is_listed_as_such_and_hides_no_other(aws):
    standing(aws, "trained")
    aws.dynamodb.items["bad"] = {"pk": "bad", "state": "lost"}
    aws.dynamodb.items["budget#2026-11"] = {"pk": "budget#2026-11", "committed": 3}
    bad, good = sorted(LEDGER.runs(), key=lambda run: run.id != "bad")
    assert good == kept(aws)
    assert isinstance(bad, Unreadable)
    assert "bad of the ledger" in bad.why


@pytest.mark.parametrize(
    "change",
    [
        lambda: LEDGER.amend(RUN.id, close=True),
        lambda: LEDGER.amend(RUN.id, rebuilt="new"),
        lambda: LEDGER.ask_to_stop(RUN.id, by="ann"),
    ],
)
def test_what_is_changed_of_a_run_that_the_ledger_lacks_makes_no_row_of_it(aws, change):
    with pytest.raises(aws.dynamodb.exceptions.ConditionalCheckFailedException):
        change()
    assert aws.dynamodb.items == {}


def test_what_was_written_is_what_is_read_next(aws):
    standing(aws, "checked")
    LEDGER.move(RUN, "authorized")
    assert LEDGER.read(RUN.id).state == "authorized"
