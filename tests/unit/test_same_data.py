"""The same data by the same recipe: a person is asked before they are paid for once more."""

from decimal import Decimal

import pytest
from domain_builders import any_recipe, any_run, any_upload

from lambdas import authorize_spend
from tuning.aws.budgets import Budgets
from tuning.aws.ledger import Ledger
from tuning.aws.transient import Transient
from tuning.runs.approvals import Approval
from tuning.runs.recipes import Limits
from tuning.runs.same_data import data_key
from tuning.runs.uploads import TRAINING, VALIDATION

LEDGER = Ledger(table="ledger")
APPROVED = Approval(decision="approve", by="arn:ann").to_json()


def uri(digest, name=TRAINING):
    return f"s3://prepared-bucket/prepared/{digest}/{name}"


def data(training="aa", validation=None):
    found = {"training_uri": uri(training), "training_tokens": 1000}
    return found | ({"validation_uri": uri(validation, VALIDATION)} if validation else {})


def a_run(version="v1", **recipe):
    return any_run(upload=any_upload(version_id=version), recipe=any_recipe(**recipe))


@pytest.fixture
def authorize(aws, context):  # noqa: ARG001 — the functions' AWS
    def authorized(run, dataset, approval=None):
        given = {"run": run.to_dict(), "dataset": dataset, "approval": approval or {}}
        return authorize_spend.handler(given, context)

    return authorized


def becomes(run, state):
    LEDGER.move(run, state, ended_at="2026-11-24T07:00:00Z")


@pytest.mark.parametrize("state", ["training", "trained"])
def test_the_same_data_by_the_same_recipe_ask_first_whatever_they_cost(authorize, state):
    first, second = a_run("v1"), a_run("v2")
    assert authorize(first, data())["decision"] == "authorized"
    becomes(first, state)
    asked = authorize(second, data())
    assert asked["decision"] == "needs_approval"
    assert f"Run {first.id} " in asked["why"]
    assert LEDGER.read(second.id).reservation is None
    assert authorize(second, data(), APPROVED)["decision"] == "authorized"


@pytest.mark.parametrize("state", ["failed", "stopped", "refused"])
def test_a_run_that_made_no_model_is_not_in_the_way(authorize, state):
    authorize(a_run("v1"), data())
    becomes(a_run("v1"), state)
    assert authorize(a_run("v2"), data())["decision"] == "authorized"


@pytest.mark.parametrize(
    ("recipe", "dataset"),
    [
        pytest.param({}, data("bb"), id="other records"),
        pytest.param({}, data("aa", "cc"), id="a validation set"),
        pytest.param({"hyperparameters": {"epochCount": 3}}, data(), id="another recipe"),
        pytest.param({"same_data": "allow"}, data(), id="a recipe that allows it"),
    ],
)
def test_what_is_not_the_same_asks_nobody(authorize, recipe, dataset):
    authorize(a_run("v1"), data())
    assert authorize(a_run("v2", **recipe), dataset)["decision"] == "authorized"


def test_a_run_that_authorizes_again_does_not_ask_about_itself(authorize):
    for _ in range(3):
        assert authorize(a_run(), data())["decision"] == "authorized"


def test_an_approval_of_the_price_does_not_cover_data_that_were_trained_on_meanwhile(authorize):
    second = a_run("v2", limits=Limits(approve_above_usd=0))
    assert "It may cost" in authorize(second, data())["why"]
    authorize(a_run("v1"), data())
    asked = authorize(second, data(), APPROVED)
    assert asked["decision"] == "needs_approval"
    assert a_run("v1").id in asked["why"]
    assert authorize(second, data(), APPROVED)["decision"] == "authorized"


def test_both_reasons_are_said_at_once(authorize):
    authorize(a_run("v1"), data())
    why = authorize(a_run("v2", limits=Limits(approve_above_usd=0)), data())["why"]
    assert a_run("v1").id in why
    assert "It may cost" in why


def test_of_two_runs_that_look_at_the_same_moment_one_asks(authorize, monkeypatch):
    """The other reserves between its look and its write."""
    really, first, second = Budgets.trained_on, a_run("v1"), a_run("v2")

    def looked(budgets, key):
        found = really(budgets, key)
        monkeypatch.setattr(Budgets, "trained_on", really)
        assert authorize(first, data())["decision"] == "authorized"
        return found

    monkeypatch.setattr(Budgets, "trained_on", looked)
    with pytest.raises(Transient, match="another run reserved for the same data"):
        authorize(second, data())
    assert LEDGER.read(second.id) is None
    assert authorize(second, data())["decision"] == "needs_approval"


def test_money_that_does_not_fit_claims_no_data(authorize):
    authorize(a_run("v1", limits=Limits(monthly_usd=0)), data())
    assert LEDGER.item(data_key(any_recipe(), {TRAINING: "aa"})) is None
    assert LEDGER.read(a_run("v1").id).estimate.high_usd > Decimal(0)


def test_the_data_of_a_run_are_its_copies_and_its_recipe():
    key = data_key(any_recipe(), {TRAINING: "aa"})
    assert key.startswith("data#")
    others = [
        data_key(any_recipe(), {TRAINING: "ab"}),
        data_key(any_recipe(), {TRAINING: "aa", VALIDATION: "aa"}),
        data_key(any_recipe(base_model="other"), {TRAINING: "aa"}),
    ]
    assert len({key, *others}) == 4
    assert key == data_key(any_recipe(description="other words"), {TRAINING: "aa"})
