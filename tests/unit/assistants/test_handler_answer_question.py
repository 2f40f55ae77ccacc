"""The function of an assistant: what it answers, what it reserves, and what is left when it dies."""

import io
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from asked_world import ARN, BAD, AskedWorld, DiedError, refusal
from botocore.exceptions import EventStreamError

from lambdas.observe import logger
from tuning.aws.assistant_calls import CannotAnswerError
from tuning.aws.transient import Transient

CALLS = ["update_item", "update_item", "get_item", "apply_guardrail", "update_item"]
CALLS += ["converse_stream", "update_item", "apply_guardrail", "get_item"]
"""Of a first question: the caller's minute, twice for it begins; what is live; the guardrail; the reservation; the
model; the settlement; the guardrail; what is left of the day."""


@pytest.fixture
def world(tmp_path, monkeypatch):
    return AskedWorld(tmp_path, monkeypatch)


@pytest.fixture
def now():
    return datetime.now(UTC)


def used(world):
    return world.price.of(20, 10)


def most(world):
    return world.price.most(len("You help.Why?"), 100)


def test_a_question_is_answered_and_charged(world, now):
    status, said = world.ask()
    assert (status, said["outcome"], said["answer"]) == (200, "answered", "An answer.")
    assert said["use"] == {"input_tokens": 20, "output_tokens": 10, "usd": f"{used(world):f}"}
    day = world.day(now)
    assert (day["committed"], day["spent"]) == (used(world), used(world))
    assert not day.get("open_requests")
    assert world.calls == CALLS


def test_the_live_deployment_is_asked_with_the_numbered_guardrail(world):
    world.ask()
    (asked,) = world.runtime.asked
    assert asked["modelId"] == ARN
    assert asked["guardrailConfig"]["guardrailVersion"] == "3"
    assert asked["inferenceConfig"] == {"maxTokens": 100}


def test_a_blocked_question_reserves_nothing(world, now):
    status, said = world.ask(BAD)
    assert (status, said["outcome"], said["blocked_at"]) == (200, "blocked", "question")
    assert world.day(now) == {}
    assert not world.runtime.asked


@pytest.mark.parametrize(
    "body",
    ["", "[]", "{}", '{"question": 1}', '{"question": " "}', '{"question": "a", "x": 1}', "{",
     json.dumps({"question": "x" * 8_001})],
)  # fmt: skip
def test_what_is_no_question_is_refused_before_anything(world, body):
    status, said = world.ask(body=body)
    assert (status, said["outcome"]) == (400, "refused")
    assert world.calls == []


def test_a_request_without_an_identity_is_not_answered(world):
    with pytest.raises(KeyError):
        world.ask(caller=None)
    assert world.calls == []


def test_a_budget_that_is_used_up_answers_nobody_until_tomorrow(tmp_path, monkeypatch, now):
    one = AskedWorld(tmp_path, monkeypatch, budget="0.13")
    assert most(one) < Decimal("0.13") < most(one) + used(one)
    assert one.ask()[0] == 200
    status, said = one.ask()
    assert (status, said["outcome"]) == (429, "over_budget")
    assert one.day(now)["committed"] == used(one)
    assert len(one.runtime.asked) == 1


def test_a_caller_asks_as_often_as_the_file_says_and_others_all_the_same(tmp_path, monkeypatch):
    one = AskedWorld(tmp_path, monkeypatch, minute=3)
    moment = datetime(2026, 11, 30, 12, 0, 5, tzinfo=UTC)
    clock = [moment]

    class Clock(datetime):
        @classmethod
        def now(cls, _zone):
            return clock[0]

    monkeypatch.setattr("lambdas.answer_question.datetime", Clock)
    assert [one.ask()[0] for _ in range(5)] == [200, 200, 200, 429, 429]
    assert one.ask()[1]["outcome"] == "too_many_requests"
    assert one.ask(caller="arn:aws:iam::123456789012:user/other")[0] == 200
    clock[0] = moment.replace(minute=1, second=0)
    assert one.ask()[0] == 200
    assert not any("arn:aws" in key for key in one.dynamodb.budgets if key.startswith("assistant#"))


def test_nothing_live_says_so(world):
    world.live(None)
    status, said = world.ask()
    assert (status, said["outcome"]) == (503, "unavailable")


@pytest.mark.parametrize("code", ["ThrottlingException", "ModelNotReadyException"])
def test_a_busy_model_is_said_and_the_reservation_is_given_back(world, now, code):
    world.runtime.fails = refusal(code, "ConverseStream", 429)
    status, said = world.ask()
    assert (status, said["outcome"]) == (503, "unavailable")
    assert world.day(now)["committed"] == 0


@pytest.mark.parametrize("code", ["AccessDeniedException", "ValidationException"])
def test_what_will_not_pass_fails_loudly_and_costs_nothing(world, now, code):
    world.runtime.fails = refusal(code, "ConverseStream", 400)
    with pytest.raises(CannotAnswerError, match=code):
        world.ask()
    assert world.day(now)["committed"] == 0


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        (refusal("ModelTimeoutException", "ConverseStream", 408), Transient),
        (refusal("InternalServerException", "ConverseStream", 500), Transient),
        (EventStreamError({"Error": {"Code": "ThrottlingException"}}, "ConverseStream"), Transient),
    ],
)
def test_what_may_be_billed_stays_reserved(world, now, fault, raised):
    world.runtime.fails = fault
    with pytest.raises(raised):
        world.ask()
    assert world.day(now)["committed"] == most(world)
    assert "spent" not in world.day(now)


@pytest.mark.parametrize("number", range(1, len(CALLS) + 1))
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_any_call_it_costs_what_it_may_have_cost_and_no_more(world, now, number, when):
    """Committed is at least what the model was asked for, and at most one request's most beside it."""
    setattr(world, f"dies_{when}", number)
    with pytest.raises(DiedError):
        world.ask()
    billed = used(world) if world.runtime.asked else Decimal(0)
    first = world.day(now).get("committed", Decimal(0))
    assert billed <= first <= most(world)
    world.dies_before = world.dies_after = None
    world.forget()
    assert world.ask()[1]["outcome"] == "answered"
    assert world.day(now)["committed"] == first + used(world)


@pytest.mark.parametrize("number", [1, 2, 5, 7])
def test_an_update_whose_answer_is_lost_counts_once(world, now, number):
    world.sent_twice = number
    assert CALLS[number - 1] == "update_item"
    if number == 2:  # the caller's minute is to the caller's cost
        world.ask()
    else:
        try:
            world.ask()
        except world.dynamodb.exceptions.ConditionalCheckFailedException:
            pytest.fail("an update that was sent twice is refused")
    assert world.day(now)["committed"] == used(world)


def test_logs_say_who_and_what_and_no_text(world, monkeypatch):
    written = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", written)
    world.ask("asker's words")
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    (line,) = [each for each in lines if each["message"] == "question answered"]
    assert line["caller"].endswith("caller/session")
    assert (line["assistant"], line["outcome"]) == ("support", "answered")
    assert "words" not in json.dumps(lines)
    assert "An answer" not in json.dumps(lines)
