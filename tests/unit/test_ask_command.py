"""Asking the model that is live, as typed; AWS is in dictionaries."""

import json
from datetime import UTC, datetime

import pytest
from cli_world import an_account, left
from msgspec import structs
from recipe_refusal_cases import refusal
from test_model_registry import trained

from tuning.aws.ledger import Ledger
from tuning.aws.model_deployments import ModelDeployments
from tuning.aws.model_registry import ModelRegistry
from tuning.cli.account import Account
from tuning.cli.ask_command import ask_command
from tuning.cli.aws_errors import AccountError
from tuning.releases.deployment_status import DeploymentStatus
from tuning.releases.evaluated_version import EvaluatedVersion, candidate_key
from tuning.releases.live_model import (
    LiveModel,
    NotDeployedError,
    NothingLiveError,
    NotRunningError,
    live_key,
)
from tuning.releases.model_deletion import DeletedModelError, ModelDeletion

ARN = "arn:aws:bedrock:us-east-1:123456789012:custom-model-deployment/abcdefghijkl"


class Streaming:
    """Answers in these pieces; `fails` after the first of them."""

    def __init__(self, *pieces, stopped="end_turn", fails=False):
        self.pieces, self.stopped, self.fails, self.asked = pieces, stopped, fails, []

    def converse_stream(self, **given):
        self.asked.append(given)
        return {"stream": self._events()}

    def _events(self):
        yield {"messageStart": {"role": "assistant"}}
        for piece in self.pieces:
            yield {"contentBlockDelta": {"delta": {"text": piece}, "contentBlockIndex": 0}}
            if self.fails:
                raise refusal("ThrottlingException", "ConverseStream", 429)
        yield {"messageStop": {"stopReason": self.stopped}}
        yield {"metadata": {"usage": {"inputTokens": 4, "outputTokens": 2, "totalTokens": 6}}}


@pytest.fixture
def account(aws, monkeypatch):
    made = an_account(aws, monkeypatch)
    live = LiveModel(id=live_key("support"), recipe="support", version=2, deployment_arn=ARN)
    made.dynamodb.lay(live)

    def answers(*pieces, **how):
        runtime = Streaming(*pieces, **how)
        setattr(aws, "bedrock-runtime", runtime)
        return runtime

    return answers


def test_the_live_deployment_is_asked_and_answers_in_its_own_lines(account, capsys):
    runtime = account("Within ", "30 days.\nSee ", "the page.")
    assert left(ask_command, recipe="support", question="How long?", system="Be brief.") == 0
    assert capsys.readouterr().out == "Within 30 days.\nSee the page.\n"
    (asked,) = runtime.asked
    assert asked["modelId"] == ARN
    assert asked["messages"] == [{"role": "user", "content": [{"text": "How long?"}]}]
    assert asked["system"] == [{"text": "Be brief."}]
    assert asked["inferenceConfig"] == {"maxTokens": 512}


def test_a_program_gets_the_answer_with_its_version_and_tokens(account, capsys):
    account("Yes", ".")
    assert left(ask_command, recipe="support", question="Well?", shown="json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["answer"], said["version"], said["stop_reason"]) == ("Yes.", 2, "end_turn")
    assert said["usage"]["outputTokens"] == 2


def test_what_a_model_says_steers_no_terminal(account, capsys):
    account("\x1b[2Jdone\u202e")
    assert left(ask_command, recipe="support", question="Well?") == 0
    assert capsys.readouterr().out == "\\x1b[2Jdone\\u202e\n"


def test_an_answer_that_was_cut_says_so(account, capsys):
    account("And", stopped="max_tokens")
    assert left(ask_command, recipe="support", question="Well?", most_tokens=1) == 0
    assert "cut after 1 tokens" in capsys.readouterr().err


def test_an_answer_that_breaks_off_is_an_error_in_awss_words(account):
    account("Within ", "30", fails=True)
    with pytest.raises(AccountError, match="ThrottlingException"):
        ask_command(recipe="support", question="Well?")


def test_a_recipe_of_which_nothing_is_live_says_how_to_bring_one_live(account):
    account("never")
    with pytest.raises(NothingLiveError, match="tuning promote refunds"):
        ask_command(recipe="refunds", question="Well?")


def test_the_base_model_answers_beside_it_when_it_is_asked_for(account, aws, capsys):
    register(aws, 2)
    runtime = account("Within 30 days.")
    assert left(ask_command, recipe="support", question="How long?", compare="base") == 0
    assert [each["modelId"] for each in runtime.asked] == [ARN, "amazon.nova-micro-v1:0"]
    assert capsys.readouterr().out == (
        "support version 2:\nWithin 30 days.\nsupport's base model:\nWithin 30 days.\n"
    )
    assert left(ask_command, recipe="support", question="?", compare="base", shown="json") == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["answer"], said["version"]) == ("Within 30 days.", 2)
    assert said["base"]["model"] == "amazon.nova-micro-v1:0"
    assert said["base"]["answer"] == "Within 30 days."


