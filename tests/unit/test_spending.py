"""Money: reserved once a run and never beyond a budget, settled once, whatever dies in between."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
from domain_builders import any_recipe, any_run, any_upload
from recipe_refusal_cases import refusal

from lambdas import authorize_spend, settle_spend
from tuning.aws.budgets import Budgets
from tuning.aws.ledger import Ledger
from tuning.aws.transient import Transient
from tuning.models.estimate import estimate
from tuning.runs.approvals import Approval, Question
from tuning.runs.budget import actual, budgets_of, month_of, objection
from tuning.runs.money_records import Charged, Reservation
from tuning.runs.progress import Progress
from tuning.runs.recipes import Limits
from tuning.runs.run_states import ENDED

MONTH = "2026-11"
BUDGETS = Budgets(ledger=Ledger(table="ledger"))
OF_ALL, OF_RECIPE = f"budget#{MONTH}", f"budget#{MONTH}#support"


def run_number(number):
    return any_run(upload=any_upload(version_id=f"v{number}"))


def reserved(run, usd="4", *, monthly=None, limits=None, month=MONTH, digest="first"):
    limit = None if monthly is None else Decimal(monthly)
    wanted = Reservation(usd=Decimal(usd), month=month, recipe="support", recipe_digest=digest)
    budgets = budgets_of(month, "support", monthly=limit, limits=limits or Limits())
    return BUDGETS.reserve(run, wanted, budgets, {})


def committed(aws, pk=OF_ALL):
    return aws.dynamodb.items[pk]["committed"]


def change(aws, **facts):
    aws.dynamodb.lay(replace(aws.dynamodb.record(run_number(1).id), **facts))


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


def test_two_runs_that_looked_at_the_same_moment_cannot_both_reserve(aws, monkeypatch):
    """The second reserves between the first's look and its write."""
    read = Ledger.item

    def and_then_another(ledger, key):
        found = read(ledger, key)
        monkeypatch.setattr(Ledger, "item", read)
        assert reserved(run_number(2), monthly=7) is None
        return found

    monkeypatch.setattr(Ledger, "item", and_then_another)
    assert reserved(run_number(1), monthly=7) is not None
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


def test_a_second_try_with_another_recipe_replaces_the_reservation(aws):
    reserved(run_number(1), "4")
    change(aws, state="checked")
    reserved(run_number(1), "6", digest="second")
    assert (committed(aws), committed(aws, OF_RECIPE)) == (6, 6)


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
def test_every_ending_settles_exactly_once(aws, charge, facts, spent, end):
    reserved(run_number(1))
    BUDGETS.ledger.note(run_number(1), **facts)
    for _ in range(3):
        BUDGETS.settle(run_number(1).id, charge)
        change(aws, state=end)
    for pk in (OF_ALL, OF_RECIPE):
        money = aws.dynamodb.items[pk]
        assert (float(money["committed"]), float(money["spent"])) == (spent, spent)


def test_who_settles_second_at_the_same_moment_changes_nothing(aws, monkeypatch):
    reserved(run_number(1))
    read = Ledger.item

    def and_then_another(ledger, key):
        found = read(ledger, key)
        monkeypatch.setattr(Ledger, "item", read)
        BUDGETS.settle(run_number(1).id, "unknown")
        return found

    monkeypatch.setattr(Ledger, "item", and_then_another)
    BUDGETS.settle(run_number(1).id, "nothing")
    assert committed(aws) == 4


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


TRAINED = "ab" * 32
PREPARED = f"s3://prepared/prepared/{TRAINED}/train.jsonl"


def authorized(context, tokens=1_000_000, approval=None, refused=None, **limits):
    run = any_run(recipe=any_recipe(limits=Limits(**limits)))
    event = {
        "run": run.to_dict(),
        "dataset": {"training_tokens": tokens, "training_uri": PREPARED},
        "approval": approval,
        "refused_answer": refused or {},
    }
    return authorize_spend.handler(event, context)


def test_above_the_recipes_limit_a_person_is_asked(aws, context):
    answer = authorized(context, approve_above_usd=3, approval_hours=2)
    assert (answer["decision"], answer["approval_seconds"]) == ("needs_approval", 7200)
    assert answer["why"] == "It may cost 4.00 USD; runs above 3 USD wait for a person."
    assert answer["question"] == {"usd": "4.00", "dataset": TRAINED}
    kept = aws.dynamodb.record(any_run().id)
    assert (kept.state, kept.approval_reason) == ("awaiting_approval", answer["why"])
    assert kept.question == Question(usd="4.00", dataset=TRAINED)
    assert kept.reservation is None


