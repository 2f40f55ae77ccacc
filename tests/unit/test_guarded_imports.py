"""An imported model behind a guardrail: it is in the request, however the model is asked, and around it."""

import json

import pytest
from cli_world import left
from imported_world import ImportedRuntime
from release_world import RECIPE
from test_ask_command import Guarded
from test_imported_commands import world

from tuning.cli.account import Account
from tuning.cli.ask_command import ask_command

__all__ = ["world"]
NAMED = {"guardrailIdentifier": "arn:guardrail", "guardrailVersion": "3"}


@pytest.fixture
def guarded(world, monkeypatch):
    """The members of each request to a model that name a guardrail."""
    Account.of().outputs.update(Guardrail="arn:guardrail", GuardrailVersion="3")
    named = []

    def noted(operation):
        whole = getattr(ImportedRuntime, operation)

        def call(self, **given):
            named.append({k: v for k, v in given.items() if k.startswith("guardrail")})
            return whole(self, **given)

        return call

    for operation in ("converse_stream", "invoke_model"):
        monkeypatch.setattr(ImportedRuntime, operation, noted(operation))
    monkeypatch.setattr(ImportedRuntime, "apply_guardrail", Guarded.apply_guardrail, raising=False)
    for version in (1, 2):
        world.release(world.request(version))
    named.clear()
    return named


@pytest.mark.parametrize(
    ("version", "request_has"),
    [(1, NAMED), (2, {"guardrailConfig": {**NAMED, "trace": "enabled"}})],
)
def test_the_guardrail_is_in_the_request_whether_it_is_invoked_or_converses(
    guarded, capsys, version, request_has
):
    asked = {"recipe": RECIPE, "version": version}
    assert left(ask_command, **asked, question="How long?", shown="json") == 0
    assert guarded == [request_has]
    said = json.loads(capsys.readouterr().out)
    assert said["answer"] == "Ready."
    assert said["guardrail"] == {"input": "allowed", "output": "allowed"}


def test_a_blocked_question_wakes_no_model(guarded, world):
    world.runtime.asked.clear()
    assert left(ask_command, recipe=RECIPE, question="a secret") == 1
    assert world.runtime.asked == guarded == []


def test_its_answer_is_judged_as_that_of_any_other(guarded, world, capsys):
    first = {"message": {"content": "The secret."}, "finish_reason": "stop"}
    world.runtime.answer = {"choices": [first]}
    assert left(ask_command, recipe=RECIPE, version=1, question="Well?") == 1
    assert capsys.readouterr().out == "not output\n"
    assert guarded == [NAMED]


def test_a_model_that_is_loaded_is_waited_for_behind_the_guardrail_too(guarded, world, capsys):
    world.runtime.cold = 2
    assert left(ask_command, recipe=RECIPE, question="Well?") == 0
    assert capsys.readouterr().out == "Ready.\n"
    assert len(world.pauses) >= 2
    assert len(guarded) == 3
