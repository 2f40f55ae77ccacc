"""Listing, stopping and sending back, as typed; AWS is in dictionaries."""

import json
from types import SimpleNamespace

import pytest

from operate.account import Account
from operate.redrive import redrive
from operate.runs import runs
from operate.stop import stop


class FakeSQS:
    def __init__(self, count):
        self.count, self.moved = count, []

    def get_queue_attributes(self, *, QueueUrl, AttributeNames):  # noqa: N803 — AWS's names
        known = {"QueueArn": f"arn:{QueueUrl}", "ApproximateNumberOfMessages": str(self.count)}
        return {"Attributes": {name: known[name] for name in AttributeNames}}

    def start_message_move_task(self, **task):
        self.moved.append(task)


@pytest.fixture
def account(aws, monkeypatch):
    aws.sqs = FakeSQS(count=2)
    aws.sts = SimpleNamespace(get_caller_identity=lambda: {"Arn": "arn:ann"})
    outputs = {"LedgerTable": "ledger", "DeadLetters": "dead", "Queue": "queue"}
    made = Account(client=lambda service: getattr(aws, service), outputs=outputs)
    monkeypatch.setattr(Account, "of", lambda *_: made)
    return aws


def lay(aws, number, **facts):
    run = f"{number:032x}"
    at = f"2026-11-23T07:00:{number:02}Z"
    aws.dynamodb.items[run] = {
        "pk": run,
        "month": "2026-11",
        "arrived_at": at,
        "turn": f"{at}#{run}",
        "recipe": "support",
        "upload": f"s3://datasets/{number}",
        **facts,
    }
    return run


def left(command, **given):
    with pytest.raises(SystemExit) as code:
        command(**given)
    return int(code.value.code)


def listed(capsys, **given):
    facts = {"month": "2026-11", "newest": 20, "output": "json", **given}
    assert left(runs, **facts) == 0
    return json.loads(capsys.readouterr().out)["runs"]


def test_runs_are_listed_newest_first_with_their_places_in_the_line(account, capsys):
    lay(account, 1, state="training", open="working")
    lay(account, 2, state="queued", open="room")
    lay(account, 3, state="queued", open="room")
    found = [(run["upload"], run["state"], run["place_in_line"]) for run in listed(capsys)]
    assert found == [
        ("s3://datasets/3", "queued", 2),
        ("s3://datasets/2", "queued", 1),
        ("s3://datasets/1", "training", None),
    ]


def test_runs_can_be_chosen_by_state_recipe_and_number(account, capsys):
    for number, state in enumerate(["trained", "failed", "trained"], 1):
        lay(account, number, state=state, recipe=f"recipe-{number}")
    assert [run["recipe"] for run in listed(capsys, state="trained")] == ["recipe-3", "recipe-1"]
    assert [run["state"] for run in listed(capsys, recipe="recipe-2")] == ["failed"]
    assert len(listed(capsys, newest=1)) == 1


def test_hostile_names_cannot_steer_the_terminal(account, capsys):
    lay(account, 1, state="trained", upload="s3://b/\x1b[2J[red]x")
    left(runs, month="2026-11", newest=20, output="text")
    shown = capsys.readouterr().out
    assert "\x1b[2J" not in shown
    assert "[red]" in shown.replace("\n", "").replace(" ", "")


def test_a_run_in_the_line_is_asked_to_stop_and_no_job_is_looked_for(account, capsys):
    run = lay(account, 1, state="queued", open="room")
    assert left(stop, run=run) == 0
    assert account.dynamodb.items[run]["stop_asked"].startswith("arn:ann at 20")
    assert account.bedrock.stopped == []
    assert "asked to stop" in capsys.readouterr().err


def test_the_job_of_a_run_is_stopped_at_once(account):
    run = lay(account, 1, state="training", open="working", job_arn="arn:job")
    account.bedrock.jobs["arn:job"] = {"status": "InProgress"}
    assert left(stop, run=run) == 0
    assert account.bedrock.stopped == ["arn:job"]


def test_a_job_that_ended_just_now_is_no_fault(account, capsys):
    run = lay(account, 1, state="training", open="working", job_arn="arn:job")
    account.bedrock.jobs["arn:job"] = {"status": "Completed"}
    assert left(stop, run=run) == 0
    assert "it may have ended" in capsys.readouterr().err


def test_a_run_that_has_ended_is_not_stopped(account, capsys):
    run = lay(account, 1, state="trained")
    assert left(stop, run=run) == 1
    assert "stop_asked" not in account.dynamodb.items[run]
    assert "has ended already, trained" in capsys.readouterr().err


@pytest.mark.parametrize(("count", "tasks"), [(0, 0), (2, 1)])
def test_dead_letters_are_sent_back_when_there_are_any(account, count, tasks):
    account.sqs.count = count
    assert left(redrive) == 0
    assert len(account.sqs.moved) == tasks
    if tasks:
        moved = {"SourceArn": "arn:dead", "DestinationArn": "arn:queue"}
        assert account.sqs.moved == [moved]
