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
