"""The queue for job slots: in order of arrival, as many as there are slots; patience, and its end."""

from datetime import UTC, datetime, timedelta

import pytest
from job_queue_model import Account, live
from msgspec import structs

from tuning.runs.job_queue import (
    MOST_WAITING,
    PATIENCE,
    QueuedRun,
    QueueState,
    arrival_order,
    dispatch,
)
from tuning.runs.times import instant, moment

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def a_run(number, *, since=NOW, refused=None):
    return QueuedRun(
        id=f"run-{number}",
        slot_token=f"token-{number}",
        queued_at=moment(since),
        refused_at=instant(refused) if refused else None,
    )


def rounds(*given, state=None, now=NOW):
    """What each round answered, minute by minute; each is given as (waiting, jobs in progress)."""
    state, answered = state or QueueState(), []
    for number, (waiting, jobs) in enumerate(given):
        answers, state = dispatch(waiting, state, jobs=jobs, now=now + number * MINUTE)
        answered.append([answer.run_id for answer in answers])
    return answered, state


QUEUE = [a_run(number) for number in range(5)]
FULL = QueueState(round_at=instant(NOW - MINUTE), slots=10, tried_at=moment(NOW - MINUTE))


def test_as_many_try_as_there_are_free_slots_in_order_of_arrival():
    assert rounds((QUEUE, 7), state=FULL)[0] == [["run-0", "run-1", "run-2"]]


def test_while_nothing_is_free_nobody_tries():
    answered, _ = rounds(*[(QUEUE, 10)] * 29, state=FULL)
    assert answered == [[]] * 29


def test_a_full_account_is_tried_again_after_half_an_hour():
    """Quotas of others change unseen."""
    answered, _ = rounds(*[(QUEUE, 10)] * 40, state=FULL)
    assert [number for number, each in enumerate(answered) if each] == [29]


def test_slots_are_learnt_from_the_round_after_bedrock_had_none():
    refused = [a_run(0, refused=NOW), *QUEUE[1:]]
    answered, state = rounds((refused, 10), (refused, 10), (refused, 8))
    assert answered == [[], [], ["run-0", "run-1"]]
    assert state.slots == 10


def test_more_slots_are_learnt_when_more_are_in_progress():
    """How many is not known then: one tries at a time until Bedrock has no slot again."""
    answered, state = rounds((QUEUE, 12), (QUEUE[1:], 13), state=FULL)
    assert (answered, state.slots) == ([["run-0"], ["run-1"]], None)


def test_fewer_slots_are_believed_when_bedrock_has_said_so_twice():
    """A job may have ended between Bedrock's answer and the count."""
    once = [a_run(0, refused=NOW), *QUEUE[1:]]
    answers, state = dispatch(once, FULL, jobs=9, now=NOW)
    assert (len(answers), state.slots) == (1, 10)
    again = [a_run(0, refused=NOW + MINUTE / 2), *QUEUE[1:]]
    answers, state = dispatch(again, state, jobs=9, now=NOW + MINUTE)
    assert (answers, state.slots) == ((), 9)


def test_a_refusal_while_as_many_are_in_progress_as_there_are_slots_raises_no_doubt():
    """It is what was expected; the first one with fewer in progress may be by chance still."""
    at_most = [a_run(0, refused=NOW), *QUEUE[1:]]
    fewer = [a_run(0, refused=NOW + MINUTE / 2), *QUEUE[1:]]
    _, state = rounds((at_most, 10), (fewer, 9), state=FULL)
    assert state.slots == 10


def test_two_refusals_with_a_quiet_round_between_them_are_not_twice_in_a_row():
    once = [a_run(0, refused=NOW), *QUEUE[1:]]
    again = [a_run(0, refused=NOW + 1.5 * MINUTE), *QUEUE[1:]]
    _, state = rounds((once, 9), (once, 10), (again, 9), state=FULL)
    assert state.slots == 10


def test_a_refusal_counts_in_one_round_only():
    """Also one of the very moment of a round."""
    refused = [a_run(0, refused=NOW), *QUEUE[1:]]
    _, state = rounds((refused, 9), (refused, 9), state=FULL)
    assert state.slots == 10


def test_who_is_answered_hears_that_there_is_a_slot_and_whether_it_is_its_last_try():
    old = [a_run(0, since=NOW - PATIENCE)]
    for waiting, jobs, last_try in ((QUEUE, 9, False), (old, 10, True)):
        [answer], _ = dispatch(waiting, FULL, jobs=jobs, now=NOW)
        assert answer.to_json() == {"slot": True, "last_try": last_try}


def test_one_that_was_answered_takes_a_slot_until_it_is_gone_or_back():
    answered, _ = rounds((QUEUE, 9), (QUEUE, 9), (QUEUE[1:], 10), state=FULL)
    assert answered == [["run-0"], [], []]
    back = [a_run(0, refused=NOW + MINUTE / 2), *QUEUE[1:]]
    assert rounds((QUEUE, 9), (back, 10), (back, 8), state=FULL)[0][-1] == ["run-0", "run-1"]


def test_one_that_dies_with_its_answer_holds_up_nobody_for_long():
    answered, _ = rounds(*[(QUEUE, 9)] * 20, state=FULL)
    assert [number for number, each in enumerate(answered) if each] == [0, 15]


