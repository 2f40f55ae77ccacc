"""Starting a job when there is no slot for it: in order of arrival, at most as many as may be."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from domain_builders import any_reservation, any_run, any_upload
from fake_aws import refusal
from msgspec import structs

from lambdas import dispatch_queue, polling_queue, start_training
from tuning.aws import slot_queue
from tuning.aws.ledger import Ledger
from tuning.aws.slot_queue import SlotQueue
from tuning.runs.job_queue import LEFT, WAITING, QueueState, expected_wait
from tuning.runs.run import is_run

DATASET = {
    "training_uri": f"s3://prepared-bucket/prepared/{0:064x}/train.jsonl",
    "validation_uri": None,
    "training_tokens": 1000,
}
MINUTE = timedelta(minutes=1)


def a_run(number):
    at = f"2026-11-23T07:{number // 60:02}:{number % 60:02}Z"
    return any_run(upload=any_upload(version_id=f"v{number}", arrived_at=at))


@pytest.fixture
def world(aws, context, monkeypatch):
    """Handlers at a moment that the test sets, and the task that waits between them."""

    class Clock(datetime):
        moment = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)

        @classmethod
        def now(cls, tz=None):
            return cls.moment.astimezone(tz)

    for handler in (start_training, dispatch_queue):
        monkeypatch.setattr(handler, "datetime", Clock)

    def start(run, queue=None, *, later=timedelta(0)):
        Clock.moment += later
        event = {"run": run.to_dict(), "dataset": DATASET, "job": {}, "queue": queue or {}}
        answer = start_training.handler(event, context)
        if answer["state"] == "queued":
            _wait(run)
        return answer

    def _wait(run):
        """As the state machine does it."""
        token = f"token-{run.id}-{len(aws.stepfunctions.tokens)}"
        aws.stepfunctions.tokens[token] = None
        aws.dynamodb.items[run.id] |= {"slot_token": token, "queue": WAITING}
        aws.dynamodb.items[run.id].setdefault("queued_at", Clock.moment.isoformat())

    def dispatch(*, later=MINUTE):
        """A round; anyone who is answered tries. Returns how the tries went."""
        Clock.moment += later
        answered = dispatch_queue.handler({}, context)["answered"]
        runs = {a_run(n).id: a_run(n) for n in range(100)}
        return [(runs[each], start(runs[each], _answer(each))["state"]) for each in answered]

    def _answer(run_id):
        return json.loads(aws.stepfunctions.tokens[aws.dynamodb.items[run_id]["slot_token"]])

    def poll(run, job=None, *, later=timedelta(0)):
        """As a machine of the first version does."""
        Clock.moment += later
        event = {"run": run.to_dict(), "dataset": DATASET, "job": job or {}}
        return start_training.handler(event, context)

    def end_one():
        running = [j for j in aws.bedrock.all_jobs() if j["status"] == "InProgress"]
        running[0]["status"] = "Stopped"

    return SimpleNamespace(
        start=start, dispatch=dispatch, poll=poll, end_one=end_one, items=aws.dynamodb.items
    )


@pytest.fixture
def full(aws, world):
    """As `world`, where Bedrock has no job slot left."""
    aws.bedrock.quota = 0
    return world


def test_while_there_are_slots_a_crowd_starts_at_once_in_whatever_order_it_comes(aws, world):
    runs = [a_run(number) for number in range(aws.bedrock.quota)]
    assert {world.start(run)["state"] for run in reversed(runs)} == {"started"}
    assert len(aws.bedrock.created) == len(runs)


def test_a_full_quota_is_waited_for_with_a_token(aws, world):
    aws.bedrock.quota = 1
    world.start(a_run(0))
    assert world.start(a_run(1))["state"] == "queued"
    assert world.dispatch() == []
    world.end_one()
    assert world.dispatch() == [(a_run(1), "started")]
    row = world.items[a_run(1).id]
    assert (row["state"], row["open"]) == ("training", "working")
    assert row.keys().isdisjoint(LEFT)


def test_who_arrives_later_waits_behind_who_waits_and_does_not_ask_bedrock(aws, full):
    full.start(a_run(0))
    aws.bedrock.quota = 5
    assert full.start(a_run(1))["state"] == "queued"
    assert aws.bedrock.created == []
    assert "refused_at" not in full.items[a_run(1).id]


def test_one_that_was_let_out_of_the_queue_tries_although_an_earlier_one_has_joined_it(aws, full):
    full.start(a_run(5))
    full.start(a_run(0))
    aws.bedrock.quota = 1
    assert full.start(a_run(5), {"slot": True, "last_try": False})["state"] == "started"


def test_one_that_ended_while_bedrock_was_asked_is_not_put_in_the_queue(world):
    ended = {"pk": a_run(0).id, "state": "stopped", **a_run(0).upload.facts}
    world.items[a_run(0).id] = dict(ended)
    SlotQueue(ledger=Ledger(table="ledger")).refused(a_run(0), "2026-11-23T08:00:00.000000+00:00")
    assert world.items[a_run(0).id] == ended
    assert world.start(a_run(0))["state"] == "stopped"


def test_one_that_died_in_the_queue_does_not_stop_it(aws, full, context, log):
    for number in (0, 1):
        full.start(a_run(number))
    aws.bedrock.quota = 2
    del aws.stepfunctions.tokens[full.items[a_run(0).id]["slot_token"]]  # it was stopped
    for _ in range(60):
        dispatch_queue.datetime.moment += MINUTE
        dispatch_queue.handler({}, context)
    token = full.items[a_run(1).id]["slot_token"]
    assert aws.stepfunctions.tokens[token] is not None
    silent = [each for each in log() if each.get("message") == "is no longer waiting"]
    assert {each["run"] for each in silent} == {a_run(0).id}


def test_a_row_that_cannot_be_read_holds_up_no_other(aws, world):
    aws.bedrock.quota = 1
    for number in range(3):
        world.start(a_run(number))
    del world.items[a_run(1).id]["slot_token"]
    world.end_one()
    with pytest.raises(dispatch_queue.NotDispatched, match=a_run(1).id):
        world.dispatch()
    assert aws.stepfunctions.tokens[world.items[a_run(2).id]["slot_token"]] is not None


def test_a_token_that_cannot_be_answered_holds_up_no_other(aws, world, monkeypatch):
    aws.bedrock.quota = 2
    for number in range(4):
        world.start(a_run(number))
    send = aws.stepfunctions.send_task_success

    def trouble(*, taskToken, output):  # noqa: N803 — AWS's names
        if a_run(2).id in taskToken:
            raise refusal("AccessDeniedException")
        return send(taskToken=taskToken, output=output)

    monkeypatch.setattr(aws.stepfunctions, "send_task_success", trouble)
    assert world.dispatch() == []
    world.end_one()
    with pytest.raises(dispatch_queue.NotDispatched, match=a_run(2).id):
        world.dispatch()
    assert aws.stepfunctions.tokens[world.items[a_run(3).id]["slot_token"]] is not None


def test_an_empty_queue_asks_bedrock_nothing(aws, context, monkeypatch):
    monkeypatch.setattr(aws.bedrock, "list_model_customization_jobs", None)
    assert dispatch_queue.handler({}, context) == {"answered": []}
    assert aws.dynamodb.items == {}


@pytest.mark.thorough
def test_a_hundred_runs_start_in_order_of_arrival_and_never_more_than_the_quota(aws, full):
    runs = [a_run(number) for number in range(100)]
    for run in reversed(runs):
        full.start(run)
    aws.bedrock.quota = 10
    for _ in range(3000):
        full.dispatch()
        running = sum(job["status"] == "InProgress" for job in aws.bedrock.all_jobs())
        assert running <= 10
        if len(aws.bedrock.created) == 100:
            break
        if running == 10:
            full.end_one()
    assert [job["jobName"] for job in aws.bedrock.created] == [run.job_name for run in runs]


def test_after_a_week_in_which_nobody_got_a_slot_a_run_gives_up_with_bedrocks_words(full):
    full.start(a_run(0))
    assert full.dispatch() == []
    assert full.dispatch(later=timedelta(days=6)) == [(a_run(0), "queued")]
    assert full.dispatch(later=timedelta(days=1)) == [(a_run(0), "failed")]


def test_the_last_try_says_what_bedrock_said(full):
    failure = full.start(a_run(0), {"slot": True, "last_try": True})["failure"]
    assert failure["kind"] == "quota_full"
    assert "You have exceeded the quota." in failure["message"]


def test_nobody_joins_a_queue_that_is_too_long_and_who_waits_in_it_stays(aws, full, monkeypatch):
    """At once, with the wait that it would have been; who came back for a day's silence keeps its position."""
    for module in (start_training, slot_queue):
        monkeypatch.setattr(module, "MOST_WAITING", 3)
    for number in range(3):
        assert full.start(a_run(number))["state"] == "queued"
    SlotQueue(ledger=Ledger(table="ledger")).remember(QueueState(slots=1))
    refused = full.start(a_run(4))
    assert (refused["state"], refused["failure"]["kind"]) == ("failed", "queue_full")
    assert "3 runs wait for a job slot before it" in refused["failure"]["message"]
    assert "at most 4 days, with 1 job slots" in refused["failure"]["message"]
    assert "slot_token" not in full.items[a_run(4).id]
    waiting = a_run(3)
    aws.dynamodb.items[a_run(0).id] = {**aws.dynamodb.items[a_run(0).id], "queue": "gone"}
    assert full.start(waiting)["state"] == "queued"
    aws.dynamodb.items[a_run(0).id]["queue"] = WAITING
    assert full.start(waiting)["state"] == "queued"


