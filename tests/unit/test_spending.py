"""Money: claimed once a run and never beyond a budget, settled once, whatever dies in between."""

import json
from datetime import datetime
from decimal import Decimal

import pytest
from domain_builders import any_recipe, any_run, any_upload
from recipe_refusal_cases import refusal

from lambdas import authorize_spend, settle_spend
from tuning.aws import budgets, ledger
from tuning.aws.transient import Transient
from tuning.models.estimate import estimate
from tuning.runs.budget import Claim, actual, month_of, objection, pots
from tuning.runs.recipes import Limits
from tuning.runs.run_states import ENDED

MONTH = "2026-11"
POT, RECIPE_POT = f"budget#{MONTH}", f"budget#{MONTH}#support"


def run_number(number):
    return any_run(upload=any_upload(version_id=f"v{number}"))


def claimed(run, usd="4", *, monthly=None, limits=None, month=MONTH, attempt="first"):
    limit = None if monthly is None else Decimal(monthly)
    wanted = Claim(usd=usd, month=month, recipe="support", attempt=attempt)
    held_against = pots(month, "support", monthly=limit, limits=limits or Limits())
    return budgets.claim("ledger", run, wanted, held_against, {})


def committed(aws, pk=POT):
    return aws.dynamodb.items[pk]["committed"]


def test_two_runs_never_both_take_the_last_dollars(aws):
    assert claimed(run_number(1), monthly=7) is None
    why = claimed(run_number(2), monthly=7)
    assert "3 USD are left of the environment's budget for 2026-11" in why
    assert committed(aws) == 4
    assert run_number(2).id not in aws.dynamodb.items


def test_two_runs_that_looked_at_the_same_moment_cannot_both_claim(aws, monkeypatch):
    """The second claims between the first's look and its write."""
    look = ledger.read

    def and_then_another(table, key):
        found = look(table, key)
        monkeypatch.setattr(ledger, "read", look)
        assert claimed(run_number(2), monthly=7) is None
        return found

    monkeypatch.setattr(ledger, "read", and_then_another)
    assert claimed(run_number(1), monthly=7) is not None
    assert committed(aws) == 4


def test_a_recipes_own_budget_holds_too_and_nothing_is_claimed_of_the_other(aws):
    limits = Limits(monthly_usd=5)
    assert claimed(run_number(1), limits=limits, monthly=100) is None
    assert "the budget of recipe support" in claimed(run_number(2), limits=limits, monthly=100)
    assert (committed(aws), committed(aws, RECIPE_POT)) == (4, 4)


def test_a_claim_that_is_tried_again_claims_once(aws):
    for _ in range(3):
        assert claimed(run_number(1), monthly=7) is None
    assert committed(aws) == 4


def test_a_claim_that_was_sent_twice_is_granted_though_it_took_the_last_dollars(aws, monkeypatch):
    once = aws.dynamodb.transact_write_items

    def twice(**call):
        once(**call)
        return once(**call)

    monkeypatch.setattr(aws.dynamodb, "transact_write_items", twice)
    assert claimed(run_number(1), monthly=4) is None
    assert committed(aws) == 4


def test_a_second_try_with_another_recipe_replaces_the_claim(aws):
    claimed(run_number(1), "4")
    aws.dynamodb.items[run_number(1).id]["state"] = "checked"
    claimed(run_number(1), "6", attempt="second")
    assert (committed(aws), committed(aws, RECIPE_POT)) == (6, 6)


def test_months_have_budgets_of_their_own(aws):
    assert claimed(run_number(1), monthly=7) is None
    assert claimed(run_number(2), monthly=7, month="2026-12") is None
    budgets.settle("ledger", run_number(1).id, "nothing")
    assert (committed(aws), committed(aws, "budget#2026-12")) == (0, 4)


def test_a_claim_larger_than_the_whole_budget_never_fits(aws):
    assert "7 USD are left" in claimed(run_number(1), "8", monthly=7)
    assert POT not in aws.dynamodb.items


@pytest.mark.parametrize(
    ("charge", "facts", "spent"),
    [
        pytest.param("nothing", {}, 0, id="no job"),
        pytest.param("unknown", {}, 4, id="a step died"),
        pytest.param("job", {}, 4, id="a job nobody looked at"),
        pytest.param("job", {"progress": {"phase": "Validation"}}, 0, id="never trained"),
        pytest.param("job", {"progress": {"phase": "Training"}}, 4, id="ended while it trained"),
        pytest.param(
            "job", {"progress": {"phase": "Training"}, "cost": {"usd": "1.5"}}, 1.5, id="trained"
        ),
    ],
)
@pytest.mark.parametrize("end", sorted(ENDED))
def test_every_ending_settles_exactly_once(aws, charge, facts, spent, end):
    claimed(run_number(1))
    row = aws.dynamodb.items[run_number(1).id]
    row |= {name: json.dumps(fact) for name, fact in facts.items()}
    for _ in range(3):
        budgets.settle("ledger", run_number(1).id, charge)
        aws.dynamodb.items[run_number(1).id]["state"] = end
    for pk in (POT, RECIPE_POT):
        money = aws.dynamodb.items[pk]
        assert (float(money["committed"]), float(money["spent"])) == (spent, spent)