def test_while_no_slots_are_known_one_tries_at_a_time():
    answered, _ = rounds((QUEUE, 0), (QUEUE[1:], 1), (QUEUE[2:], 2))
    assert answered == [["run-0"], ["run-1"], ["run-2"]]


def test_patience_counts_from_the_last_time_that_anybody_got_a_slot():
    old = [a_run(number, since=NOW - 10 * PATIENCE) for number in range(3)]
    served = structs.replace(FULL, served_at=moment(NOW - PATIENCE + MINUTE))
    assert [a.last_try for a in dispatch(old, served, jobs=10, now=NOW)[0]] == []
    long_ago = structs.replace(FULL, served_at=moment(NOW - PATIENCE))
    answers, _ = dispatch(old, long_ago, jobs=10, now=NOW)
    assert [(a.run_id, a.last_try) for a in answers] == [(f"run-{n}", True) for n in range(3)]


def test_who_came_lately_is_patient_when_the_others_give_up():
    queue = [a_run(0, since=NOW - PATIENCE), a_run(1, since=NOW - MINUTE)]
    answers, _ = dispatch(queue, FULL, jobs=10, now=NOW)
    assert [a.run_id for a in answers] == ["run-0"]


def test_the_state_survives_the_ledger_also_with_what_a_later_version_adds():
    state = structs.replace(
        FULL, answered={"run-0": moment(NOW)}, served_at=moment(NOW), doubted=True
    )
    item = {**state.to_item(), "of_a_later_version": {"S": "1"}}
    assert QueueState.from_item(item) == state
    assert QueueState.from_item(QueueState().to_item()) == QueueState()


def test_runs_sort_by_arrival_and_then_by_run():
    runs = [("2026-11-23T07:00:01Z", "a"), ("2026-11-23T07:00:00Z", "b")]
    assert min(arrival_order(at, run) for at, run in runs).endswith("#b")


def test_moments_sort_as_texts_whatever_their_zone():
    zones = [NOW.astimezone(), NOW]
    assert {moment(at) for at in zones} == {"2026-11-23T12:00:00+00:00"}


# A queue of days, in a model: how often each run tries, and what that comes to ---------------------

TRANSITIONS_OF_A_TRY, EVENTS_OF_A_TRY = 3, 15
"""Wait for a job slot, Start training, Has the job started?: states, and events of their history."""
TRANSITION_USD = 0.000025
"""https://aws.amazon.com/step-functions/pricing/"""


@pytest.mark.thorough
@pytest.mark.parametrize("others", [0, 4])
def test_a_hundred_runs_in_a_week_with_ten_slots_and_jobs_of_a_day_are_all_trained(others):
    account = Account(slots=10, job_hours=24, others=others, others_hours=24 * 4)
    reported = live(account, runs=100, most_days=30)
    assert reported.trained == 100
    assert reported.order == sorted(reported.order)
    assert reported.most_at_once <= 10
    assert reported.days <= (11 if not others else 13)
    assert max(reported.tries.values()) <= 50  # twice an hour, while it is first and nothing moves
    assert max(reported.tries.values()) * EVENTS_OF_A_TRY < 1_000
    assert sum(reported.tries.values()) * TRANSITIONS_OF_A_TRY * TRANSITION_USD / 100 < 0.001


@pytest.mark.thorough
def test_slots_are_hardly_ever_left_free():
    reported = live(Account(slots=10, job_hours=24), runs=100, most_days=30)
    assert reported.days < 10 + 1 / 24  # ten days, and a few minutes for each


@pytest.mark.parametrize(("before", "after"), [(10, 4), (4, 10)])
def test_a_quota_that_changes_is_noticed(before, after):
    account = Account(slots=before, job_hours=5, changes={24: after})
    reported = live(account, runs=60, most_days=30)
    assert reported.trained == 60
    assert max(reported.tries.values()) < 30


@pytest.mark.thorough
def test_of_ten_thousand_at_once_as_many_wait_as_may_and_cost_what_the_slots_cost(capsys):
    """Whatever waits behind costs nothing but its entry into the queue, and a try a day. It was 18 USD a day."""
    reported = live(Account(slots=10, job_hours=24), runs=10_000, most_days=7, stop_at_days=7)
    assert reported.turned_away == 10_000 - MOST_WAITING
    assert reported.trained >= 60
    at_the_head = sum(reported.tries.values())
    a_day = (MOST_WAITING + at_the_head / 7) * TRANSITIONS_OF_A_TRY * TRANSITION_USD
    with capsys.disabled():
        figures = f"{reported.trained} trained, {reported.turned_away} turned away"
        print(f"\n{figures}, {a_day:.3f} USD a day")  # noqa: T201 — a figure
    assert at_the_head < 500
    assert a_day < 0.1
    assert reported.rounds == 7 * 24 * 60


@pytest.mark.thorough
def test_when_nobody_gets_a_slot_for_a_week_everybody_is_notified_why():
    reported = live(Account(slots=0, job_hours=1), runs=30, most_days=9)
    assert reported.given_up == 30
    assert 7 <= reported.days < 8


@pytest.mark.thorough
def test_three_of_ten_do_not_give_up_while_the_queue_moves_once_a_day():
    reported = live(Account(slots=1, job_hours=24), runs=10, most_days=12)
    assert (reported.trained, reported.given_up) == (10, 0)