@pytest.mark.parametrize(
    ("position", "slots", "words"),
    [
        (1, None, "it is not known how many job slots there are"),
        (1, 10, "at most 24 hours, with 10 job slots and jobs of 24 hours"),
        (21, 10, "at most 3 days, with 10 job slots and jobs of 24 hours"),
        (500, 10, "at most 50 days, with 10 job slots and jobs of 24 hours"),
    ],
)
def test_the_wait_follows_from_the_position_and_the_slots(position, slots, words):
    assert expected_wait(position, slots=slots, max_hours=24) == words


@pytest.fixture
def orphan(aws, world):
    """A run whose job was made by a try that died before it could say so, and an earlier one waits."""
    run = a_run(5)
    world.start(run)
    row = aws.dynamodb.items[run.id]
    del row["job_arn"], row["attempt"]
    row["state"] = "queued"
    aws.bedrock.quota = 1
    assert world.start(a_run(0))["state"] == "queued"
    return run


def test_one_that_has_a_job_is_not_sent_into_the_queue_behind_who_came_meanwhile(
    aws, world, orphan
):
    assert world.start(orphan)["job_arn"] == aws.bedrock.all_jobs()[0]["jobArn"]
    assert aws.dynamodb.items[orphan.id]["open"] == "working"
    assert len(aws.bedrock.created) == 1


