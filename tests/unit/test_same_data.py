"""The same data by the same recipe: a person is asked before they are paid for once more."""

from decimal import Decimal

import pytest
from domain_builders import any_recipe, any_run, any_upload
from msgspec import structs

from lambdas import authorize_spend
from tuning.aws.ledger import Ledger
from tuning.aws.transient import Transient
from tuning.runs.approvals import Approval, Question
from tuning.runs.recipes import Limits
from tuning.runs.same_data import data_key
from tuning.runs.uploads import TRAINING, VALIDATION

LEDGER = Ledger(table="ledger")


def uri(digest, name=TRAINING):
    return f"s3://prepared-bucket/prepared/{32 * digest}/{name}"


def data(training="aa", validation=None):
    found = {"training_uri": uri(training), "training_tokens": 1000}
    return found | ({"validation_uri": uri(validation, VALIDATION)} if validation else {})


def a_run(version="v1", **recipe):
    return any_run(upload=any_upload(version_id=version), recipe=any_recipe(**recipe))


@pytest.fixture
def authorize(aws, context):
    """By a recipe that is deployed."""

    def authorized(run, dataset, approval=None, **other):
        aws.recipes[run.recipe.name] = run.recipe
        aws.s3.lay_size(dataset["training_uri"], 5 * dataset["training_tokens"])
        given = {"run": run.to_dict(), "dataset": dataset, "approval": approval or {}}
        return authorize_spend.handler(given | {"refused_answer": {}} | other, context)

    return authorized


def approved(run, asked, **other):
    return approval(run, Question.from_json(asked["question"] | other))


def approval(run, question):
    return Approval(decision="approve", by="arn:ann", run=run.id, question=question).to_json()


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
    assert asked["question"]["again"] == first.id
    assert LEDGER.read(second.id).reservation is None
    assert authorize(second, data(), approved(second, asked))["decision"] == "authorized"


def test_whoever_words_the_reason_does_not_approve_the_data_once_more(authorize):
    """Its text is what people read: notices quote names and words from outside."""
    first, second = a_run("v1"), a_run("v2")
    authorize(first, data())
    asked = authorize(second, data())
    LEDGER.note(second, approval_reason=f"It may cost 1 USD. {first.id}")
    answer = authorize(second, data(), approved(second, asked, again=None))
    assert answer["decision"] == "needs_approval"
    assert answer["question"] == asked["question"]
    assert LEDGER.read(second.id).reservation is None


def test_data_once_more_that_were_asked_about_may_be_paid_for_when_the_other_run_made_no_model(
    authorize,
):
    first, second = a_run("v1"), a_run("v2", limits=Limits(approve_above_usd=0))
    authorize(first, data())
    asked = authorize(second, data())
    becomes(first, "failed")
    assert authorize(second, data(), approved(second, asked))["decision"] == "authorized"


def test_an_answer_to_the_former_machine_holds_for_the_run_that_its_row_asks_about(
    authorize, context
):
    first, second = a_run("v1"), a_run("v2")
    authorize(first, data())
    authorize(second, data())
    said = {"decision": "approve", "by": "arn:ann"}
    former = {"run": second.to_dict(), "dataset": data(), "approval": said}
    row = LEDGER.read(second.id)
    LEDGER.note(second, question=structs.replace(row.question, again=None))
    assert authorize_spend.handler(former, context)["decision"] == "needs_approval"
    assert authorize_spend.handler(former, context)["decision"] == "authorized"


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


@pytest.mark.parametrize(
    ("recipe", "state"),
    [
        pytest.param({"same_data": "allow"}, "trained", id="a recipe that allows it"),
        pytest.param({}, "failed", id="a run that made no model"),
    ],
)
def test_a_question_about_the_price_alone_names_no_other_run(authorize, recipe, state):
    first, second = a_run("v1", **recipe), a_run("v2", **recipe, limits=Limits(approve_above_usd=0))
    authorize(first, data())
    becomes(first, state)
    asked = authorize(second, data())
    assert "It may cost" in asked["why"]
    assert "again" not in asked["question"]


def test_a_run_that_authorizes_again_does_not_ask_about_itself(authorize):
    for _ in range(3):
        assert authorize(a_run(), data())["decision"] == "authorized"


def test_an_approval_of_the_price_does_not_cover_data_that_were_trained_on_meanwhile(authorize):
    second = a_run("v2", limits=Limits(approve_above_usd=0))
    price = authorize(second, data())
    assert "It may cost" in price["why"]
    authorize(a_run("v1"), data())
    asked = authorize(second, data(), approved(second, price))
    assert asked["decision"] == "needs_approval"
    assert a_run("v1").id in asked["why"]
    assert "was not accepted" not in asked["why"]
    assert authorize(second, data(), approved(second, asked))["decision"] == "authorized"


def test_both_reasons_are_said_at_once(authorize):
    authorize(a_run("v1"), data())
    why = authorize(a_run("v2", limits=Limits(approve_above_usd=0)), data())["why"]
    assert a_run("v1").id in why
    assert "It may cost" in why


def test_of_two_runs_that_look_at_the_same_moment_one_asks(authorize, monkeypatch):
    """The other reserves between its look and its write."""
    really, first, second = Ledger.trained_on, a_run("v1"), a_run("v2")

    def looked(ledger, key):
        found = really(ledger, key)
        monkeypatch.setattr(Ledger, "trained_on", really)
        assert authorize(first, data())["decision"] == "authorized"
        return found

    monkeypatch.setattr(Ledger, "trained_on", looked)
    with pytest.raises(Transient, match="another run reserved for the same data"):
        authorize(second, data())
    assert LEDGER.read(second.id) is None
    assert authorize(second, data())["decision"] == "needs_approval"


def test_money_that_does_not_fit_claims_no_data(authorize):
    authorize(a_run("v1", limits=Limits(monthly_usd=0)), data())
    assert LEDGER.item(data_key(any_recipe(), {TRAINING: 32 * "aa"})) is None
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
