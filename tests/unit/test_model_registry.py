"""The registry of trained models: a run has one version, a recipe has no gaps, whoever comes twice."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from domain_builders import any_recipe, any_run, any_upload
from fake_aws import FakeDynamoDB
from interleaved import before

from tuning.aws.ledger import Ledger, Unreadable
from tuning.aws.model_registry import ModelRegistry
from tuning.aws.transient import Transient
from tuning.releases.model_version import ModelVersion, count_key, numbered_key
from tuning.runs.approvals import Approval
from tuning.runs.json_record import RecordError
from tuning.runs.money_records import Charged
from tuning.runs.prepared_dataset import PreparedDataset
from tuning.runs.run import is_run

JOB = {
    "outputModelArn": "arn:model",
    "endTime": datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
}
DATASET = PreparedDataset(
    records=12,
    training_uri="s3://prepared/prepared/aa/train.jsonl",
    validation_uri="s3://prepared/prepared/bb/validation.jsonl",
)
COST = Charged(usd=Decimal("2.00"), basis="the catalog")


def trained(version_id="v1", recipe="support", approval=None):
    run = any_run(upload=any_upload(key=f"datasets/{recipe}/train.jsonl", version_id=version_id))
    return ModelVersion.trained(run, DATASET, JOB, job_arn="arn:job", cost=COST, approval=approval)


def register(registry, *version_ids):
    for version_id in version_ids:
        registry.register(trained(version_id))


@pytest.fixture
def dynamodb():
    return FakeDynamoDB()


@pytest.fixture
def registry(dynamodb):
    return ModelRegistry(ledger=Ledger(table="ledger", client=lambda _: dynamodb))


def test_a_model_is_the_first_of_its_recipe_until_it_is_numbered():
    assert (trained().id, trained().version) == (numbered_key("support", 1), 1)
    assert trained().numbered(7).id == numbered_key("support", 7)


def numbers(registry, recipe="support"):
    return [model.version for model in registry.versions(recipe)]


def test_the_whole_lineage_is_read_back(registry):
    run = any_run(upload=any_upload(key="datasets/support/train.jsonl"))
    approval = Approval(decision="approve", by="arn:ann", run=run.id)
    kept = registry.register(trained(approval=approval))
    assert registry.of_run(run.id) == registry.version("support", 1) == kept
    assert kept == ModelVersion(
        id="model#support#1",
        recipe="support",
        version=1,
        run_id=run.id,
        upload="s3://datasets-bucket/datasets/support/train.jsonl",
        upload_version="v1",
        dataset="aa+bb",
        records=12,
        trained_by="support",
        recipe_digest=run.recipe.digest,
        base_model="amazon.nova-micro-v1:0:128k",
        job_arn="arn:job",
        model_arn="arn:model",
        trained_at="2026-11-23T09:30:00Z",
        approved_by="arn:ann",
        cost=COST,
    )


@pytest.mark.parametrize(
    "approval",
    [
        None,
        Approval(decision="approve", by="arn:ann", run="another"),
        Approval(decision="reject", by="arn:ann", run=any_run().id),
    ],
)
def test_an_approval_of_something_else_is_nobodys(approval):
    assert trained(approval=approval).approved_by is None


def test_the_end_of_a_job_is_kept_in_utc_whatever_zone_it_is_said_in():
    ended = JOB["endTime"].astimezone(timezone(timedelta(hours=2)))
    model = ModelVersion.trained(
        any_run(), DATASET, JOB | {"endTime": ended}, job_arn="arn:job", cost=COST
    )
    assert model.trained_at == "2026-11-23T09:30:00Z"


def test_versions_count_from_one_within_their_recipe_and_the_newest_is_first(registry):
    register(registry, "v1", "v2", "v3")
    registry.register(trained(recipe="refunds"))
    assert (numbers(registry), numbers(registry, "refunds")) == ([3, 2, 1], [1])
    assert (numbers(registry, "sup"), registry.recipes()) == ([], ["refunds", "support"])


def test_only_the_first_version_of_a_recipe_writes_its_name(registry, monkeypatch):
    """So that recipes which register at the same time seldom meet."""
    written, really = [], registry.ledger.transact
    monkeypatch.setattr(
        type(registry.ledger),
        "transact",
        lambda _, items: written.append(len(items)) or really(items),
    )
    register(registry, "v1", "v2")
    assert written == [4, 3]


def test_a_run_that_is_collected_again_keeps_its_version(registry):
    first = registry.register(trained("v1"))
    registry.register(trained("v2"))
    assert registry.register(trained("v1")) == first
    assert numbers(registry) == [2, 1]


@pytest.mark.parametrize("meanwhile", ["v1", "v2"], ids=["the same run", "another run"])
def test_of_two_that_register_at_once_one_comes_again_and_nothing_is_lost(registry, meanwhile):
    """Between the reads and the write of one comes the other."""
    other = before(Ledger, "transact", lambda: registry.register(trained(meanwhile)))
    with other, pytest.raises(Transient):
        registry.register(trained("v1"))
    registry.register(trained("v1"))
    models = list(registry.versions("support"))
    assert len(models) == len({model.run_id for model in models}) == len({"v1", meanwhile})


def test_a_version_that_is_there_is_never_written_over(registry, dynamodb):
    """Even when the count of a recipe is lost: then an operator must look, and no model is lost."""
    first = registry.register(trained("v1"))
    del dynamodb.items[count_key("support")]
    with pytest.raises(Transient):
        registry.register(trained("v2"))
    assert registry.version("support", 1) == first


def test_whoever_counted_before_another_does_not_take_its_number_even_when_its_version_was_lost(
    registry, dynamodb
):
    registry.register(trained("v1"))

    def lost():
        registry.register(trained("v2"))
        del dynamodb.items[numbered_key("support", 2)]

    with before(Ledger, "transact", lost), pytest.raises(Transient):
        registry.register(trained("v3"))
    assert registry.register(trained("v3")).version == 3


def test_a_version_that_cannot_be_read_hides_no_other(registry, dynamodb):
    register(registry, "v1", "v2")
    dynamodb.items[numbered_key("support", 2)]["schema"] = 2
    broken, sound = registry.versions("support")
    assert isinstance(broken, Unreadable)
    assert "newer version" in broken.why
    assert sound.version == 1
    with pytest.raises(RecordError):
        registry.version("support", 2)


def test_no_key_of_the_registry_is_a_runs(registry, dynamodb):
    registry.register(trained())
    assert len(dynamodb.items) == 4
    assert not any(map(is_run, dynamodb.items))


def test_the_model_of_a_second_try_says_which_recipe_it_was_trained_by():
    run = replace(any_run(), fallback=any_recipe(name="refunds")).again()
    model = ModelVersion.trained(run, DATASET, JOB, job_arn="arn:job", cost=COST)
    assert (model.recipe, model.trained_by) == ("support", "refunds")


def test_a_run_without_a_model_has_no_version(registry):
    assert registry.of_run(any_run().id) is None