def test_one_that_is_to_stop_and_has_a_job_is_tracked_so_that_the_job_is_stopped(
    aws, world, orphan
):
    aws.dynamodb.items[orphan.id]["stop_asked"] = "by someone"
    assert world.start(orphan)["state"] == "started"
    assert len(aws.bedrock.created) == 1


def test_a_run_that_was_asked_to_stop_starts_no_job(aws, world):
    asked = {"pk": a_run(0).id, "state": "authorized", "stop_asked": "by someone"}
    asked |= a_run(0).upload.facts
    aws.dynamodb.items[a_run(0).id] = asked
    assert world.start(a_run(0))["state"] == "stopped"
    assert aws.bedrock.created == []


def test_a_second_try_is_another_job_of_the_same_run(aws, world):
    run = a_run(0)
    first = world.start(run)["job_arn"]
    kept = aws.dynamodb.record(run.id)  # authorized once more, after the check
    aws.dynamodb.lay(structs.replace(kept, state="authorized", reservation=any_reservation(run)))
    second = world.start(run.again())["job_arn"]
    assert first != second
    assert [job["jobName"] for job in aws.bedrock.created] == [run.job_name, f"{run.job_name}-2"]
    assert [pk for pk in aws.dynamodb.items if is_run(pk)] == [run.id]
    assert world.start(run.again())["job_arn"] == second


# Executions of the first version, whose machine polls ---------------------------------------------


def test_a_machine_of_the_first_version_is_answered_as_it_understands(aws, full):
    answer = full.poll(a_run(0))
    assert (answer["state"], answer["wait_seconds"]) == ("no_room", 600)
    assert answer["line"] == {"since": "2026-11-23T08:00:00+00:00", "ahead": 0, "tries": 0}
    later = full.poll(a_run(0), answer, later=timedelta(days=6))
    assert later["line"]["since"] == answer["line"]["since"]
    aws.bedrock.quota = 1
    assert full.poll(a_run(0), answer)["state"] == "started"


def test_a_machine_of_the_first_version_gives_up_after_a_week(full):
    answer = full.poll(a_run(0))
    failed = full.poll(a_run(0), answer, later=timedelta(days=7))
    assert (failed["state"], failed["failure"]["kind"]) == ("failed", "quota_full")
    assert "for 7 days: You have exceeded the quota." in failed["failure"]["message"]


def test_a_machine_of_the_first_version_that_gives_up_behind_others_says_so(full):
    full.start(a_run(0))
    failed = full.poll(a_run(1), full.poll(a_run(1)), later=timedelta(days=7))
    assert "for 7 days: others are first" in failed["failure"]["message"]


def test_a_week_of_polls_fits_into_an_execution_of_the_first_version():
    polls = timedelta(days=7) / polling_queue._PAUSE  # noqa: SLF001 — what is held against the limit
    assert polls * 10 < 25_000 / 2
