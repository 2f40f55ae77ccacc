"""Listing, stopping and sending back, as typed; AWS is in dictionaries."""

import json
from datetime import UTC, datetime

import pytest
from cli_world import lay, left
from domain_builders import any_run

from tuning.cli.answer_commands import NotWaitingError, approve_command, reject_command
from tuning.cli.aws_errors import UnknownRunError
from tuning.cli.redrive_command import redrive_command
from tuning.cli.retrain_command import NotRetrainedError, retrain_command
from tuning.cli.runs_command import runs_command
from tuning.cli.stop_command import stop_command
from tuning.errors import OptionError


def listed(capsys, **given):
    month = {} if "since" in given else {"month": "2026-11"}
    facts = {**month, "newest": 20, "shown": "json", **given}
    assert left(runs_command, **facts) == 0
    return json.loads(capsys.readouterr().out)["runs"]


def test_runs_are_listed_newest_first_with_their_queue_positions(account, capsys):
    lay(account, 1, state="training", open="working")
    lay(account, 2, state="queued", open="working", queue="job_slots")
    lay(account, 3, state="queued", open="working", queue="job_slots")
    found = [
        (run["upload"].split("/")[-2], run["state"], run["queue_position"])
        for run in listed(capsys)
    ]
    assert found == [
        ("3", "queued", 2),
        ("2", "queued", 1),
        ("1", "training", None),
    ]


@pytest.mark.parametrize("shown", ["text", "json"])
@pytest.mark.parametrize("given", [{}, {"since": "2026-11-01"}])
@pytest.mark.parametrize("progress", ["[", '"done"', "{}", '{"state": "moving"}'])
def test_a_record_that_cannot_be_read_hides_no_other(account, capsys, shown, given, progress):
    sound, bad = lay(account, 1, state="trained"), lay(account, 2, state="training")
    account.dynamodb.items[bad] |= {"progress": progress}
    for name in ("recipe", "upload"):
        del account.dynamodb.items[bad][name]
    facts = {"newest": 20, "shown": shown, **(given or {"month": "2026-11"})}
    assert left(runs_command, **facts) == 0
    out = capsys.readouterr().out
    assert sound[:12] in out
    assert bad[:12] in out
    assert "cannot be read" in out


def test_runs_can_be_chosen_by_state_recipe_and_number(account, capsys):
    for number, state in enumerate(["trained", "failed", "trained"], 1):
        lay(account, number, state=state, recipe=f"recipe-{number}")
    assert [run["recipe"] for run in listed(capsys, state="trained")] == ["recipe-3", "recipe-1"]
    assert [run["state"] for run in listed(capsys, recipe="recipe-2")] == ["failed"]
    assert len(listed(capsys, newest=1)) == 1


def test_runs_can_be_chosen_by_when_they_arrived(account, capsys):
    early = lay(account, 1, state="trained", arrived_at="2026-09-30T23:00:00Z", month="2026-09")
    late = lay(account, 2, state="trained", arrived_at="2026-10-01T01:00:00Z", month="2026-10")
    chosen = [run["run"] for run in listed(capsys, since="2026-09-30T23:30:00+00:00")]
    assert chosen == [late]
    assert [run["run"] for run in listed(capsys, since="2026-09-30")] == [late, early]


def test_an_age_counts_back_from_now(account, capsys):
    now = datetime.now(UTC)
    run = lay(account, 1, state="trained", arrived_at=now.isoformat(), month=f"{now:%Y-%m}")
    assert [found["run"] for found in listed(capsys, since="5m")] == [run]


WRONG = [
    pytest.param({"state": "trainde"}, "did you mean 'trained'", id="state"),
    pytest.param({"since": "yesterday"}, "an age: 3d, 12h, 30m", id="since"),
    pytest.param({"since": "3d", "month": "2026-11"}, "give only one", id="both"),
    pytest.param({"month": "2026-13"}, "must be a month such as", id="month"),
]


@pytest.mark.parametrize(("given", "words"), WRONG)
def test_a_filter_that_cannot_be_is_reported(given, words):
    with pytest.raises(OptionError, match=words):
        runs_command(newest=20, shown="text", **given)


