"""A plan is the estimate of the run it plans, beside the limits that the run would meet."""

from decimal import Decimal

import pytest
from domain_builders import any_recipe
from msgspec import structs
from sample_reports import clean, refused

from tuning.errors import OptionError
from tuning.evaluation.release_options import ReleaseOptions
from tuning.models.estimate import estimated
from tuning.models.plan import plan
from tuning.runs.recipes import Limits

MONTH = "2026-11"


def planned(report=None, *, limits=None, monthly=None, epochs=(), **recipe):
    made = any_recipe(limits=limits or Limits(), **recipe)
    return plan(report or clean(), made, epochs=epochs, monthly=monthly, month=MONTH)


def test_a_plan_is_what_the_run_will_be_authorized_by():
    recipe = any_recipe(hyperparameters={"epochCount": 3})
    (only,) = plan(clean(), recipe, month=MONTH).options
    most = clean().most_tokens()
    assert only.estimate == estimated(recipe, tokens=clean().tokens(), most=most)


def test_each_number_of_epochs_has_its_price():
    made = planned(epochs=(1, 2, 4), hyperparameters={"epochCount": 3})
    prices = [option.estimate for option in made.options]
    assert [price.epochs for price in prices] == [1, 2, 4]
    assert prices[0].high_usd < prices[1].high_usd < prices[2].high_usd


@pytest.mark.parametrize("epochs", [0, 6])
def test_epochs_that_aws_would_refuse_are_refused(epochs):
    with pytest.raises(OptionError, match=f"--epochs {epochs}: must be 1 to 5"):
        planned(epochs=(epochs,))


def test_epochs_of_a_model_without_any_are_refused():
    with pytest.raises(OptionError, match="takes no epochCount"):
        planned(epochs=(2,), base_model="amazon.titan-image-generator-v2:0")


LIMITS = [
    pytest.param(Limits(), None, [], id="none"),
    pytest.param(
        Limits(approve_above_usd=0.01), None, ["runs above 0.01 USD need approval"], id="approval"
    ),
    pytest.param(Limits(monthly_usd=0.01), None, ["recipe support for 2026-11 is 0.01"], id="pot"),
    pytest.param(Limits(), Decimal("0.01"), ["environment's budget for 2026-11"], id="budget"),
    pytest.param(Limits(approve_above_usd=1000), Decimal(1000), [], id="all wide enough"),
    pytest.param(Limits(approve_above_usd=0), Decimal(0), ["need approval", "whole of"], id="two"),
]


@pytest.mark.parametrize(("limits", "monthly", "words"), LIMITS)
def test_the_limits_that_a_run_would_meet_are_named(limits, monthly, words):
    met = planned(limits=limits, monthly=monthly).options[0].limits
    assert len(met) == len(words)
    assert all(word in line for word, line in zip(words, met, strict=True))


def test_a_price_that_is_not_known_meets_every_limit_and_is_reported():
    model = "amazon.nova-lite-v1:0:300k"
    made = planned(base_model=model, limits=Limits(approve_above_usd=1000))
    assert "Its price is not known" in made.options[0].limits[0]
    assert made.not_known[0] == f"training: no dated price is known for {model}"


def test_what_the_account_alone_knows_is_said_to_be_unknown():
    assert any("budgets" in line for line in planned().not_known)
    assert not any("budgets" in line for line in planned(monthly=Decimal(5)).not_known)


def test_media_are_said_to_be_missing_from_the_price():
    report = clean()
    part = {**report.statistics["training"], "media_buckets": ["pictures"]}
    reported = planned(structs.replace(report, statistics={"training": part})).not_known
    assert any("the price is too low" in line for line in reported)
    assert not any("the price is too low" in line for line in planned().not_known)


def test_a_dataset_that_would_be_refused_says_so_beside_its_price():
    made = planned(refused())
    assert (made.verdict, made.to_dict()["verdict"]) == ("refused", "refused")


def test_what_a_release_may_cost_by_the_hour_is_bounded_before_anything_is_trained():
    options = ReleaseOptions(metric="exact_match", candidate_hours=2, provisioned_hours=4)
    made = planned(base_model="meta.llama3-1-8b-instruct-v1:0:128k", release=options)
    bound = made.to_dict()["throughput"]
    assert (bound["candidate_hours"], bound["live_hours"], bound["usd"]) == (2, 4, None)
    assert "no dated price is known" in made.throughput.words
    priced = structs.replace(made.throughput, usd_per_hour=Decimal("60.50"))
    assert priced.words.startswith("at most $363.00: 2 h of a candidate and 4 h of what is live")
    assert planned().to_dict()["throughput"] is None


def test_what_a_judge_costs_is_not_known():
    options = ReleaseOptions(metric="exact_match", judge="amazon.nova-pro-v1:0")
    judged = planned(base_model="amazon.nova-micro-v1:0:128k", release=options)
    assert any("which judges the answers" in each for each in judged.not_known)
    unjudged = planned(
        base_model="amazon.nova-micro-v1:0:128k", release=structs.replace(options, judge=None)
    )
    assert not any("judge" in each for each in unjudged.not_known)
