"""Money: reserved once a run and never beyond a budget, settled once, whatever dies in between."""

from datetime import datetime
from decimal import Decimal

import pytest
from domain_builders import any_recipe, any_run, any_upload
from interleaved import before
from msgspec import structs
from recipe_refusal_cases import refusal

from lambdas import settle_spend
from tuning.aws.budgets import Budgets
from tuning.aws.ledger import Ledger
from tuning.aws.transient import Transient
from tuning.models.estimate import estimate
from tuning.runs.approvals import Approval
from tuning.runs.budget import actual, budgets_of, month_of, objection
from tuning.runs.money_records import Charged, Reservation
from tuning.runs.progress import Progress
from tuning.runs.recipes import Limits
from tuning.runs.run_states import ENDED

MONTH = "2026-11"
BUDGETS = Budgets(ledger=Ledger(table="ledger"), table="budgets")
OF_ALL, OF_RECIPE = f"budget#{MONTH}", f"budget#{MONTH}#support"


def run_number(number):
    return any_run(upload=any_upload(version_id=f"v{number}"))


def reserved(run, usd="4", *, monthly=None, limits=None, month=MONTH, digest="first"):
    limit = None if monthly is None else Decimal(monthly)
    wanted = Reservation(usd=Decimal(usd), month=month, recipe="support", recipe_digest=digest)
    budgets = budgets_of(month, "support", monthly=limit, limits=limits or Limits())
    return BUDGETS.reserve(run, wanted, budgets, {})


def committed(aws, pk=OF_ALL):
    return aws.dynamodb.budgets[pk]["committed"]


def change(aws, **facts):
    aws.dynamodb.lay(structs.replace(aws.dynamodb.record(run_number(1).id), **facts))


@pytest.fixture
def again(aws):
    """Where a run has reserved 4 dollars, and is on its way to reserve once more."""
    reserved(run_number(1), "4")
    change(aws, state="checked")
    return aws


def test_an_answer_that_was_sent_by_hand_needs_no_time():
    """As docs/operations.md has it, for whoever lacks the command line."""
    given = {
        "decision": "approve",
        "by": "my name",
        "run": "1f",
        "question": {"usd": "4", "dataset": "ab"},
    }
    said = Approval.from_json(given).sentence
    assert said == "Approved by my name (a name that the approver gave)"


def test_two_runs_never_both_take_the_last_dollars(aws):
    assert reserved(run_number(1), monthly=7) is None
    why = reserved(run_number(2), monthly=7)
    assert "3 USD are left of the environment's budget for 2026-11" in why
    assert committed(aws) == 4
    assert run_number(2).id not in aws.dynamodb.items


def test_what_a_former_version_counted_in_the_ledger_is_no_longer_left(aws):
    aws.dynamodb.items[OF_ALL] = {"pk": OF_ALL, "committed": 5}
    why = reserved(run_number(1), monthly=7)
    assert "2 USD are left of the environment's budget for 2026-11" in why
    assert reserved(run_number(2), "2", monthly=7) is None
    assert committed(aws) == 2
    assert "and 0 USD are left" in reserved(run_number(3), "1", monthly=7)


def test_what_was_counted_before_limits_who_reserves_at_the_same_moment_too(aws):
    """DynamoDB itself refuses the second, which looked before the first had written."""
    aws.dynamodb.items[OF_ALL] = {"pk": OF_ALL, "committed": 5}
    with before(Ledger, "transact", lambda: reserved(run_number(2), "2", monthly=7)):
        assert reserved(run_number(1), "2", monthly=7) is not None
    assert committed(aws) == 2


def test_two_runs_that_looked_at_the_same_moment_cannot_both_reserve(aws):
    """The second reserves between the first's look and its write."""
    second = []
    with before(Ledger, "transact", lambda: second.append(reserved(run_number(2), monthly=7))):
        assert reserved(run_number(1), monthly=7) is not None
    assert second == [None]
    assert committed(aws) == 4


def test_a_recipes_own_budget_holds_too_and_nothing_is_reserved_of_the_other(aws):
    limits = Limits(monthly_usd=5)
    assert reserved(run_number(1), limits=limits, monthly=100) is None
    assert "the budget of recipe support" in reserved(run_number(2), limits=limits, monthly=100)
    assert (committed(aws), committed(aws, OF_RECIPE)) == (4, 4)


def test_a_reservation_that_is_tried_again_reserves_once(aws):
    for _ in range(3):
        assert reserved(run_number(1), monthly=7) is None
    assert committed(aws) == 4


def test_a_reservation_that_was_sent_twice_is_granted_though_it_took_the_last_dollars(
    aws, monkeypatch
):
    once = aws.dynamodb.transact_write_items

    def twice(**call):
        once(**call)
        return once(**call)

    monkeypatch.setattr(aws.dynamodb, "transact_write_items", twice)
    assert reserved(run_number(1), monthly=4) is None
    assert committed(aws) == 4


def test_a_second_try_with_another_recipe_replaces_the_reservation(again):
    reserved(run_number(1), "6", digest="second")
    assert (committed(again), committed(again, OF_RECIPE)) == (6, 6)


def test_a_second_try_that_costs_no_more_is_granted_though_the_budget_is_used_up_since(aws):
    """As by the storage of models, which no limit keeps out."""
    reserved(run_number(1), "4", monthly=7)
    change(aws, state="checked")
    aws.dynamodb.budgets[OF_ALL]["committed"] = 9
    assert reserved(run_number(1), "4", monthly=7, digest="second") is None
    assert aws.dynamodb.record(run_number(1).id).state == "authorized"


