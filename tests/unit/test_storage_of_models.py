"""What a month's budgets have of the storage of models: the first month by the run, each later one while it is kept."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from botocore.exceptions import EndpointConnectionError
from domain_builders import any_recipe, any_run, any_upload
from fake_aws import refusal
from fake_dynamodb import as_plain
from interleaved import refusing
from msgspec import structs

from lambdas import reconcile_runs
from tuning.aws.budgets import Budgets
from tuning.aws.customization_jobs import CustomizationJobs
from tuning.aws.ledger import Ledger
from tuning.aws.model_registry import ModelRegistry
from tuning.models.prices import storage_per_month
from tuning.releases.model_deletion import ModelDeletion
from tuning.releases.model_version import ModelVersion, numbered_key
from tuning.runs.budget import budget_ids, budgets_of, month_of, storage_charge
from tuning.runs.money_records import Charged, Reservation
from tuning.runs.prepared_dataset import PreparedDataset
from tuning.runs.recipes import Limits
from tuning.runs.times import moment

LEDGER = Ledger(table="ledger")
BUDGETS = Budgets(ledger=LEDGER, table="budgets")
NOW = datetime(2026, 12, 1, 0, 30, tzinfo=UTC)
MONTH = month_of(NOW)
EARLIER = NOW.replace(day=1) - timedelta(days=3)
PRICE = storage_per_month()


def registered(aws, name, *, made=EARLIER, recipe="support"):
    """A model of the registry; `made` is None of one that was deleted."""
    upload = any_upload(key=f"datasets/{recipe}/train.jsonl", version_id=name)
    run = any_run(upload=upload, recipe=any_recipe(name=recipe))
    job = {"outputModelArn": f"arn:model-{name}"}
    if made:
        aws.bedrock.models[job["outputModelArn"]] = made
    model = ModelVersion.trained(run, PreparedDataset(), job, job_arn="arn:job", cost=Charged())
    return ModelRegistry(ledger=LEDGER).register(model)


@pytest.fixture
def look(aws, context, monkeypatch):  # noqa: ARG001 — the handler calls it
    """Rounds of the reconciler; gives what the month then has."""
    monkeypatch.setattr(reconcile_runs, "datetime", SimpleNamespace(now=NOW.astimezone))

    def looked(rounds=1):
        for _ in range(rounds):
            reconcile_runs.handler({}, context)
        return BUDGETS.committed(MONTH)

    return looked


def test_models_of_earlier_months_are_charged_once_however_many_rounds_there_are(aws, look):
    registered(aws, "a")
    registered(aws, "b", recipe="refunds")
    assert look(rounds=3) == 2 * PRICE
    of_all, of_recipe = (aws.dynamodb.budgets[key] for key in budget_ids(MONTH, "support"))
    assert (of_all["spent"], of_recipe["committed"]) == (2 * PRICE, PRICE)


@pytest.mark.parametrize(
    ("made", "usd"), [(EARLIER, Decimal("3.90")), (NOW, Decimal(0))], ids=["earlier", "this month"]
)
def test_an_imported_model_is_stored_by_its_units_and_bedrock_is_not_asked(aws, look, made, usd):
    aws.bedrock.unknown = "AccessDeniedException"
    trained = registered(aws, "a", made=None)
    key = numbered_key("support", trained.version)
    imported = structs.replace(
        trained,
        imported="LlamaForCausalLM",
        trained_at=moment(made),
        cost=Charged(usd=Decimal("3.90")),
    )
    aws.dynamodb.items[key] = as_plain(imported.to_item())
    assert look(rounds=2) == usd


def test_a_model_of_this_month_is_not_charged_again(aws, look):
    """The reservation of its run has the first month."""
    registered(aws, "a", made=NOW)
    assert look(rounds=2) == 0


def test_a_model_that_was_deleted_costs_the_next_month_nothing(aws, look):
    registered(aws, "a", made=None)
    assert look() == 0


def test_of_a_model_that_the_platform_deleted_bedrock_is_not_asked(aws, look, monkeypatch):
    model = registered(aws, "a")
    claim = ModelDeletion.of(model, "beyond", NOW)
    aws.dynamodb.lay(structs.replace(claim, state="deleted"))
    monkeypatch.setattr(aws.bedrock, "get_custom_model", None)
    assert look(rounds=2) == 0


@pytest.mark.parametrize("state", ["claimed", "withdrawn"])
def test_a_model_that_is_there_still_is_charged_though_it_was_to_be_deleted(aws, look, state):
    claim = ModelDeletion.of(registered(aws, "a"), "beyond", NOW)
    aws.dynamodb.lay(structs.replace(claim, state=state))
    assert look() == PRICE


def test_a_model_that_is_registered_late_is_charged_by_a_later_round(aws, look):
    registered(aws, "a")
    assert look() == PRICE
    registered(aws, "b")
    assert look(rounds=2) == 2 * PRICE


def test_each_model_is_asked_for_once_a_month(aws, look, monkeypatch):
    for name, made in (("a", EARLIER), ("b", NOW), ("c", None)):
        registered(aws, name, made=made)
    asked, really = [], aws.bedrock.get_custom_model
    monkeypatch.setattr(
        aws.bedrock,
        "get_custom_model",
        lambda **wanted: asked.append(wanted["modelIdentifier"]) or really(**wanted),
    )
    look(rounds=3)
    assert sorted(asked) == ["arn:model-a", "arn:model-b", "arn:model-c"]


def test_a_model_that_cannot_be_asked_for_keeps_no_other_from_being_charged(aws, look):
    registered(aws, "a")
    registered(aws, "b")
    throttled = refusal("ThrottlingException", "GetCustomModel", 429)
    asked_for = {"modelIdentifier": "arn:model-b"}
    with refusing(aws.bedrock, "get_custom_model", throttled, lambda **of: of == asked_for):
        with pytest.raises(reconcile_runs.NotReconciled, match=numbered_key("support", 2)):
            look()
        assert BUDGETS.committed(MONTH) == PRICE
    assert look() == 2 * PRICE


def test_a_version_that_cannot_be_read_is_reported_and_keeps_no_other_from_being_charged(aws, look):
    broken = registered(aws, "a")
    registered(aws, "b")
    aws.dynamodb.items[broken.id]["recipe"] = {"N": "7"}
    assert look() == PRICE


def test_storage_is_charged_though_the_budget_is_used_up_and_then_no_run_fits(aws, look):
    """It is billed whatever the budget says."""
    for name in "abc":
        registered(aws, name)
    assert look() == 3 * PRICE
    wanted = Reservation(usd=Decimal("0.06"), month=MONTH, recipe="support", recipe_digest="d")
    LEDGER.arrive(any_run())
    LEDGER.move(any_run(), "checked")
    budgets = budgets_of(MONTH, "support", monthly=3 * PRICE + Decimal("0.05"), limits=Limits())
    why = BUDGETS.reserve(any_run(), wanted, budgets, {})
    assert why is not None
    assert "0.05 USD are left" in why


@pytest.mark.parametrize(
    ("made", "usd"),
    [("2026-10-31T23:59:59", 1), ("2026-11-01T00:00:00", 0), ("2026-12-01T00:00:00", 0)],
)
def test_a_month_is_charged_for_what_was_made_before_it(made, usd):
    at = datetime.fromisoformat(made).replace(tzinfo=UTC)
    assert storage_charge(at, "2026-11", Decimal(1)) == usd
    assert storage_charge(None, "2026-11", Decimal(1)) == 0


def test_of_two_rounds_at_once_one_counts(aws):
    """Both looked before either wrote."""
    model = registered(aws, "a")
    for _ in range(2):
        BUDGETS.charge_storage(MONTH, model, PRICE)
    assert BUDGETS.committed(MONTH) == PRICE


def test_a_service_that_cannot_be_reached_says_nothing_of_a_model(aws, monkeypatch):
    def unreachable(**_wanted):
        raise EndpointConnectionError(endpoint_url="https://bedrock")

    monkeypatch.setattr(aws.bedrock, "get_custom_model", unreachable)
    with pytest.raises(EndpointConnectionError):
        CustomizationJobs().model_made_at("arn:model-a")