def test_a_list_shows_what_it_leaves_out(account, capsys):
    for number in (1, 2, 3):
        lay(account, number, state="trained")
    left(runs_command, month="2026-11", newest=1, shown="text")
    assert "2 older ones are not shown; --newest 3" in capsys.readouterr().err
    left(runs_command, month="2026-11", newest=1, state="failed", shown="text")
    assert "none of the 3 runs of 2026-11 matches" in capsys.readouterr().err


def test_a_queue_position_is_shown_beside_the_state(account, capsys):
    lay(account, 1, state="queued", open="working", queue="job_slots")
    left(runs_command, month="2026-11", newest=20, shown="text")
    _head, line = capsys.readouterr().out.splitlines()
    assert "queued, position 1" in line
    assert "2026-11-23 07:00 " in line


def test_the_beginning_of_an_id_names_its_run_everywhere(account, capsys):
    run = lay(account, 0xABC << 100, state="queued", open="working", queue="job_slots")
    lay(account, 0xABD << 100, state="queued", open="working", queue="job_slots")
    assert left(stop_command, run=run[:10]) == 0
    assert account.dynamodb.record(run).stop_asked
    assert run in capsys.readouterr().err
    with pytest.raises(NotWaitingError, match=run):
        approve_command(run=run[:10].upper())


def test_a_beginning_that_is_not_one_runs_is_reported_with_what_is_near(account):
    run = lay(account, 0xABC << 100, state="queued")
    lay(account, 0xAB1 << 100, state="queued")
    with pytest.raises(UnknownRunError, match=r"2 runs begin with this, such as 0000ab100000"):
        stop_command(run="0000ab")
    with pytest.raises(UnknownRunError, match=rf"did you mean '{run[:8]}'"):
        stop_command(run="0000fbc")
    with pytest.raises(UnknownRunError, match="did you mean"):
        stop_command(run=run[:-1] + "f")
    with pytest.raises(UnknownRunError, match="no such run in ledger; tuning runs"):
        stop_command(run="")


def test_hostile_names_cannot_steer_the_terminal(account, capsys):
    lay(account, 1, state="trained", upload="s3://b/datasets/\x1b[2J[red]x")
    left(runs_command, month="2026-11", newest=20, shown="text")
    shown = capsys.readouterr().out
    assert "\x1b[2J" not in shown
    assert "[red]" in shown.replace("\n", "").replace(" ", "")
    assert "\\x1b[2J" in shown.replace("\n", "").replace(" ", "")


def test_a_run_in_the_queue_is_asked_to_stop_and_no_job_is_looked_for(account, capsys):
    run = lay(account, 1, state="queued", open="working", queue="job_slots")
    assert left(stop_command, run=run) == 0
    assert account.dynamodb.record(run).stop_asked.startswith("arn:ann at 20")
    assert account.bedrock.stopped == []
    assert "asked to stop" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("state", "token"), [("queued", "slot_token"), ("awaiting_approval", "task_token")]
)
def test_a_run_that_waits_is_stopped_at_once(account, capsys, state, token):
    """Its task is answered: nobody need approve it, and no job slot need be free."""
    account.stepfunctions.tokens["t1"] = None
    run = lay(account, 1, state=state, **{token: "t1"})
    assert left(stop_command, run=run) == 0
    assert account.dynamodb.items[run]["stop_asked"].startswith("arn:ann at 20")
    answer = json.loads(account.stepfunctions.tokens["t1"])
    assert (answer["decision"], answer["slot"], answer["run"]) == ("stop", False, run)
    assert "ends as stopped now" in capsys.readouterr().err


def test_the_job_of_a_run_is_stopped_at_once(account):
    run = lay(account, 1, state="training", open="working", job_arn="arn:job")
    account.bedrock.jobs["arn:job"] = {"status": "InProgress"}
    assert left(stop_command, run=run) == 0
    assert account.bedrock.stopped == ["arn:job"]