def test_a_reservation_that_is_tried_again_authorizes_the_run_again(again):
    reserved(run_number(1))
    assert again.dynamodb.record(run_number(1).id).state == "authorized"


def test_the_last_cents_are_a_limit_as_dollars_are(aws):
    reserved(run_number(1), "4", monthly="4.2")
    assert reserved(run_number(2), "0.5", monthly="4.2") is not None
    assert committed(aws) == 4


def test_a_second_try_in_the_next_month_gives_the_first_months_money_back(again):
    reserved(run_number(1), "6", digest="second", month="2026-12")
    assert (committed(again), committed(again, "budget#2026-12")) == (0, 6)


def test_months_have_budgets_of_their_own(aws):
    assert reserved(run_number(1), monthly=7) is None
    assert reserved(run_number(2), monthly=7, month="2026-12") is None
    BUDGETS.settle(run_number(1).id, "nothing")
    assert (committed(aws), committed(aws, "budget#2026-12")) == (0, 4)


def test_a_reservation_larger_than_the_whole_budget_never_fits(aws):
    assert "7 USD are left" in reserved(run_number(1), "8", monthly=7)
    assert OF_ALL not in aws.dynamodb.items


def polled(phase):
    return Progress(state="in_progress", phase=phase)


@pytest.mark.parametrize(
    ("charge", "facts", "spent"),
    [
        pytest.param("nothing", {}, 0, id="no job"),
        pytest.param("unknown", {}, 4, id="a step died"),
        pytest.param("job", {}, 4, id="a job nobody looked at"),
        pytest.param("job", {"progress": polled("Validation")}, 0, id="never trained"),
        pytest.param("job", {"progress": polled("Training")}, 4, id="ended while it trained"),
        pytest.param(
            *("job", {"progress": polled("Training"), "cost": Charged(usd=Decimal("1.5"))}),
            *(1.5,),
            id="trained",
        ),
    ],
)
@pytest.mark.parametrize("end", sorted(ENDED))
def test_every_outcome_settles_exactly_once(aws, charge, facts, spent, end):
    reserved(run_number(1))
    BUDGETS.ledger.note(run_number(1), **facts)
    for _ in range(3):
        BUDGETS.settle(run_number(1).id, charge)
        change(aws, state=end)
    for pk in (OF_ALL, OF_RECIPE):
        money = aws.dynamodb.budgets[pk]
        assert (float(money["committed"]), float(money["spent"])) == (spent, spent)


def test_who_settles_second_at_the_same_moment_changes_nothing(aws):
    reserved(run_number(1))
    with before(Ledger, "transact", lambda: BUDGETS.settle(run_number(1).id, "unknown")):
        BUDGETS.settle(run_number(1).id, "nothing")
    assert committed(aws) == 4


def test_a_reservation_that_is_replaced_meanwhile_is_not_settled_as_the_one_before(again):
    with before(Ledger, "transact", lambda: reserved(run_number(1), "6", digest="second")):
        BUDGETS.settle(run_number(1).id, "nothing")
    assert (committed(again), committed(again, OF_RECIPE)) == (6, 6)
    assert again.dynamodb.record(run_number(1).id).settlement is None


def test_a_reservation_that_is_replaced_meanwhile_is_not_replaced_as_the_one_before(again):
    with before(Ledger, "transact", lambda: reserved(run_number(1), "5", digest="second")):
        reserved(run_number(1), "6", digest="third")
    assert (committed(again), committed(again, OF_RECIPE)) == (5, 5)


def test_what_was_settled_is_answered_and_kept(aws, context):
    reserved(run_number(1))
    event = {"run": run_number(1).to_dict(), "charge": "unknown"}
    settled = settle_spend.handler(event, context)
    assert settled == {"usd": "4", "charge": "unknown"}
    assert aws.dynamodb.record(run_number(1).id).settlement.to_json() == settled


def test_what_was_released_can_be_reserved_by_another(aws):
    reserved(run_number(1), monthly=7)
    BUDGETS.settle(run_number(1).id, "nothing")
    assert reserved(run_number(2), monthly=7) is None
    assert committed(aws) == 4


def test_a_busy_ledger_is_tried_again(aws):
    busy = refusal("TransactionCanceledException")
    busy.response["CancellationReasons"] = [{"Code": "TransactionConflict"}, {"Code": "None"}]
    raised = aws.dynamodb.exceptions.TransactionCanceledException(busy.response, "Write")

    def fail(**_call):
        raise raised

    aws.dynamodb.transact_write_items = fail
    with pytest.raises(Transient, match="TransactionConflict"):
        reserved(run_number(1))


def test_a_run_without_a_reservation_has_nothing_to_settle(aws, context):
    event = {"run": run_number(1).to_dict(), "charge": "unknown"}
    assert settle_spend.handler(event, context) == {}
    assert aws.dynamodb.items == {}


def test_no_reservation_is_settled_beyond_what_was_reserved():
    held = Reservation(usd=Decimal(4), month=MONTH, recipe="support", recipe_digest="first")
    assert actual(held, "job", progress=polled("Training"), cost=Charged(usd=Decimal(9))) == 4


@pytest.mark.parametrize(
    ("cost", "settled"),
    [
        (Charged(usd=Decimal(1), most_usd=Decimal(3)), 3),
        (Charged(usd=Decimal(1)), 1),  # of a former version, which kept nothing else
        (Charged(), 4),
    ],
)
def test_a_run_that_trained_settles_at_the_most_that_it_may_have_cost(cost, settled):
    """Nobody says how many tokens were billed."""
    held = Reservation(usd=Decimal(4), month=MONTH, recipe="support", recipe_digest="first")
    assert actual(held, "job", progress=polled("Training"), cost=cost) == settled


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