def test_a_candidate_is_asked_by_its_version_as_long_as_it_is_deployed(
    account, aws, capsys, monkeypatch
):
    of_one = {"recipe": "support", "version": 3, "execution": "e", "deployment": "candidate"}
    times = {"begun_at": "2026-11-23T07:00:00Z", "due": "2026-11-23T13:00:00Z"}
    aws.dynamodb.lay(EvaluatedVersion(id=candidate_key("support", 3), **of_one, **times))
    found = DeploymentStatus(arn="arn:candidate", model_arn="m", status="active")
    monkeypatch.setattr(ModelDeployments, "find", lambda _self, name: {"candidate": found}[name])
    runtime = account("Soon.")
    assert left(ask_command, recipe="support", question="When?", version=3, shown="json") == 0
    assert runtime.asked[0]["modelId"] == "arn:candidate"
    assert json.loads(capsys.readouterr().out)["version"] == 3
    monkeypatch.setattr(ModelDeployments, "find", lambda *_: None)
    with pytest.raises(NotDeployedError, match=r"version 2 is live, and tuning promote support 3"):
        ask_command(recipe="support", question="When?", version=3)


def test_a_version_that_was_deleted_is_not_said_to_be_one_that_can_be_promoted(account, aws):
    account("Yes.")
    register(aws, 1)
    deletion = ModelDeletion.of(trained(), "beyond keep_models = 0", datetime.now(UTC))
    aws.dynamodb.lay(structs.replace(deletion, state="deleted"))
    with pytest.raises(DeletedModelError, match=r"version 1 was deleted on .* tuning retrain"):
        ask_command(recipe="support", question="When?", version=1)


def test_the_live_version_is_asked_by_its_number_too(account):
    runtime = account("Yes.")
    assert left(ask_command, recipe="support", question="?", version=2) == 0
    assert runtime.asked[0]["modelId"] == ARN


def register(aws, number):
    """So many versions."""
    registry = ModelRegistry(ledger=Ledger(table="ledger", client=lambda _: aws.dynamodb))
    for version in range(number):
        registry.register(trained(f"v{version}"))


@pytest.mark.parametrize("version", [None, 2])
def test_what_had_its_time_is_not_asked_and_the_command_that_starts_it_is_said(
    account, aws, version
):
    account("Never.")
    live = LiveModel(id=live_key("support"), recipe="support", stopped=2)
    aws.dynamodb.items.pop(live_key("support"))
    aws.dynamodb.lay(live)
    with pytest.raises(NotRunningError, match="tuning promote support 2 starts it again"):
        left(ask_command, recipe="support", question="?", version=version)


class Guarded(Streaming):
    """With a guardrail that blocks `secret` and masks `123`."""

    def apply_guardrail(self, **given):
        (block,) = given["content"]
        text, asked = block["text"]["text"], given["source"]
        word = {"customWords": [{"match": "secret", "action": "BLOCKED"}], "managedWordLists": []}
        seen = {
            "regexes": [{"name": "N", "match": "123", "action": "ANONYMIZED"}],
            "piiEntities": [],
        }
        if "secret" in text:
            assessment, outputs = {"wordPolicy": word}, [{"text": f"not {asked.lower()}"}]
        elif "123" in text:
            assessment = {"sensitiveInformationPolicy": seen}
            outputs = [{"text": text.replace("123", "{N}")}]
        else:
            return {"action": "NONE", "outputs": [], "assessments": [{}]}
        return {
            "action": "GUARDRAIL_INTERVENED",
            "outputs": outputs,
            "assessments": [assessment],
        }


@pytest.fixture
def guarded(account, aws):
    account("never")
    Account.of().outputs.update(Guardrail="arn:guardrail", GuardrailVersion="3")

    def answers(*pieces, **how):
        runtime = Guarded(*pieces, **how)
        setattr(aws, "bedrock-runtime", runtime)
        return runtime

    return answers


def test_a_blocked_question_is_not_asked_and_its_message_is_the_answer(guarded, capsys):
    runtime = guarded("Yes.")
    assert left(ask_command, recipe="support", question="a secret", trace=True) == 1
    said = capsys.readouterr()
    assert said.out == "not input\n"
    assert "guardrail, input: blocked\n  blocked by word: 'secret'" in said.err
    assert runtime.asked == []


def test_a_model_is_asked_with_the_masks_and_with_the_guardrail_in_the_request(guarded, capsys):
    runtime = guarded("You are ", "123.")
    assert left(ask_command, recipe="support", question="I am 123", shown="json") == 0
    (asked,) = runtime.asked
    assert asked["messages"][0]["content"] == [{"text": "I am {N}"}]
    assert asked["guardrailConfig"]["guardrailIdentifier"] == "arn:guardrail"
    assert asked["guardrailConfig"]["guardrailVersion"] == "3"
    said = json.loads(capsys.readouterr().out)
    assert said["answer"] == "You are {N}."
    assert said["guardrail"] == {"input": "masked", "output": "masked"}


def test_an_answer_that_is_blocked_is_not_shown_in_any_part(guarded, capsys):
    guarded("The ", "sec", "ret.")
    assert left(ask_command, recipe="support", question="Well?") == 1
    assert capsys.readouterr().out == "not output\n"


def test_what_bedrock_stops_by_itself_is_blocked_too(guarded, capsys):
    guarded("Their message.", stopped="guardrail_intervened")
    assert left(ask_command, recipe="support", question="Well?") == 1
    assert capsys.readouterr().out == "Their message.\n"


def test_without_a_guardrail_nothing_is_in_the_request(account):
    runtime = account("Yes.")
    assert left(ask_command, recipe="support", question="Well?") == 0
    assert "guardrailConfig" not in runtime.asked[0]