ANN = Approval(
    decision="approve",
    by="arn:aws:iam::123456789012:user/ann",
    run=any_run().id,
    question=Question(usd="4.00", dataset=TRAINED),
    at="2026-11-23T08:00:00+00:00",
)


def test_what_was_approved_is_authorized_and_kept_with_who_and_when(aws, context):
    authorized(context, approve_above_usd=3)
    answer = authorized(context, approve_above_usd=3, approval=ANN.to_json())
    assert answer["decision"] == "authorized"
    kept = aws.dynamodb.record(any_run().id)
    assert (kept.state, kept.approval) == ("authorized", ANN)


OTHERS = {
    "another run": replace(ANN, run="b" * 32),
    "no run": replace(ANN, run=None),
    "less money": replace(ANN, question=replace(ANN.question, usd="3.99")),
    "an unknown price": replace(ANN, question=replace(ANN.question, usd="unknown")),
    "another dataset": replace(ANN, question=replace(ANN.question, dataset="cd" * 32)),
    "nothing that was asked": replace(ANN, question=None),
}


@pytest.mark.parametrize("given", OTHERS.values(), ids=OTHERS)
def test_an_approval_of_something_else_spends_nothing_and_is_asked_again(aws, context, given):
    answer = authorized(context, approve_above_usd=3, approval=given.to_json())
    assert answer["decision"] == "needs_approval"
    assert "was not taken" in answer["why"]
    assert ANN.by in answer["why"]
    assert aws.dynamodb.record(any_run().id).reservation is None


@pytest.mark.usefixtures("aws")
def test_an_approval_covers_the_same_dataset_for_less_money(context):
    """Such as a second try by a recipe that costs less."""
    more = replace(ANN, question=replace(ANN.question, usd="400.00"))
    answer = authorized(context, approve_above_usd=3, approval=more.to_json())
    assert answer["decision"] == "authorized"


@pytest.mark.usefixtures("aws")
def test_an_answer_that_the_machine_did_not_take_is_said_when_the_run_asks_again(context):
    refused = {"by": "arn:ann\n\x1b[2Japproved", "run": "b" * 32, "usd": "9.00"}
    answer = authorized(context, approve_above_usd=3, refused=refused)
    assert f"run {'b' * 32}, 9.00 USD" in answer["why"]
    assert "arn:ann\\n\\x1b[2Japproved" in answer["why"]
    assert len(answer["why"].splitlines()) == 1


@pytest.mark.usefixtures("aws")
def test_an_answer_to_the_former_machine_which_asked_without_a_question_is_taken(context):
    said = {"decision": "approve", "by": "arn:ann"}
    run = any_run(recipe=any_recipe(limits=Limits(approve_above_usd=3)))
    event = {
        "run": run.to_dict(),
        "dataset": {"training_tokens": 1_000_000, "training_uri": PREPARED},
    }
    answer = authorize_spend.handler({**event, "approval": said}, context)
    assert answer["decision"] == "authorized"
    other = {**said, "run": "b" * 32, "question": {"usd": "4.00", "dataset": TRAINED}}
    run = any_run(upload=any_upload(version_id="other"), recipe=run.recipe)
    event["run"] = run.to_dict()
    answer = authorize_spend.handler({**event, "approval": other}, context)
    assert answer["decision"] == "needs_approval"


@pytest.mark.usefixtures("aws")
def test_no_approval_takes_more_than_the_budget_has(context, monkeypatch):
    monkeypatch.setenv("MONTHLY_BUDGET_USD", "3.99")
    answer = authorized(context, approval=ANN.to_json())
    assert answer["decision"] == "needs_approval"
    assert "raise monthly_budget_usd in app.py" in answer["why"]


def test_a_forged_digest_takes_no_reservation_of_another_recipe(aws, context):
    """Else whoever starts executions could spend on anything what was reserved for something else."""
    authorized(context)
    first = aws.dynamodb.record(any_run().id).reservation
    dear = any_recipe(hyperparameters={"epochCount": 5})
    forged = any_run().to_dict() | {"recipe": dear.to_dict()}
    assert forged["recipe_digest"] == any_recipe().digest
    dataset = {"training_tokens": 1_000_000, "training_uri": PREPARED}
    event = {"run": forged, "dataset": dataset, "approval": {}, "refused_answer": {}}
    authorize_spend.handler(event, context)
    held = aws.dynamodb.record(any_run().id).reservation
    assert held.recipe_digest == dear.digest != first.recipe_digest
    assert held.usd > first.usd


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
