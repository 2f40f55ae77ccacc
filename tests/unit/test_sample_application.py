"""The sample's function tells what passes by itself from what is not there, and swallows nothing else."""

import importlib.util
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, EventStreamError

SAMPLE = Path(__file__).parents[2] / "samples" / "consumer" / "application" / "ask_model.py"
ARN = "arn:aws:bedrock:us-east-1:111122223333:custom-model-deployment/abcdefghijkl"


@pytest.fixture
def sample(monkeypatch):
    spec = importlib.util.spec_from_file_location("sample_ask_model", SAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setenv("DEPLOYMENT_ARN", ARN)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return module


@pytest.fixture
def asked(sample, monkeypatch):
    """What the function answers where the runtime streams these events, or raises the last of them."""

    class Runtime:
        def converse_stream(self, **request):
            asked.request = request
            if isinstance(asked.events, ClientError):
                raise asked.events
            return {"stream": self._stream()}

        def _stream(self):
            for event in asked.events:
                if isinstance(event, ClientError):
                    raise event
                yield event

    def asked(*events):
        asked.events = events[0] if isinstance(events[0], ClientError) else events
        return sample.handler({"question": "Why?"}, None)

    monkeypatch.setattr(sample, "runtime", Runtime)
    return asked


def refused(code, kind=ClientError):
    return kind({"Error": {"Code": code, "Message": "x"}}, "ConverseStream")


def piece(text):
    return {"contentBlockDelta": {"delta": {"text": text}}}


def test_an_answer_is_put_together_and_says_why_it_ended(asked):
    end = {"messageStop": {"stopReason": "max_tokens"}}
    said = asked({"messageStart": {"role": "assistant"}}, piece("Be"), piece("cause"), end)
    assert said == {"state": "answered", "answer": "Because", "stop_reason": "max_tokens"}
    assert asked.request["modelId"] == ARN
    assert asked.request["inferenceConfig"] == {"maxTokens": 512}


@pytest.mark.parametrize(
    "code", ["ThrottlingException", "ModelNotReadyException", "ServiceUnavailableException"]
)
def test_what_passes_by_itself_is_busy(asked, code):
    assert asked(refused(code)) == {"state": "busy", "reason": code}


def test_so_is_what_breaks_off_in_the_middle_of_an_answer(asked):
    broken = refused("throttlingException", EventStreamError)
    assert asked(piece("Be"), broken) == {"state": "busy", "reason": "ThrottlingException"}


def test_a_deployment_that_is_gone_says_what_to_set(asked):
    said = asked(refused("ResourceNotFoundException"))
    assert said["state"] == "no_model"
    assert "set DeploymentArn" in said["reason"]


def test_before_the_first_release_nobody_is_asked(sample, monkeypatch):
    monkeypatch.setenv("DEPLOYMENT_ARN", "")
    monkeypatch.delattr(sample, "runtime")
    assert sample.handler({"question": "Why?"}, None)["state"] == "no_model"


@pytest.mark.parametrize("code", ["AccessDeniedException", "ValidationException"])
def test_anything_else_is_raised(asked, code):
    with pytest.raises(ClientError, match=code):
        asked(refused(code))


def test_the_runtime_tries_again_and_is_never_silent_for_longer_than_the_function_runs(sample):
    settings = sample.runtime().meta.config
    tries = settings.retries["total_max_attempts"]
    assert settings.retries["mode"] == "standard"
    pauses = sum(2.0**attempt for attempt in range(1, tries))
    assert tries * (settings.connect_timeout + settings.read_timeout) + pauses < 90


GUARDRAIL = "arn:aws:bedrock:us-east-1:111122223333:guardrail/abcdefghijkl:3"


@pytest.fixture
def guarded(sample, monkeypatch):
    """A model that repeats its question, behind a guardrail which blocks `secret` and masks `123`."""

    class Runtime:
        def __init__(self):
            self.asked = []

        def converse_stream(self, **request):
            self.asked.append(request)
            said = request["messages"][0]["content"][0]["text"].replace("tell", "secret")
            end = {"messageStop": {"stopReason": "end_turn"}}
            return {"stream": iter([piece(said), end])}

        def apply_guardrail(self, **request):
            assert (request["guardrailIdentifier"], request["guardrailVersion"]) == (
                GUARDRAIL[:-2],
                "3",
            )
            text = request["content"][0]["text"]["text"]
            if "secret" in text:
                word = {"customWords": [{"match": "secret", "action": "BLOCKED"}]}
                return self._intervened(request["source"], {"wordPolicy": word})
            if "123" in text:
                number = {
                    "regexes": [{"action": "ANONYMIZED"}],
                    "piiEntities": [{"action": "NONE"}],
                }
                masked = text.replace("123", "{N}")
                return self._intervened(masked, {"sensitiveInformationPolicy": number})
            return {"action": "NONE", "outputs": [], "assessments": [{}]}

        def _intervened(self, text, assessment):
            said = {"outputs": [{"text": text}], "assessments": [assessment]}
            return {"action": "GUARDRAIL_INTERVENED", **said}

    made = Runtime()
    monkeypatch.setenv("GUARDRAIL", GUARDRAIL)
    monkeypatch.setattr(sample, "runtime", lambda: made)
    return made


def test_with_a_guardrail_what_is_asked_is_judged_before_the_model(sample, guarded):
    said = sample.handler({"question": "a secret"}, None)
    assert said == {"state": "blocked", "answer": "INPUT"}
    assert guarded.asked == []


def test_with_a_guardrail_the_model_gets_the_masks_and_the_request_names_it(sample, guarded):
    said = sample.handler({"question": "I am 123"}, None)
    assert said == {"state": "answered", "answer": "I am {N}", "stop_reason": "end_turn"}
    (asked,) = guarded.asked
    assert asked["guardrailConfig"] == {
        "guardrailIdentifier": GUARDRAIL[:-2],
        "guardrailVersion": "3",
    }


def test_with_a_guardrail_what_is_answered_is_judged_too(sample, guarded):
    assert sample.handler({"question": "tell me"}, None) == {"state": "blocked", "answer": "OUTPUT"}
    assert len(guarded.asked) == 1
