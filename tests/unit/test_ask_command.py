"""Asking the model that is live, as typed; AWS is in dictionaries."""

import json

import pytest
from cli_world import an_account, left
from recipe_refusal_cases import refusal

from tuning.cli.ask_command import ask_command
from tuning.cli.aws_errors import AccountError
from tuning.releases.live_model import LiveModel, NothingLiveError, live_key

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
