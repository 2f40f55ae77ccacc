"""What a person is asked before a run may spend, and what a yes to it covers."""

from decimal import Decimal

import pytest
from domain_builders import any_recipe
from msgspec import structs

from tuning.models.estimate import estimated
from tuning.runs.approvals import Question
from tuning.runs.budget import objection
from tuning.runs.recipes import Limits

ASKED = Question(usd="4.00", dataset="ab" * 32, again="1" * 64, recipe="cd" * 32)
UNKNOWN = structs.replace(ASKED, usd="unknown")


def test_a_question_names_dataset_and_recipe_by_their_first_twelve_digits():
    plain = "at most 4.00 USD, for dataset abababababab"
    again = f"once more after run {'1' * 64}, by recipe cdcdcdcdcdcd, not deployed"
    assert ASKED.sentence == f"{plain}, {again}."
    assert ASKED.of_price.sentence == f"{plain}."


@pytest.mark.parametrize(
    "other",
    [
        ASKED,
        structs.replace(ASKED, usd="3.99"),
        structs.replace(ASKED, again=None),
        structs.replace(ASKED, recipe=None),
        structs.replace(ASKED, usd="0.00", again=None, recipe=None),
    ],
)
def test_a_yes_covers_the_same_for_no_more_and_what_asks_less(other):
    assert ASKED.covers(other)


@pytest.mark.parametrize(
    "other",
    [
        structs.replace(ASKED, usd="4.01"),
        structs.replace(ASKED, dataset="ef" * 32),
        structs.replace(ASKED, again="2" * 64),
        structs.replace(ASKED, recipe="ef" * 32),
        structs.replace(ASKED, usd="unknown"),
    ],
)
def test_a_yes_covers_nothing_else(other):
    assert not ASKED.covers(other)


def test_a_yes_to_a_price_that_is_not_known_covers_no_known_one():
    assert UNKNOWN.covers(UNKNOWN)
    assert not UNKNOWN.covers(ASKED)


def test_who_is_asked_since_no_price_is_known_reads_why_it_is_not():
    price = estimated(any_recipe(method="DISTILLATION"), tokens=1_000)
    why = "no dated price is known for amazon.nova-micro-v1:0:128k by DISTILLATION"
    said = objection(price, Limits(), monthly=Decimal(5))
    assert said == f"Its price is not known (training: {why}), and a limit is set."
    assert objection(price, Limits(), monthly=None) is None
