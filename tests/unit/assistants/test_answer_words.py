"""What happened to a question, in sentences: every outcome has its own, and none promises what is not known."""

import json
from decimal import Decimal
from typing import get_args

import pytest

from tuning.assistants.answer_words import budget_words, cost_words, guardrail_words, used_usd
from tuning.assistants.assistant_answer import AnswerOutcome, AssistantAnswer, ModelUse

USE = ModelUse(input_tokens=1200, output_tokens=5, usd=Decimal("0.00010"))


def answer(outcome, **more):
    """As the API sends it."""
    made = AssistantAnswer(outcome=outcome, text="x", **more)
    return json.loads(json.dumps(made.to_json()))


@pytest.mark.parametrize("outcome", [*get_args(AnswerOutcome), "unavailable", "refused"])
def test_every_outcome_has_a_sentence_of_the_guardrail(outcome):
    said = answer(outcome) if outcome in get_args(AnswerOutcome) else {"outcome": outcome}
    assert guardrail_words(said).endswith(".")
    assert "not known here" not in guardrail_words(said)


@pytest.mark.parametrize(
    ("where", "said", "cost"),
    [
        ("question", "blocked the question", "The model cost nothing."),
        ("model", "stopped the model's own answer", "1,200 tokens asked"),
        ("answer", "blocked its answer", "1,200 tokens asked"),
    ],
)
def test_where_it_was_blocked_is_said_and_whether_it_cost_something(where, said, cost):
    use = None if where == "question" else USE
    blocked = answer("blocked", blocked_at=where, use=use)
    assert said in guardrail_words(blocked)
    assert cost_words(blocked).startswith(cost)


def test_what_a_model_cost_is_said_with_its_tokens():
    said = answer("answered", use=USE)
    assert cost_words(said) == "1,200 tokens asked, 5 answered: 0.0001 US dollars for the model."
    assert used_usd(said) == Decimal("0.0001")


def test_reranking_is_said_and_summed_whether_or_not_a_model_was_asked():
    said = answer("answered", use=USE, rerank_usd=Decimal("0.002"))
    assert cost_words(said).endswith(" Putting passages in order cost 0.002 US dollars.")
    assert used_usd(said) == Decimal("0.0021")
    unknown = answer("not_known", rerank_usd=Decimal("0.002"))
    assert cost_words(unknown).startswith("The model cost nothing. Putting")
    assert used_usd(unknown) == Decimal("0.002")


@pytest.mark.parametrize("outcome", ["not_known", "over_budget", "too_many_requests"])
def test_what_asks_no_model_costs_none(outcome):
    assert cost_words(answer(outcome)) == "The model cost nothing."
    assert used_usd(answer(outcome)) == 0


@pytest.mark.parametrize("said", [{"outcome": "unavailable"}, {"outcome": "new"}])
def test_what_is_not_said_is_not_called_free(said):
    assert cost_words(said) == "The answer does not say what it cost."


def test_what_is_left_of_a_day_is_said_where_it_is_known_only():
    assert "too little for such a question" in budget_words(answer("over_budget"))
    assert "does not say what is left" in budget_words(answer("answered", use=USE))
    left = answer("answered", use=USE, left_usd=Decimal("4.9999"))
    assert (
        budget_words(left) == "4.9999 US dollars of the daily budget are left until midnight, UTC."
    )


def test_an_outcome_of_a_later_version_is_named():
    assert guardrail_words({"outcome": "held"}).startswith("What happened is called held")
