"""One upload starts one run, however often and in whatever company its event comes."""

import json
import shutil
from datetime import UTC, datetime

import pytest
from domain_builders import any_event
from fake_aws import refusal
from msgspec import structs

from lambdas import deployed_recipes, receive_upload
from tuning.runs.run import is_run
from tuning.runs.run_record import RunRecord
from tuning.runs.run_states import Partition
from tuning.runs.times import utc_time

KEY = "datasets/support-nova-micro/train.jsonl"


def batch(*bodies):
    records = [
        {
            "messageId": f"m{number}",
            "body": body if isinstance(body, str) else json.dumps(body),
            "eventSource": "aws:sqs",
        }
        for number, body in enumerate(bodies)
    ]
    return {"Records": records}


def failed(answer):
    return [item["itemIdentifier"] for item in answer["batchItemFailures"]]


def kept(aws):
    return [aws.dynamodb.record(pk) for pk in aws.dynamodb.items if is_run(pk)]


def test_an_upload_starts_its_run_under_its_id(aws, context):
    before = datetime.now(UTC)
    assert failed(receive_upload.handler(batch(any_event(key=KEY)), context)) == []
    [(name, text)] = aws.stepfunctions.executions.items()
    run = json.loads(text)
    assert name == run["id"]
    assert run["recipe"]["name"] == "support-nova-micro"
    begun_at = aws.dynamodb.record(name).begun_at
    assert before <= utc_time(begun_at) <= datetime.now(UTC)
    assert aws.dynamodb.record(name) == RunRecord(
        id=name,
        state="started",
        begun_at=begun_at,
        month="2026-11",
        arrived_at="2026-11-23T07:00:00Z",
        upload=f"s3://datasets-bucket/{KEY}",
        recipe="support-nova-micro",
        run=run,
        open=Partition.WORKING,
        turn=f"2026-11-23T07:00:00Z#{name}",
    )


def test_a_run_whose_start_failed_begins_when_it_is_started(aws, context):
    """Hours after its upload, perhaps: until then nothing follows it."""
    aws.stepfunctions.fault = refusal("AccessDeniedException", "StartExecution")
    assert failed(receive_upload.handler(batch(any_event(key=KEY)), context)) == ["m0"]
    aws.stepfunctions.fault, between = None, datetime.now(UTC)
    assert failed(receive_upload.handler(batch(any_event(key=KEY)), context)) == []
    [run] = kept(aws)
    assert run.state == "started"
    assert utc_time(run.begun_at) >= between


def test_the_fallback_of_a_recipe_goes_along(aws, context, tmp_path, monkeypatch):
    """As it is today: anyone who changes it later does not change a run that is under way."""
    for recipe in deployed_recipes.FOLDER.glob("*.toml"):
        text = recipe.read_text("utf-8")
        if recipe.stem == "support-nova-micro":
            text = text.replace('recipe = "support-nova-micro"', 'recipe = "support-nova-lite"')
        (tmp_path / recipe.name).write_text(text, "utf-8")
    monkeypatch.setattr(deployed_recipes, "FOLDER", tmp_path)
    receive_upload.handler(batch(any_event(key=KEY)), context)
    [text] = aws.stepfunctions.executions.values()
    assert json.loads(text)["fallback"]["name"] == "support-nova-lite"


def test_an_event_that_comes_again_starts_nothing(aws, context):
    receive_upload.handler(batch(any_event(key=KEY), any_event(key=KEY)), context)
    [run] = kept(aws)
    aws.dynamodb.lay(structs.replace(run, state="trained"))
    aws.stepfunctions.executions.clear()  # Step Functions forgets names after 90 days
    assert failed(receive_upload.handler(batch(any_event(key=KEY)), context)) == []
    assert aws.stepfunctions.executions == {}
    assert [run.state for run in kept(aws)] == ["trained"]


@pytest.fixture
def edited(tmp_path, monkeypatch):
    """Edit the recipe, as a deployment between two deliveries of an event does."""
    shutil.copytree(deployed_recipes.FOLDER, tmp_path / "recipes")
    monkeypatch.setattr(deployed_recipes, "FOLDER", tmp_path / "recipes")

    def edit():
        path = tmp_path / "recipes/support-nova-micro.toml"
        text = path.read_text("utf-8")
        assert "epochCount = 2" in text
        path.write_text(text.replace("epochCount = 2", "epochCount = 3"), "utf-8")

    return edit


