"""Whether a run may spend: by its limits, its budgets, or a person's answer to exactly what it asks."""

import pytest
from domain_builders import any_recipe, any_run, any_upload
from msgspec import structs

from lambdas import authorize_spend
from tuning.aws.ledger import Ledger
from tuning.runs.approvals import Approval, Question
from tuning.runs.recipes import Limits

TRAINED = "ab" * 32
PREPARED = f"s3://prepared-bucket/prepared/{TRAINED}/train.jsonl"


@pytest.fixture
def authorized(aws, context):
    """By a recipe that is deployed, with these limits."""

    def authorize(tokens=1_000_000, approval=None, refused=None, uri=PREPARED, **limits):
        recipe = aws.recipes["support"] = any_recipe(limits=Limits(**limits))
        aws.s3.lay_size(uri, 5 * tokens)
        event = {
            "run": any_run(recipe=recipe).to_dict(),
            "dataset": {"training_tokens": tokens, "training_uri": uri},
            "approval": approval,
            "refused_answer": refused or {},
        }
        return authorize_spend.handler(event, context)

    return authorize


def test_what_costs_exactly_the_limit_is_asked_of_nobody(authorized):
    assert authorized(approve_above_usd=4)["decision"] == "authorized"


def test_above_the_recipes_limit_a_person_is_asked(aws, authorized):
    answer = authorized(approve_above_usd=3, approval_hours=2)
    assert (answer["decision"], answer["approval_seconds"]) == ("needs_approval", 7200)
    assert answer["why"] == "It may cost 4.00 USD; runs above 3 USD need approval."
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


def test_what_was_approved_is_authorized_and_kept_with_who_and_when(aws, authorized):
    authorized(approve_above_usd=3)
    answer = authorized(approve_above_usd=3, approval=ANN.to_json())
    assert answer["decision"] == "authorized"
    kept = aws.dynamodb.record(any_run().id)
    assert (kept.state, kept.approval) == ("authorized", ANN)


@pytest.mark.parametrize("state", ["authorized", "training"])
def test_a_run_that_was_approved_is_not_asked_about_again_by_its_next_execution(
    aws, state, authorized
):
    """The next execution knows no approval; to ask would end the run as stopped, and its paid job go on."""
    authorized(approve_above_usd=3)
    authorized(approve_above_usd=3, approval=ANN.to_json())
    Ledger(table="ledger").move(any_run(), state)
    assert authorized(approve_above_usd=3)["decision"] == "authorized"
    kept = aws.dynamodb.record(any_run().id)
    assert (kept.state, kept.approval) == (state, ANN)


def test_the_next_execution_of_a_run_that_was_asked_about_nothing_spends_no_more(aws, authorized):
    authorized(approve_above_usd=4)
    assert authorized(approve_above_usd=3)["decision"] == "authorized"
    dearer = authorized(tokens=2_000_000, approve_above_usd=4)
    assert dearer["decision"] != "authorized"
    Ledger(table="ledger").move(any_run(), "training", job_arn="arn:job")
    assert authorized(tokens=2_000_000, approve_above_usd=4)["decision"] == "authorized"
    assert str(aws.dynamodb.record(any_run().id).reservation.usd) == "5.95"


def test_an_approval_that_was_kept_holds_for_no_other_data(authorized):
    authorized(approve_above_usd=3, approval=ANN.to_json())
    other = PREPARED.replace(TRAINED, "cd" * 32)
    answer = authorized(approve_above_usd=3, uri=other)
    assert answer["decision"] != "authorized"


OTHERS = {
    "another run": structs.replace(ANN, run="b" * 32),
    "no run": structs.replace(ANN, run=None),
    "less money": structs.replace(ANN, question=structs.replace(ANN.question, usd="3.99")),
    "an unknown price": structs.replace(ANN, question=structs.replace(ANN.question, usd="unknown")),
    "another dataset": structs.replace(
        ANN, question=structs.replace(ANN.question, dataset="cd" * 32)
    ),
    "nothing that was asked": structs.replace(ANN, question=None),
}


@pytest.mark.parametrize("given", OTHERS.values(), ids=OTHERS)
def test_an_approval_of_something_else_spends_nothing_and_is_asked_again(aws, given, authorized):
    answer = authorized(approve_above_usd=3, approval=given.to_json())
    assert answer["decision"] == "needs_approval"
    assert "was not accepted" in answer["why"]
    assert ANN.by in answer["why"]
    assert aws.dynamodb.record(any_run().id).reservation is None


def test_an_approval_covers_the_same_dataset_for_less_money(authorized):
    """Such as a second try by a recipe that costs less."""
    more = structs.replace(ANN, question=structs.replace(ANN.question, usd="400.00"))
    answer = authorized(approve_above_usd=3, approval=more.to_json())
    assert answer["decision"] == "authorized"


def test_an_answer_that_the_machine_did_not_take_is_said_when_the_run_asks_again(authorized):
    refused = {"by": "arn:ann\n\x1b[2Japproved", "run": "b" * 32, "usd": "9.00"}
    answer = authorized(approve_above_usd=3, refused=refused)
    assert f"run {'b' * 32}, 9.00 USD" in answer["why"]
    assert "arn:ann\\n\\x1b[2Japproved" in answer["why"]
    assert len(answer["why"].splitlines()) == 1


def test_an_answer_to_the_former_machine_which_asked_without_a_question_is_taken(aws, context):
    said = {"decision": "approve", "by": "arn:ann"}
    recipe = aws.recipes["support"] = any_recipe(limits=Limits(approve_above_usd=3))
    run = any_run(recipe=recipe)
    aws.s3.lay_size(PREPARED, 5_000_000)
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


def test_no_approval_takes_more_than_the_budget_has(monkeypatch, authorized):
    monkeypatch.setenv("MONTHLY_BUDGET_USD", "3.99")
    answer = authorized(approval=ANN.to_json())
    assert answer["decision"] == "needs_approval"
    assert "raise monthly_budget_usd in app.py" in answer["why"]
