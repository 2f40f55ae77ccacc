"""Money for the evaluation of a model is in its run's estimate, reservation and settlement, and is enough for it."""

import json
from decimal import Decimal
from io import BytesIO

import pytest
from domain_builders import any_recipe, any_reservation, any_run
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from lambdas import authorize_spend
from tuning.aws.ledger import Ledger
from tuning.datasets.files import check_files
from tuning.datasets.tally import Policy
from tuning.evaluation.answer_length import answer_tokens
from tuning.evaluation.evaluation_prompts import prompts_in
from tuning.evaluation.release_options import ReleaseOptions
from tuning.models.catalog import catalog
from tuning.models.estimate import estimate_of, estimated
from tuning.models.evaluation_cost import EvaluationCost
from tuning.models.serving import Serving, ThroughputBound
from tuning.runs.budget import actual, objection
from tuning.runs.money_records import Charged
from tuning.runs.prepared_dataset import EvaluationSize
from tuning.runs.progress import Progress
from tuning.runs.recipes import Limits

MODEL, UNPRICED = "amazon.nova-micro-v1:0:128k", "amazon.nova-pro-v1:0:300k"
GATE = ReleaseOptions(metric="exact_match")
SIZE = EvaluationSize(prompts=1_000, tokens=100_000, tokens_at_most=200_000, bytes=400_000)
TRAINED, ASKED = "ab" * 32, "cd" * 32
TRAINING_SET = f"s3://prepared-bucket/prepared/{TRAINED}/train.jsonl"
EVALUATION_SET = f"s3://prepared-bucket/prepared/{ASKED}/evaluation.jsonl"


def test_each_of_three_models_is_asked_every_prompt():
    cost = EvaluationCost.of(SIZE, MODEL)
    asked, answered = Decimal("0.000035"), Decimal("0.00014")
    assert cost.usd == Decimal("0.06")  # 3 models, 100,000 tokens in and out: 0.0525, rounded up
    most = 3 * (200 * asked + (400 + 64) * answered)
    assert most <= cost.most_usd < most + Decimal("0.01")


def test_what_is_paid_by_the_hour_is_in_it_and_only_the_base_has_a_price_by_the_token():
    model = "amazon.nova-2-lite-v1:0:256k"
    hours = ThroughputBound(candidate_hours=2, live_hours=8, usd_per_hour=Decimal("60.50"))
    cost, serving = EvaluationCost.of(SIZE, model, hours), Serving.of(model)
    tokens = serving.of_tokens(SIZE.tokens, SIZE.tokens)
    assert Decimal(605) + tokens <= cost.usd < Decimal(605) + tokens + Decimal("0.01")
    assert "8 h of what is live" in cost.basis


def test_hours_without_a_price_leave_no_sum():
    hours = ThroughputBound(candidate_hours=2, live_hours=8, usd_per_hour=None)
    cost = EvaluationCost.of(SIZE, MODEL, hours)
    assert (cost.usd, cost.most_usd) == (None, None)
    assert "by the hour" in cost.basis


def test_a_recipe_that_buys_hours_has_them_reserved():
    gate = structs.replace(GATE, candidate_hours=1, provisioned_hours=4)
    price = estimated(any_recipe(release=gate), tokens=1_000, held_out=SIZE)
    assert price.evaluation == EvaluationCost.of(SIZE, MODEL, ThroughputBound.of(gate, MODEL))


def record(question, answer):
    turns = (("user", question), ("assistant", answer))
    messages = [{"role": role, "content": [{"text": text}]} for role, text in turns]
    return {"schemaVersion": "bedrock-conversation-2024", "messages": messages}


TEXTS = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters="<[:"), min_size=1)


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=8))
def test_no_answers_cost_more_than_is_reserved(pairs):
    """Every answer as long as it may be, and every question of one token a byte; of all three models."""
    file = "\n".join(json.dumps(record(*pair), ensure_ascii=False) for pair in pairs).encode()
    prompts = prompts_in(BytesIO(file), name="evaluation.jsonl", base_model=MODEL)
    size = EvaluationSize(prompts=len(prompts), tokens=1, tokens_at_most=len(file), bytes=len(file))
    given = sum(len(message.text.encode()) for each in prompts for message in each.messages)
    made = sum(map(answer_tokens, prompts))
    worst = Serving.of(MODEL).of_tokens(3 * given, 3 * made)
    assert EvaluationCost.of(size, MODEL).most_usd >= worst


def test_only_recipes_with_a_gate_pay_for_an_evaluation():
    gated, plain = (any_recipe(release=gate) for gate in (GATE, None))
    prices = {"tokens": 1_000, "held_out": SIZE}
    assert estimated(plain, **prices).evaluation is None
    assert estimated(gated, tokens=1_000).evaluation is None
    with_it, without = estimated(gated, **prices), estimated(plain, **prices)
    assert with_it.reserved_usd - without.reserved_usd == with_it.evaluation_usd > 0
    assert with_it.most_usd == with_it.high_usd + with_it.evaluation_usd


