"""Listing trained models, as typed; AWS is in dictionaries."""

import json
from datetime import UTC, datetime

import pytest
from cli_world import left
from msgspec import structs
from test_model_registry import register, trained

from tuning.aws.ledger import Ledger
from tuning.aws.model_registry import ModelRegistry
from tuning.cli.releases_command import releases_command
from tuning.errors import OptionError
from tuning.releases.evaluated_version import EvaluatedVersion, candidate_key
from tuning.releases.live_model import Change, LiveModel, live_key
from tuning.releases.model_deletion import ModelDeletion


def listed(capsys, **given):
    assert left(releases_command, **given, shown="json") == 0
    return json.loads(capsys.readouterr().out)["releases"]


def test_what_had_its_time_is_said_not_to_run_and_what_answers_until_when_it_does(
    registry, account, capsys
):
    register(registry, "v1", "v2")
    until = "2026-12-01T10:00:00Z"
    live = LiveModel(id=live_key("support"), recipe="support", version=2, before=1, due=until)
    account.dynamodb.lay(live)
    assert left(releases_command, recipe="support") == 0
    assert "live until 2026-12-01 10:00" in capsys.readouterr().out
    found = listed(capsys, recipe="support")
    assert [(each["status"], each["until"]) for each in found] == [
        ("live", until),
        ("before", None),
    ]
    account.dynamodb.lay(structs.replace(live, version=None, stopped=2, due=None))
    found = listed(capsys, recipe="support")
    assert [each["status"] for each in found] == ["not running", "before"]


@pytest.fixture
def registry(account):
    return ModelRegistry(ledger=Ledger(table="ledger", client=lambda _: account.dynamodb))


def test_models_are_listed_by_recipe_newest_first(registry, capsys):
    register(registry, "v1", "v2")
    registry.register(trained(recipe="refunds"))
    found = listed(capsys)
    assert [(each["recipe"], each["version"]) for each in found] == [
        ("refunds", 1),
        ("support", 2),
        ("support", 1),
    ]
    assert found[1]["upload_version"] == "v2"
    assert found[1]["cost"] == {"usd": "2.00", "basis": "the catalog"}


def test_a_line_says_what_was_trained_from_what_and_for_how_much(registry, capsys):
    model = registry.register(trained())
    assert left(releases_command, recipe="support") == 0
    [heading, line] = capsys.readouterr().out.splitlines()
    assert heading.split() == [
        "recipe",
        "version",
        "status",
        "trained",
        "run",
        "records",
        "dataset",
        "cost",
        "model",
    ]
    for shown in (
        "support",
        "1",
        "2026-11-23 09:30",
        model.run_id[:12],
        "12",
        "$2.00",
        "arn:model",
    ):
        assert shown in line


@pytest.mark.parametrize(
    ("state", "status"),
    [("claimed", "being deleted"), ("deleted", "deleted"), ("withdrawn", "live")],
)
def test_a_version_whose_model_is_deleted_says_so_and_why(account, registry, capsys, state, status):
    registry.register(trained())
    account.dynamodb.lay(LiveModel(id=live_key("support"), recipe="support", version=1))
    deletion = ModelDeletion.of(trained(), "beyond keep_models = 0", datetime.now(UTC))
    account.dynamodb.lay(structs.replace(deletion, state=state))
    [found] = listed(capsys)
    assert found["status"] == status
    assert found["deletion"] == {
        "state": state,
        "why": "beyond keep_models = 0",
        "at": deletion.at,
    }


@pytest.mark.parametrize(
    ("outcome", "status"), [("evaluating", "evaluation under way"), ("held", "held")]
)
def test_what_an_evaluation_came_to_is_listed_and_why(account, registry, capsys, outcome, status):
    registry.register(trained())
    of_one = {"recipe": "support", "version": 1, "execution": "e", "deployment": "d"}
    times = {"begun_at": "2026-11-23T07:00:00Z", "due": "2026-11-23T13:00:00Z"}
    came_to = {"outcome": outcome, "summary": "not better", "evaluation_uri": "s3://a/b"}
    evaluated = EvaluatedVersion(id=candidate_key("support", 1), **of_one, **times, **came_to)
    account.dynamodb.lay(evaluated)
    [found] = listed(capsys)
    assert found["status"] == status
    assert found["evaluation"] == {"outcome": outcome, "summary": "not better", "uri": "s3://a/b"}


def test_what_is_live_was_before_and_is_being_brought_live_is_marked(account, registry, capsys):
    register(registry, "v1", "v2", "v3")
    registry.register(trained(recipe="refunds"))
    change = Change(execution="e", version=3, kind="promote", by="arn:ann", started_at="")
    live = {"version": 2, "before": 1, "deployment_arn": "arn:deployment", "change": change}
    account.dynamodb.lay(LiveModel(id=live_key("support"), recipe="support", **live))
    found = listed(capsys)
    assert [(each["status"], each["deployment_arn"]) for each in found] == [
        ("", None),  # of the other recipe
        ("promote under way", None),
        ("live", "arn:deployment"),
        ("before", None),
    ]
    assert left(releases_command, recipe="support") == 0
    lines = capsys.readouterr().out.splitlines()[1:]
    marks = ("promote under way", "live", "before")
    assert [mark for mark, line in zip(marks, lines, strict=True) if mark in line] == list(marks)


@pytest.mark.parametrize("shown", ["text", "json"])
def test_a_model_that_cannot_be_read_hides_no_other(account, registry, capsys, shown):
    register(registry, "v1", "v2")
    account.dynamodb.items["model#support#2"]["cost"] = "["
    assert left(releases_command, recipe="support", shown=shown) == 0
    out = capsys.readouterr().out
    assert "cannot be read" in out
    assert trained("v1").run_id[:12] in out


def test_a_recipe_without_models_is_refused_with_the_nearest(registry):
    registry.register(trained())
    with pytest.raises(OptionError, match=r"suport: no model .*support"):
        releases_command(recipe="suport")


def test_without_any_model_the_list_says_so(account, capsys):
    assert account
    assert left(releases_command) == 0
    assert "no model was trained here yet" in capsys.readouterr().err
    assert left(releases_command, shown="json") == 0
    assert json.loads(capsys.readouterr().out) == {"releases": []}