@pytest.mark.parametrize("state", ["received", "started", "training", "trained", "failed"])
def test_a_version_of_an_object_has_one_run_also_after_its_recipe_was_edited(
    aws, context, edited, state
):
    receive_upload.handler(batch(any_event(key=KEY)), context)
    [run] = kept(aws)
    aws.dynamodb.lay(structs.replace(run, state=state))
    before = dict(aws.stepfunctions.executions)
    edited()
    assert failed(receive_upload.handler(batch(any_event(key=KEY)), context)) == []
    assert aws.stepfunctions.executions == before
    assert len(kept(aws)) == 1


def test_one_that_died_before_the_start_is_started_by_the_recipe_that_it_arrived_with(
    aws, context, edited
):
    aws.stepfunctions.fault = refusal("ThrottlingException")
    receive_upload.handler(batch(any_event(key=KEY)), context)
    aws.stepfunctions.fault = None
    edited()
    receive_upload.handler(batch(any_event(key=KEY)), context)
    [text] = aws.stepfunctions.executions.values()
    assert json.loads(text)["recipe"]["hyperparameters"]["epochCount"] == 2
    assert [run.state for run in kept(aws)] == ["started"]


def test_an_upload_that_was_refused_for_its_folder_is_not_trained_when_its_event_comes_later(
    aws, context, monkeypatch
):
    monkeypatch.setenv("RECIPES", "support-nova-lite")
    receive_upload._settings.cache_clear()  # noqa: SLF001 — a function's cache
    receive_upload.handler(batch(any_event(key=KEY)), context)
    monkeypatch.setenv("RECIPES", "support-nova-lite,support-nova-micro")
    receive_upload._settings.cache_clear()  # noqa: SLF001 — idem
    receive_upload.handler(batch(any_event(key=KEY)), context)
    [text] = aws.stepfunctions.executions.values()
    assert "refusal" in json.loads(text)


def test_a_run_of_the_first_version_is_not_started_again(aws, context):
    """It did not write down which version of an object the run is of."""
    receive_upload.handler(batch(any_event(key=KEY)), context)
    for pk in [pk for pk in aws.dynamodb.items if not is_run(pk)]:
        del aws.dynamodb.items[pk]
    aws.stepfunctions.executions.clear()
    receive_upload.handler(batch(any_event(key=KEY)), context)
    assert aws.stepfunctions.executions == {}


def test_a_row_that_is_lost_is_started_again_under_its_name_only(aws, context, edited):
    receive_upload.handler(batch(any_event(key=KEY)), context)
    [run] = kept(aws)
    del aws.dynamodb.items[run.id]
    edited()
    receive_upload.handler(batch(any_event(key=KEY)), context)
    assert list(aws.stepfunctions.executions) == [run.id]


@pytest.mark.parametrize("kind", ["Scheduled Event", "Model Customization Job State Change"])
def test_a_round_that_failed_is_redriven_to_nothing_and_does_not_come_again(aws, context, kind):
    """The guard's and the reconciler's events lie among the same dead letters."""
    missed = {"source": "aws.events", "detail-type": kind, "time": "2026-11-23T07:00:00Z"}
    assert failed(receive_upload.handler(batch(missed, any_event(key=KEY)), context)) == []
    assert len(aws.stepfunctions.executions) == len(kept(aws)) == 1


def test_a_new_version_of_the_same_key_is_another_run(aws, context):
    newer = any_event(key=KEY)
    newer["detail"]["object"]["version-id"] = "newer"
    receive_upload.handler(batch(any_event(key=KEY), newer), context)
    assert len(aws.stepfunctions.executions) == 2


def test_whoever_died_before_the_start_is_made_up_for(aws, context):
    aws.stepfunctions.fault = refusal("ThrottlingException")
    assert failed(receive_upload.handler(batch(any_event(key=KEY)), context)) == ["m0"]
    aws.stepfunctions.fault = None
    assert failed(receive_upload.handler(batch(any_event(key=KEY)), context)) == []
    assert len(aws.stepfunctions.executions) == 1


