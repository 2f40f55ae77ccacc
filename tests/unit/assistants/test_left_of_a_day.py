"""What is left of a day's budget, as an answer has it: never less than nothing, never more than the day has."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from asked_world import BAD, AskedWorld, refusal
from fake_dynamodb import FakeDynamoDB
from hypothesis import given
from hypothesis import strategies as st
from interleaved import refusing

from tuning.aws.assistant_budgets import RequestBudget
from tuning.aws.ledger import Ledger

NOW = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
DAILY = Decimal("1.00")
CENTS = st.integers(0, 150).map(lambda cents: Decimal(cents) / 100)


@pytest.fixture
def world(tmp_path, monkeypatch):
    return AskedWorld(tmp_path, monkeypatch)


def test_an_answer_says_what_is_left_when_it_is_settled(world):
    for number in (1, 2):
        _, said = world.ask()
        spent = number * Decimal(said["use"]["usd"])
        assert Decimal(said["left_usd"]) == Decimal("5.00") - spent


def test_a_blocked_question_leaves_the_whole_day_and_one_over_budget_what_there_is(
    tmp_path, monkeypatch
):
    one = AskedWorld(tmp_path, monkeypatch, budget="0.13")
    assert one.ask(BAD)[1]["left_usd"] == "0.13"
    left = Decimal(one.ask()[1]["left_usd"])
    said = one.ask()[1]
    assert (said["outcome"], Decimal(said["left_usd"])) == ("over_budget", left)
    assert 0 < left < Decimal("0.13")


def test_a_paid_answer_is_given_though_nobody_can_read_what_is_left(world):
    busy = refusal("ThrottlingException", "GetItem", 400)
    of_budgets = {"TableName": "budgets"}.items()
    with refusing(world.dynamodb, "get_item", busy, lambda **given: of_budgets <= given.items()):
        status, said = world.ask()
    assert (status, said["answer"]) == (200, "An answer.")
    assert "left_usd" not in said


def budget(dynamodb, request, now=NOW):
    ledger = Ledger(table="budgets", client=lambda _name: dynamodb)
    return RequestBudget(ledger=ledger, assistant="help", daily=DAILY, request=request, now=now)


@given(st.lists(st.tuples(st.sampled_from("abc"), CENTS), max_size=12), st.data())
def test_whatever_callers_do_at_once_none_sees_less_than_nothing_or_more_than_the_day(asked, data):
    """Reservations and settlements of three callers in any order, some of which cost more than was thought."""
    dynamodb, open_ones = FakeDynamoDB(), {}
    for number, (caller, usd) in enumerate(asked):
        if caller in open_ones:
            one = open_ones.pop(caller)
            one.settle(usd)
        else:
            one = budget(dynamodb, f"{caller}{number}")
            if one.reserve(usd):
                open_ones[caller] = one
        watching = data.draw(st.sampled_from([one, *open_ones.values()]))
        assert 0 <= watching.left_usd() <= DAILY


def test_what_one_has_reserved_is_not_left_for_the_other():
    dynamodb = FakeDynamoDB()
    one, other = budget(dynamodb, "one"), budget(dynamodb, "other")
    assert one.left_usd() == other.left_usd() == DAILY
    assert one.reserve(Decimal("0.60"))
    assert other.left_usd() == Decimal("0.40")
    assert not other.reserve(Decimal("0.50"))
    one.settle(Decimal("0.10"))
    assert one.left_usd() == other.left_usd() == Decimal("0.90")


def test_a_new_day_has_all_of_it():
    dynamodb = FakeDynamoDB()
    assert budget(dynamodb, "one").reserve(DAILY)
    assert budget(dynamodb, "two").left_usd() == 0
    assert budget(dynamodb, "two", NOW + timedelta(days=1)).left_usd() == DAILY