def test_who_settles_second_at_the_same_moment_changes_nothing(aws, monkeypatch):
    claimed(run_number(1))
    look = ledger.read

    def and_then_another(table, key):
        found = look(table, key)
        monkeypatch.setattr(ledger, "read", look)
        budgets.settle("ledger", run_number(1).id, "unknown")
        return found

    monkeypatch.setattr(ledger, "read", and_then_another)
    budgets.settle("ledger", run_number(1).id, "nothing")
    assert committed(aws) == 4


def test_what_was_given_back_can_be_claimed_by_another(aws):
    claimed(run_number(1), monthly=7)
    budgets.settle("ledger", run_number(1).id, "nothing")
    assert claimed(run_number(2), monthly=7) is None
    assert committed(aws) == 4


def test_a_busy_ledger_is_tried_again(aws):
    busy = refusal("TransactionCanceledException")
    busy.response["CancellationReasons"] = [{"Code": "TransactionConflict"}, {"Code": "None"}]
    raised = aws.dynamodb.exceptions.TransactionCanceledException(busy.response, "Write")

    def fail(**_call):
        raise raised

    aws.dynamodb.transact_write_items = fail
    with pytest.raises(Transient, match="TransactionConflict"):
        claimed(run_number(1))


def test_a_run_without_a_claim_has_nothing_to_settle(aws, context):
    event = {"run": run_number(1).to_dict(), "charge": "unknown"}
    assert settle_spend.handler(event, context) == {"usd": None}
    assert aws.dynamodb.items == {}


def test_no_claim_is_settled_beyond_what_was_claimed():
    held = Claim(usd="4", month=MONTH, recipe="support", attempt="first")
    row = {"progress": {"phase": "Training"}, "cost": {"usd": "9"}}
    assert actual(row, held, "job") == 4


def authorized(context, tokens=1_000_000, approval=None, **limits):
    run = any_run(recipe=any_recipe(limits=Limits(**limits)))
    event = {"run": run.to_dict(), "dataset": {"training_tokens": tokens}, "approval": approval}
    return authorize_spend.handler(event, context)


def test_above_the_recipes_limit_a_person_is_asked(aws, context):
    answer = authorized(context, approve_above_usd=3, approval_hours=2)
    assert (answer["leave"], answer["seconds"]) == ("asked", 7200)
    assert answer["why"] == "It may cost 4.00 USD; runs above 3 USD wait for a person."
    row = aws.dynamodb.items[any_run().id]
    assert (row["state"], row["asked"]) == ("awaiting_approval", answer["why"])
    assert "claim" not in row


def test_what_was_approved_is_granted_and_kept_with_who_and_when(aws, context):
    authorized(context, approve_above_usd=3)
    approval = {"by": "arn:aws:iam::123456789012:user/ann", "at": "2026-11-23T08:00:00Z"}
    assert authorized(context, approve_above_usd=3, approval=approval)["leave"] == "granted"
    row = aws.dynamodb.items[any_run().id]
    assert (row["state"], json.loads(row["approval"])) == ("authorized", approval)


@pytest.mark.usefixtures("aws")
def test_no_approval_takes_more_than_the_budget_has(context, monkeypatch):
    monkeypatch.setenv("MONTHLY_BUDGET_USD", "3.99")
    answer = authorized(context, approval={"by": "ann"})
    assert answer["leave"] == "asked"
    assert "raise monthly_budget_usd in app.py" in answer["why"]


def test_an_unknown_price_is_asked_about_only_where_a_limit_is_set():
    model = "meta.llama3-3-70b-instruct-v1:0:128k"
    price = estimate(any_recipe(base_model=model), tokens=1, default_epochs=1)
    assert objection(price, Limits(), monthly=None) is None
    for limits, monthly in (
        (Limits(approve_above_usd=1), None),
        (Limits(monthly_usd=1), None),
        (Limits(), Decimal(1)),
    ):
        assert "not known" in objection(price, limits, monthly=monthly)


def test_a_month_is_that_of_utc():
    assert month_of(datetime.fromisoformat("2026-12-01T00:30:00+01:00")) == "2026-11"