def test_an_evaluation_without_a_price_is_asked_about_where_a_limit_is_set():
    recipe = any_recipe(release=GATE, base_model=UNPRICED)
    cost = EvaluationCost.of(SIZE, UNPRICED)
    assert (cost.usd, cost.most_usd) == (None, None)
    price = estimated(recipe, tokens=1_000, held_out=SIZE)
    assert cost.basis in price.basis
    assert "is not known" in objection(price, Limits(approve_above_usd=50), monthly=None)


def test_what_is_checked_is_what_is_estimated(tmp_path):
    paths = [tmp_path / f"{name}.jsonl" for name in ("train", "evaluation")]
    for path in paths:
        made = [record(f"{path.stem} question {n}", f"{path.stem} answer {n}") for n in range(40)]
        path.write_text("\n".join(map(json.dumps, made)), encoding="utf-8")
    training, evaluation = paths
    method = catalog().model(MODEL).methods["FINE_TUNING"]
    report = check_files(training, method=method, policy=Policy(), evaluation=evaluation)
    price = estimate_of(any_recipe(release=GATE), report)
    assert price.evaluation.prompts == 40
    assert price.to_dict()["evaluation"]["most_usd"] == f"{price.evaluation_usd:f}"


@pytest.fixture
def authorized(aws, context):
    def authorize(*, gate=GATE, size=SIZE, uri=EVALUATION_SET, lies=SIZE.bytes, **limits):
        recipe = any_recipe(limits=Limits(**limits), release=gate)
        aws.recipes["support"] = recipe
        aws.s3.lay_size(TRAINING_SET, 5_000_000)
        if lies:
            aws.s3.lay_size(EVALUATION_SET, lies)
        dataset = {
            "training_tokens": 1_000_000,
            "training_uri": TRAINING_SET,
            "evaluation_uri": uri,
            "evaluation_size": size.to_json() if size else None,
        }
        event = {"run": any_run(recipe=recipe).to_dict(), "dataset": dataset}
        return authorize_spend.handler(event, context)

    return authorize


def reserved():
    return Ledger(table="ledger").read(any_run().id).reservation


def test_the_evaluation_is_reserved_with_the_training(authorized):
    answer = authorized()
    most = EvaluationCost.of(SIZE, MODEL).most_usd
    kept = reserved()
    assert (answer["decision"], answer["evaluation_usd"]) == ("authorized", f"{most:f}")
    assert (kept.evaluation_usd, kept.usd) == (most, Decimal("4.00") + most + kept.storage_usd)


def test_approval_limits_are_of_training_and_evaluation_together(authorized):
    assert "runs above 4 USD need approval" in authorized(approve_above_usd=4)["why"]
    assert authorized(gate=None, approve_above_usd=4)["decision"] == "authorized"


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"gate": None}, id="the deployed recipe has no gate"),
        pytest.param({"size": None}, id="a former version checked it"),
        pytest.param({"uri": None}, id="no evaluation set"),
        pytest.param({"lies": 0}, id="no copy lies there"),
        pytest.param({"uri": "s3://elsewhere/evaluation.jsonl"}, id="a copy of somebody else"),
    ],
)
def test_what_is_not_evaluated_is_not_paid_for(authorized, given):
    assert authorized(**given)["decision"] == "authorized"
    assert reserved().evaluation_usd is None


def test_no_count_that_is_too_low_takes_the_reservation_below_the_size_of_the_file(authorized):
    """The count is another function's; who reserves knows the size by itself."""
    little = EvaluationSize(prompts=1_000, tokens=1, tokens_at_most=1, bytes=1)
    authorized(size=little)
    asked = Serving.of(MODEL).of_tokens(3 * SIZE.bytes // 8, 3 * (SIZE.bytes + 64_000))
    assert reserved().evaluation_usd >= asked


def settled(charge, phase, cost=None):
    held = any_reservation(
        *(any_run(),),
        usd=Decimal(10),
        storage_usd=Decimal(2),
        evaluation_usd=Decimal(3),
    )
    progress = Progress(state="in_progress", phase=phase)
    return actual(held, charge, progress=progress, cost=cost)


def test_a_run_that_trained_keeps_the_money_of_its_evaluation_which_follows():
    assert settled("job", "Training", Charged(usd=Decimal(1))) == 1 + 2 + 3


def test_a_run_without_a_model_gives_the_money_of_its_evaluation_back():
    assert settled("job", "Validation") == 0
    assert settled("nothing", "Training") == 0