def test_whoever_died_after_the_start_is_made_up_for(aws, context, log):
    receive_upload.handler(batch(any_event(key=KEY)), context)
    assert "already started" not in [line.get("message") for line in log()]
    [run] = kept(aws)
    aws.stepfunctions.closed.add(run.id)
    aws.dynamodb.lay(structs.replace(run, state="received"))
    assert failed(receive_upload.handler(batch(any_event(key=KEY)), context)) == []
    assert "already started" in [line.get("message") for line in log()]
    assert [run.state for run in kept(aws)] == ["started"]
    assert len(aws.stepfunctions.executions) == 1


def test_a_run_that_is_ahead_of_its_receipt_is_not_set_back(aws, context, monkeypatch):
    """The execution may write to the ledger before `receive_upload` does so again."""
    start = aws.stepfunctions.start_execution

    def start_and_check(**call):
        start(**call)
        aws.dynamodb.lay(structs.replace(aws.dynamodb.record(call["name"]), state="checked"))

    monkeypatch.setattr(aws.stepfunctions, "start_execution", start_and_check)
    assert failed(receive_upload.handler(batch(any_event(key=KEY)), context)) == []
    assert [run.state for run in kept(aws)] == ["checked"]


@pytest.mark.parametrize(
    ("folder", "why"),
    [("support-nova-mikro", "did you mean 'support-nova-micro'?"), ("..", "no recipe '..'")],
    ids=["a name that is near", "a name that leads out of the folder of recipes"],
)
def test_an_upload_to_no_recipes_folder_starts_a_run_that_refuses(aws, context, folder, why):
    event = any_event(key=f"datasets/{folder}/train.jsonl")
    assert failed(receive_upload.handler(batch(event), context)) == []
    [text] = aws.stepfunctions.executions.values()
    assert why in json.loads(text)["refusal"]


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("datasets/support-nova-micro/validation.jsonl", "validation set"),
        ("datasets/support-nova-micro/evaluation.jsonl", "evaluation set"),
        ("datasets/support-nova-micro/first/eval.csv", "evaluation set"),
        ("datasets/support-nova-micro/", "folder"),
        ("datasets/", "folder"),
    ],
)
def test_what_needs_no_answer_starts_nothing_and_does_not_come_again(aws, context, log, key, kind):
    event = any_event(key=key)
    event["detail"]["object"]["size"] = 0 if kind == "folder" else 1000
    assert failed(receive_upload.handler(batch(event), context)) == []
    assert aws.stepfunctions.executions == {}
    assert kept(aws) == []
    assert [line["kind"] for line in log() if "kind" in line] == [kind]


@pytest.mark.parametrize(
    "key",
    [
        "datasets/support-nova-micro/my_data.jsonl",
        "datasets/support-nova-micro/train.xlsx",
        "datasets/train.jsonl",
        "datasets/no-such-recipe/validation.jsonl",
    ],
)
def test_an_upload_that_is_not_expected_starts_one_run_that_refuses(aws, context, key):
    events = [any_event(key=key)] * 3
    assert failed(receive_upload.handler(batch(*events), context)) == []
    [text] = aws.stepfunctions.executions.values()
    given = json.loads(text)
    assert given["refusal"].startswith(f"s3://datasets-bucket/{key}: ")
    assert "recipe" not in given
    [record] = kept(aws)
    assert record.run == given


POISON = [
    pytest.param("not JSON", id="not JSON"),
    pytest.param({"Event": "s3:TestEvent"}, id="test event"),
    pytest.param(any_event(bucket="foreign"), id="foreign bucket"),
    pytest.param([], id="list"),
    pytest.param("9" * 5000, id="5,000 digits"),
]


@pytest.mark.parametrize("poison", POISON)
def test_a_poisonous_message_fails_alone_and_says_why(aws, context, log, poison):
    other = any_event(key="datasets/support-nova-lite/train.jsonl")
    answer = receive_upload.handler(batch(any_event(key=KEY), poison, other), context)
    assert failed(answer) == ["m1"]
    assert len(aws.stepfunctions.executions) == 2
    assert [line["level"] for line in log() if line.get("exception_name")] == ["ERROR"]


@pytest.mark.usefixtures("aws")
def test_a_key_cannot_forge_a_line_of_the_log(context, log):
    folder = 'x\n{"level":"INFO"}\r\x1b[31m\u2028'
    receive_upload.handler(batch(any_event(key=f"datasets/{folder}/train.jsonl")), context)
    started = [line for line in log() if line.get("message") == "started"]
    assert [line["recipe"] for line in started] == [folder]
