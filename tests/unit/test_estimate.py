"""An estimate is exact where a price is known, and says so where none is."""

import json
from decimal import Decimal

import pytest
from domain_builders import any_recipe

from tuning.catalog import catalog
from tuning.estimate import estimate

MICRO = "amazon.nova-micro-v1:0:128k"
NOVA_2 = "amazon.nova-2-lite-v1:0:256k"


@pytest.mark.parametrize(
    ("model", "tokens", "epochs", "usd"),
    [
        pytest.param(MICRO, 1_000_000, 2, "2.00", id="a million tokens, twice"),
        pytest.param(MICRO, 1_234_567, 3, "3.70", id="to the cent"),
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


def test_the_services_default_counts_where_a_recipe_names_no_epochs():
    assert estimate(any_recipe(), tokens=1_000_000, default_epochs=2).training_usd == Decimal(2)


def test_an_unknown_price_is_said_and_not_guessed():
    model = "meta.llama3-3-70b-instruct-v1:0:128k"
    price = estimate(any_recipe(base_model=model), tokens=1_000_000, default_epochs=5)
    assert price.training_usd is None
    assert price.to_dict()["training_usd"] is None
    assert price.basis[0] == f"training: no dated price is known for {model}"


def test_epochs_that_the_service_chooses_have_no_price():
    recipe = any_recipe(
        base_model="amazon.titan-embed-image-v1:0", hyperparameters={"epochCount": "Auto"}
    )
    price = estimate(recipe, tokens=1_000, default_epochs=1)
    assert (price.epochs, price.training_usd) == (None, None)
    assert "epochCount is 'Auto'" in price.basis[0]


@pytest.mark.parametrize("model", [MICRO, NOVA_2])
def test_every_figure_has_a_date_and_a_source(model):
    price = estimate(any_recipe(base_model=model), tokens=1, default_epochs=1)
    assert len(price.basis) == 2
    assert all("2026-" in line and "AWS" in line for line in price.basis)
    assert price.storage_usd_per_month == Decimal("1.95")


@pytest.mark.parametrize("model", list(catalog().models))
def test_an_estimate_of_any_model_is_json(model):
    price = estimate(any_recipe(base_model=model), tokens=5, default_epochs=1)
    assert json.loads(json.dumps(price.to_dict())) == price.to_dict()
