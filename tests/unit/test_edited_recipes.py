"""A run whose recipe is not what is deployed: a person decides, and no function can have it trained unasked."""

import pytest
from domain_builders import any_recipe, any_reservation, any_run, any_upload
from msgspec import structs

from lambdas import authorize_spend, deployed_recipes, start_training
from tuning.aws.ledger import Ledger
from tuning.runs.approvals import Approval, Question
from tuning.runs.recipes import Limits, Retry
from tuning.runs.run import Run

LEDGER = Ledger(table="ledger")
TRAINED = "ab" * 32
DATASET = {
    "training_uri": f"s3://prepared-bucket/prepared/{TRAINED}/train.jsonl",
    "training_tokens": 1_000_000,
}
MORE_EPOCHS = any_recipe(hyperparameters={"epochCount": 5})
OTHERS = {
    "more epochs": MORE_EPOCHS,
    "another model": any_recipe(base_model="amazon.nova-pro-v1:0:300k"),
    "another method": any_recipe(method="DISTILLATION"),
    "longer jobs": any_recipe(limits=Limits(max_hours=72)),
    "a try more": any_recipe(retry=Retry(recipe="support")),
    "another name": any_recipe(name="cheap"),
    "the digest of what is deployed": structs.replace(MORE_EPOCHS, kept_digest=any_recipe().digest),
}


@pytest.fixture
def authorize(aws, context):
    aws.s3.lay_size(DATASET["training_uri"], 5_000_000)

    def authorized(run, approval=None, **other):
        given = {"run": run.to_dict(), "dataset": DATASET, "approval": approval or {}}
        return authorize_spend.handler(given | {"refused_answer": {}} | other, context)

    return authorized


@pytest.fixture
def start(aws, context):  # noqa: ARG001 — the functions' AWS
    def started(run):
        return start_training.handler({"run": run.to_dict(), "dataset": DATASET}, context)

    return started


def approved(run, question):
    given = Question.from_json(question)
    return Approval(decision="approve", by="arn:ann", run=run.id, question=given).to_json()


@pytest.mark.parametrize("recipe", OTHERS.values(), ids=OTHERS)
def test_a_recipe_that_is_not_the_deployed_one_waits_for_a_person(authorize, recipe):
    run = any_run(recipe=recipe)
    asked = authorize(run)
    assert asked["decision"] == "needs_approval"
    assert "a recipe other than support as deployed" in asked["why"]
    assert asked["question"]["recipe"] == recipe.content_digest
    assert LEDGER.read(run.id).reservation is None
    assert authorize(run, approved(run, asked["question"]))["decision"] == "authorized"
    assert LEDGER.read(run.id).reservation.recipe_digest == recipe.content_digest


@pytest.mark.usefixtures("aws")
def test_the_recipes_of_the_folder_are_deployed_and_no_others():
    for name, deployed in (("support-nova-micro", True), ("support-nova-mikro", False)):
        run = any_run(upload=any_upload(key=f"datasets/{name}/train.jsonl"))
        found = deployed_recipes.of(run)
        assert (found is not None and found.name == name) is deployed


@pytest.mark.parametrize("recipe", OTHERS.values(), ids=OTHERS)
def test_a_recipe_that_is_not_the_deployed_one_starts_no_job(aws, start, recipe):
    answer = start(any_run(recipe=recipe))
    assert (answer["state"], answer["failure"]["kind"]) == ("failed", "foreign_input")
    assert "neither the deployed one" in answer["failure"]["message"]
    assert aws.bedrock.created == []


def test_it_is_said_what_is_trained_and_what_is_deployed(authorize):
    why = authorize(any_run(recipe=MORE_EPOCHS))["why"]
    assert 'hyperparameters {"epochCount": "5"}, deployed {}.' in why
    assert "base_model" not in why


def test_settings_are_shown_in_the_same_order_however_a_recipe_has_them(authorize):
    recipe = any_recipe(hyperparameters={"learningRate": 0.0001, "epochCount": 5})
    shown = 'hyperparameters {"epochCount": "5", "learningRate": "0.0001"}, deployed {}.'
    assert shown in authorize(any_run(recipe=recipe))["why"]


def test_no_text_of_a_recipe_writes_a_line_of_the_notice(authorize):
    recipe = any_recipe(hyperparameters={"epochCount": "5\n\x1b[2J\u2028Approved."})
    run = any_run(recipe=structs.replace(recipe, method="DISTILLATION"))
    assert len(authorize(run)["why"].splitlines()) == 1


def test_description_and_limits_of_spending_are_edited_without_a_question(aws, authorize, start):
    aws.recipes["support"] = any_recipe(description="Better.", limits=Limits(monthly_usd=100))
    run = any_run()
    assert authorize(run)["decision"] == "authorized"
    assert start(run)["state"] == "started"


