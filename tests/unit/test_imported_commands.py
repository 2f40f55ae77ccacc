"""What people type about imported models: promoted with what it costs said first, asked while they are loaded."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from cli_world import lay_account, left
from domain_builders import RELEASE_MACHINE
from imported_world import ARN, Importing
from recipe_refusal_cases import refusal
from release_world import RECIPE
from test_promotion_commands import Machine

from tuning.aws.model_deletions import ModelDeletions
from tuning.cli import awake_models, polling
from tuning.cli.ask_command import ask_command
from tuning.cli.aws_errors import AccountError
from tuning.cli.promotion_commands import promote_command, rollback_command
from tuning.cli.releases_command import releases_command
from tuning.errors import OptionError
from tuning.releases.model_deletion import DeletedModelError, ModelDeletion

FIRST, SECOND = f"{ARN}0000001", f"{ARN}0000002"


@pytest.fixture
def world(aws, context, monkeypatch):
    made = Importing(aws, context, monkeypatch)
    people = SimpleNamespace(
        bedrock=made.imported,
        dynamodb=aws.dynamodb,
        stepfunctions=Machine(made),
        sts=SimpleNamespace(get_caller_identity=lambda: {"Arn": "arn:ann"}),
    )
    setattr(people, "bedrock-runtime", made.runtime)
    lay_account(people, monkeypatch, LedgerTable="ledger", ReleaseMachine=RELEASE_MACHINE)
    monkeypatch.setattr(awake_models, "deployed_import", lambda name, *_: made.recipes.get(name))
    made.pauses = []
    clock = SimpleNamespace(sleep=made.pauses.append, monotonic=lambda: sum(made.pauses))
    monkeypatch.setattr(polling, "time", clock)
    made.imports(), made.imports(converse=True)
    return made


@pytest.fixture
def one_live(world):
    world.release(world.request(1))
    return world


def test_what_it_costs_awake_and_until_when_is_said_before_it_is_promoted(world, capsys):
    world.hours(4)
    assert left(promote_command, recipe=RECIPE, version=1) == 0
    said = capsys.readouterr().err
    assert "awake_hours = 4 of its recipe, and is deleted then" in said
    assert "2 custom model units" in said
    assert "0.11436 USD a minute" in said
    assert "$3.90 a month" in said
    assert world.tagged == [FIRST]


def test_without_hours_or_the_right_to_look_it_says_so_and_is_promoted(world, capsys):
    world.imported.refuses.add("GetImportedModel")
    assert left(promote_command, recipe=RECIPE, version=1) == 0
    said = capsys.readouterr().err
    assert "until somebody takes it down" in said
    assert "not known (AccessDeniedException)" in said
    assert "for each of its custom model units" in said


def test_it_is_rolled_back_and_listed_as_others_are(world, capsys):
    for command in (promote_command, promote_command):
        left(command, recipe=RECIPE, version=2 if world.live.version else 1)
    assert left(rollback_command, recipe=RECIPE) == 0
    capsys.readouterr()
    assert left(releases_command, recipe=RECIPE, shown="json") == 0
    second, first = json.loads(capsys.readouterr().out)["releases"]
    assert (first["status"], second["status"]) == ("live", "before")
    assert (first["imported"], first["converse"]) == ("LlamaForCausalLM", False)
    assert first["deployment_arn"] == FIRST


def test_it_is_invoked_or_converses_and_an_answer_that_was_cut_says_so(one_live, capsys):
    one_live.runtime.asked.clear()
    capsys.readouterr()
    assert left(ask_command, recipe=RECIPE, question="How long?", system="Be brief.") == 0
    heard = capsys.readouterr()
    assert (heard.out, "cut after 512 tokens" in heard.err) == ("Ready.\n", True)
    assert one_live.runtime.bodies[-1] == {
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "How long?"},
        ],
        "max_tokens": 512,
    }
    one_live.release(one_live.request(2))
    capsys.readouterr()
    assert left(ask_command, recipe=RECIPE, question="How long?", shown="json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["version"], said["stop_reason"], said["usage"]["outputTokens"]) == (
        2,
        "end_turn",
        2,
    )
    assert one_live.runtime.asked[-1] == ("ConverseStream", SECOND)


@pytest.mark.parametrize("version", [1, 2])
def test_it_is_waited_for_while_it_is_loaded_and_that_is_said_once_a_minute(world, capsys, version):
    world.release(world.request(version))
    world.runtime.cold = 6
    capsys.readouterr()
    assert left(ask_command, recipe=RECIPE, question="?") == 0
    heard = capsys.readouterr()
    assert heard.out == "Ready.\n"
    assert (heard.err.count("is being loaded"), len(world.pauses)) == (2, 6)


def test_it_is_not_waited_for_without_bounds(one_live):
    one_live.runtime.cold = 10_000
    with pytest.raises(AccountError, match="still being loaded"):
        ask_command(recipe=RECIPE, question="?")
    assert sum(one_live.pauses) == 600


def test_an_answer_of_another_form_is_an_error_that_shows_it(one_live):
    one_live.runtime.answer = {"generation": "Ready."}
    with pytest.raises(AccountError, match="generation"):
        ask_command(recipe=RECIPE, question="?")


def test_one_that_is_not_live_is_asked_by_a_person_who_may_and_says_what_that_costs(
    one_live, capsys
):
    assert left(ask_command, recipe=RECIPE, question="?", version=2) == 0
    assert one_live.runtime.asked[-1] == ("ConverseStream", SECOND)
    assert "0.05718 USD a minute" in capsys.readouterr().err


def test_one_that_was_deleted_says_so(world):
    claim = ModelDeletion.of(world.registry.version(RECIPE, 2), "it was live", datetime.now(UTC))
    ModelDeletions(ledger=world.ledger).claim(claim, instead_of=None)
    with pytest.raises(DeletedModelError, match="imported again, as a new version"):
        ask_command(recipe=RECIPE, question="?", version=2)


@pytest.mark.usefixtures("one_live")
def test_there_is_no_base_model_of_the_catalog_to_compare_it_with():
    with pytest.raises(OptionError, match="was trained elsewhere, from llama"):
        ask_command(recipe=RECIPE, question="?", compare="base")


def test_a_refusal_is_not_waited_for(one_live, monkeypatch):

    def refused(**_given):
        raise refusal("AccessDeniedException", "InvokeModel", 403, "no")

    monkeypatch.setattr(one_live.runtime, "invoke_model", refused)
    with pytest.raises(AccountError, match="AccessDenied"):
        ask_command(recipe=RECIPE, question="?")
    assert one_live.pauses == []