def test_a_job_that_ended_just_now_is_no_fault(account, capsys):
    run = lay(account, 1, state="training", open="working", job_arn="arn:job")
    account.bedrock.jobs["arn:job"] = {"status": "Completed"}
    assert left(stop_command, run=run) == 0
    assert "it may have ended" in capsys.readouterr().err


def test_a_run_that_has_ended_is_not_stopped(account, capsys):
    run = lay(account, 1, state="trained")
    assert left(stop_command, run=run) == 1
    assert account.dynamodb.record(run).stop_asked is None
    assert "has ended already, trained" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "decision"), [(approve_command, "approve"), (reject_command, "reject")]
)
def test_an_answer_repeats_the_run_that_was_named_and_what_it_asked(
    account, capsys, command, decision
):
    """The row may have been given another run's token, or its question: what the person named counts."""
    account.stepfunctions.tokens["t1"] = None
    question = {"usd": "4.00", "dataset": "ab" * 32}
    facts = {"task_token": "t1", "question": json.dumps(question), "approval_reason": "Dear."}
    run = lay(account, 1, state="awaiting_approval", **facts)
    command(run=run)
    answer = json.loads(account.stepfunctions.tokens["t1"])
    assert (answer["decision"], answer["run"], answer["question"]) == (decision, run, question)
    assert "at most 4.00 USD, for dataset abababababab" in capsys.readouterr().err


def test_a_question_of_the_former_version_is_answered_without_one(account):
    account.stepfunctions.tokens["t1"] = None
    run = lay(account, 1, state="awaiting_approval", task_token="t1")  # noqa: S106 — a made-up one
    approve_command(run=run)
    answer = json.loads(account.stepfunctions.tokens["t1"])
    assert (answer["run"], "question" in answer) == (run, False)


@pytest.mark.parametrize(
    ("imports", "assistants", "opted"),
    [
        (None, None, []),
        (None, {"AssistantsApi": "api"}, []),
        ({"ImportDeadLetters": "idle", "ImportQueue": "adapters"}, None, [("idle", "adapters")]),
        (
            {"ImportDeadLetters": "idle", "ImportQueue": "adapters"},
            {"DocumentDeadLetters": "lost", "DocumentQueue": "changes"},
            [("idle", "adapters"), ("lost", "changes")],
        ),
    ],
)
@pytest.mark.parametrize("count", [0, 2])
def test_dead_letters_are_sent_back_when_there_are_any(
    account, monkeypatch, capsys, count, imports, assistants, opted
):
    """Of uploads, and where the environment has them, of adapters and weights, and of documents."""
    monkeypatch.setattr("tuning.cli.redrive_command.import_outputs", lambda *_: imports)
    monkeypatch.setattr("tuning.cli.redrive_command.assistants_outputs", lambda *_: assistants)
    account.sqs.count = count
    assert left(redrive_command, shown="json") == 0
    ways = [("dead", "queue"), *opted]
    sent = [(each["SourceArn"], each["DestinationArn"]) for each in account.sqs.moved]
    assert sent == ([(f"arn:{dead}", f"arn:{queue}") for dead, queue in ways] if count else [])
    assert json.loads(capsys.readouterr().out)["dead_letters"] == count * len(ways)


def test_what_was_uploaded_is_trained_again_as_a_new_version(account, capsys):
    run = any_run()
    account.s3.lay(run.upload.bucket, run.upload.key, b"data", run.upload.version_id)
    lay(account, 1, state="trained", run=run.to_dict())
    assert left(retrain_command, run=f"{1:032x}") == 0
    versions = account.s3.versions[run.upload.bucket, run.upload.key]
    assert list(versions.values()) == [b"data", b"data"]
    assert list(versions)[1] in capsys.readouterr().err


@pytest.mark.parametrize("facts", [{}, {"run": any_run().to_dict()}])
def test_what_cannot_be_trained_again_says_why(account, facts):
    lay(account, 1, state="trained", **facts)
    with pytest.raises(NotRetrainedError, match="upload the file again"):
        retrain_command(run=f"{1:032x}")