def test_the_limits_are_those_of_what_is_deployed_whatever_the_run_brings(aws, authorize):
    aws.recipes["support"] = any_recipe(limits=Limits(approve_above_usd=3))
    run = any_run(recipe=any_recipe(limits=Limits(approve_above_usd=300)))
    assert "runs above 3 USD need approval" in authorize(run)["why"]


def test_a_run_whose_recipe_is_edited_or_retired_while_it_waits_goes_on_as_it_was_authorized(
    aws, authorize, start
):
    """By a deployment, between any two steps."""
    for run, deployed in ((any_run(), MORE_EPOCHS), (any_run(recipe=MORE_EPOCHS), None)):
        aws.recipes["support"] = run.recipe
        assert authorize(run)["decision"] == "authorized"
        aws.recipes["support"] = deployed
        if deployed is None:
            del aws.recipes["support"]
        assert authorize(run)["decision"] == "authorized"
        assert start(run)["state"] == "started"


def test_a_recipe_that_was_retired_before_its_run_was_authorized_waits_for_a_person(
    aws, authorize, start
):
    del aws.recipes["support"]
    run = any_run()
    asked = authorize(run)
    assert (
        "Recipe support is no longer deployed. To train with the deployed recipe instead, reject the run"
        in asked["why"]
    )
    assert start(run)["failure"]["kind"] == "foreign_input"
    assert authorize(run, approved(run, asked["question"]))["decision"] == "authorized"


def test_an_answer_about_the_price_does_not_cover_a_recipe_that_was_edited_since(aws, authorize):
    """And is not said to be a wrong one: it was sound."""
    aws.recipes["support"] = any_recipe(limits=Limits(approve_above_usd=3))
    run = any_run()
    asked = authorize(run)
    assert "recipe" not in asked["question"]
    aws.recipes["support"] = MORE_EPOCHS
    again = authorize(run, approved(run, asked["question"]))
    assert again["decision"] == "needs_approval"
    assert again["question"]["recipe"] == run.recipe.content_digest
    assert "was not accepted" not in again["why"]
    other = again["question"] | {"recipe": MORE_EPOCHS.content_digest}
    assert authorize(run, approved(run, other))["decision"] == "needs_approval"


def test_an_answer_of_the_former_machine_covers_the_recipe_that_its_row_asks_about(
    aws, authorize, context
):
    run = any_run(recipe=MORE_EPOCHS)
    asked = authorize(run)
    said = {"decision": "approve", "by": "arn:ann"}
    former = {"run": run.to_dict(), "dataset": DATASET, "approval": said}
    row = aws.dynamodb.record(run.id)
    aws.dynamodb.lay(structs.replace(row, question=structs.replace(row.question, recipe=None)))
    assert authorize_spend.handler(former, context)["decision"] == "needs_approval"
    assert LEDGER.read(run.id).question == Question.from_json(asked["question"])
    assert authorize_spend.handler(former, context)["decision"] == "authorized"


FALLBACK = any_recipe(name="cheap", hyperparameters={"epochCount": 1})
RETRIED = any_recipe(retry=Retry(recipe="cheap"))


@pytest.fixture
def second_try(aws):
    aws.recipes |= {"support": RETRIED, "cheap": FALLBACK}
    first = Run.new(upload=any_run().upload, recipe=RETRIED, fallback=FALLBACK)
    LEDGER.move(first, "checked", reservation=any_reservation(first))
    return first.again()


def test_a_second_try_trains_by_the_recipe_that_the_first_one_names(authorize, start, second_try):
    assert authorize(second_try)["decision"] == "authorized"
    assert start(second_try)["state"] == "started"


@pytest.mark.parametrize(
    "deployed",
    [
        {"support": any_recipe()},
        {"support": any_recipe(retry=Retry(recipe="support"))},
        {"cheap": structs.replace(FALLBACK, hyperparameters={"epochCount": 2})},
    ],
    ids=["no second try", "by another recipe", "by one that was edited"],
)
def test_a_second_try_by_another_recipe_waits_for_a_person(
    aws, authorize, start, second_try, deployed
):
    aws.recipes |= deployed
    asked = authorize(second_try)
    assert asked["question"]["recipe"] == FALLBACK.content_digest
    assert start(second_try)["failure"]["kind"] == "foreign_input"


def test_a_forged_digest_takes_no_reservation_of_another_recipe(aws, authorize):
    """Else whoever starts executions could spend on anything what was reserved for something else."""
    aws.recipes["support"] = any_recipe()
    authorize(any_run())
    row = aws.dynamodb.record(any_run().id)
    aws.dynamodb.lay(structs.replace(row, state="checked"))
    forged = any_run().to_dict() | {"recipe": MORE_EPOCHS.to_dict()}
    assert forged["recipe_digest"] == any_recipe().digest
    asked = authorize(Run.from_dict(forged))
    assert asked["decision"] == "needs_approval"
    assert LEDGER.read(any_run().id).reservation == row.reservation
