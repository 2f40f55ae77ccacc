"""An estimate is exact where a price is known, and says so where none is."""

import json
from datetime import date
from decimal import Decimal

import pytest
from domain_builders import any_recipe
from hypothesis import given, settings
from hypothesis import strategies as st

from tuning.models.catalog import catalog
from tuning.models.estimate import charged, estimate
from tuning.models.prices import (
    every_price,
    prices,
)

MICRO = "amazon.nova-micro-v1:0:128k"
NOVA_2 = "amazon.nova-2-lite-v1:0:256k"


@pytest.mark.parametrize(
    ("model", "tokens", "epochs", "usd"),
    [
        pytest.param(MICRO, 1_000_000, 2, "2.00", id="a million tokens, twice"),
        pytest.param(MICRO, 1_234_567, 3, "3.71", id="up to the next cent"),
        pytest.param(MICRO, 1, 1, "0.01", id="never for nothing"),
        pytest.param(MICRO, 0, 2, "0.00", id="nothing"),
        pytest.param(MICRO, 10**12, 5, "5000000.00", id="more than a float holds to the cent"),
        pytest.param(NOVA_2, 1_000_000, 2, "7.56", id="Nova 2 Lite"),
    ],
)
def test_training_costs_tokens_times_epochs_times_price(model, tokens, epochs, usd):
    recipe = any_recipe(base_model=model, hyperparameters={"epochCount": epochs})
    price = estimate(recipe, tokens=tokens, default_epochs=1)
    assert price.training_usd == Decimal(usd)
    assert price.to_dict()["training_usd"] == usd
    assert price.epochs == epochs


@given(st.integers(0, 10**12), st.integers(1, 10))
@settings(max_examples=50)
def test_what_is_expected_lies_between_least_and_most_and_is_never_rounded_down(tokens, epochs):
    recipe = any_recipe(hyperparameters={"epochCount": epochs})
    price = estimate(recipe, tokens=tokens, default_epochs=1)
    exact = Decimal("0.001") * tokens * epochs / 1000
    assert price.low_usd <= price.training_usd <= price.high_usd
    assert exact <= price.training_usd < exact + Decimal("0.01")
    assert (price.low_usd == 0) is (tokens == 0)


def test_the_services_default_counts_where_a_recipe_names_no_epochs():
    assert estimate(any_recipe(), tokens=1_000_000, default_epochs=2).training_usd == Decimal(2)


def test_an_unknown_price_is_said_and_not_guessed():
    model = "meta.llama3-3-70b-instruct-v1:0:128k"
    price = estimate(any_recipe(base_model=model), tokens=1_000_000, default_epochs=5)
    assert (price.low_usd, price.training_usd, price.high_usd) == (None, None, None)
    assert price.to_dict()["training_usd"] is None
    assert price.basis[0] == f"training: no dated price is known for {model}"
    assert price.serving.on_demand_costs == "offered, but no dated price is known"
    assert price.serving.provisioned_costs == "not listed by AWS for this model"
    assert f"serving on demand: no dated price is known for {model}" in price.basis


def test_epochs_that_the_service_chooses_have_no_price():
    recipe = any_recipe(
        base_model="amazon.titan-embed-image-v1:0", hyperparameters={"epochCount": "Auto"}
    )
    price = estimate(recipe, tokens=1_000, default_epochs=1)
    assert (price.epochs, price.training_usd) == (None, None)
    assert "epochCount is 'Auto'" in price.basis[0]


def test_serving_is_priced_on_demand_costs_and_provisioned_costs():
    price = estimate(any_recipe(base_model=NOVA_2), tokens=1, default_epochs=1)
    assert price.serving.on_demand_costs == "$0.3 for a million tokens in, $2.5 for a million out"
    assert price.serving.provisioned_costs == "$60.50 an hour for one model unit, used or not"
    reported = price.to_dict()["serving"]
    assert (reported["input_usd_per_1000_tokens"], reported["provisioned_usd_per_hour"]) == (
        "0.0003",
        "60.50",
    )


def test_a_method_without_a_price_is_not_given_that_of_fine_tuning():
    recipe = any_recipe(base_model=MICRO, method="DISTILLATION")
    price = estimate(recipe, tokens=1_000_000, default_epochs=1)
    assert price.training_usd is None
    assert price.basis[0] == f"training: no dated price is known for {MICRO} by DISTILLATION"
    assert charged(recipe, {"epochCount": "1"}, tokens=1_000_000).usd is None


@pytest.mark.parametrize(
    ("reported", "usd", "most_usd", "whose"),
    [
        ({"epochCount": "1"}, "1.00", "3.00", "job"),
        ({"epochCount": "3"}, "3.00", "9.00", "job"),
        ({"epochCount": "Auto"}, "2.00", "6.00", "recipe"),
        ({}, "2.00", "6.00", "recipe"),
    ],
)
def test_what_a_training_came_to_follows_the_epochs_of_its_job(reported, usd, most_usd, whose):
    recipe = any_recipe(base_model=MICRO, hyperparameters={"epochCount": 2})
    cost = charged(recipe, reported, tokens=1_000_000, most=3_000_000)
    assert (cost.usd, cost.most_usd) == (Decimal(usd), Decimal(most_usd))
    assert f"the {whose}'s epochs" in cost.basis


def test_every_price_has_a_date_and_a_source():
    table = list(every_price(prices()))
    assert {price.what for price in table} == prices().keys() - {"as_of", "currency"}
    assert all(date.fromisoformat(price.date) and "AWS" in price.source for price in table)
    assert all(Decimal(usd) > 0 for price in table for usd in price.amounts.values())


def test_the_figures_say_what_they_rest_on():
    price = estimate(any_recipe(base_model=MICRO), tokens=1, default_epochs=1)
    reported = [line.split(":")[0] for line in price.basis]
    assert reported[:4] == ["training", "at least", "storage", "serving on demand"]
    assert price.storage_usd_per_month == Decimal("1.95")


@pytest.mark.parametrize("model", list(catalog().models))
def test_an_estimate_of_any_model_is_json(model):
    price = estimate(any_recipe(base_model=model), tokens=5, default_epochs=1)
    assert json.loads(json.dumps(price.to_dict())) == price.to_dict()
