"""The adapter of imported models, asked of the emulated Bedrock as Bedrock is known to be."""

import pytest
from recipe_refusal_cases import exceptions
from release_world import Client
from test_bedrock_imports import folder, imported

from tuning.aws.billed_models import BilledModels
from tuning.aws.imported_models import ImportedModels
from tuning.aws.model_deployments import DeploymentRefusedError
from tuning.releases.release_steps import OF_ENVIRONMENT, OF_RECIPE, deployment_name

NAME = deployment_name("dev", "support")
ASKED = {"token": "t", "tags": {OF_ENVIRONMENT: "dev", OF_RECIPE: "support"}}


class ImportingClient(Client):
    exceptions = exceptions("ResourceNotFoundException")


@pytest.fixture
def world(world):
    world.folders.update(folder())
    return world


@pytest.fixture
def models(engine):
    client = ImportingClient(engine)
    return ImportedModels(client=lambda _: client)


def test_it_is_live_by_its_tags_beside_another_then_alone_and_is_gone_when_it_is_deleted(
    engine, world, models
):
    first, second = imported(engine, world), imported(engine, world, "two")
    assert models.find(NAME) is None
    models.create(NAME, first, **ASKED)
    models.create(NAME, first, **ASKED)
    assert models.find(NAME).model_arn == first
    assert models.find(deployment_name("prod", "support")) is None
    models.update(NAME, second)
    both = models.find(NAME).preferring(second)
    assert (both.arn, both.others) == (second, (first,))
    for _ in range(2):
        models.delete(first)
    assert (models.find(NAME).model_arn, models.find(NAME).others) == (second, ())
    for _ in range(2):
        models.remove(second)
    assert models.find(NAME) is None
    models.delete(NAME)
    models.delete(second)


def test_a_model_that_is_gone_is_not_tagged_and_has_no_units(engine, world, models):
    arn = imported(engine, world)
    assert models.units(arn) == 1
    models.remove(arn)
    assert models.units(arn) is None
    with pytest.raises(DeploymentRefusedError) as refused:
        models.create(NAME, arn, **ASKED)
    assert refused.value.code == "ResourceNotFoundException"


def test_it_is_among_what_is_billed(engine, world, models):
    arn = imported(engine, world)
    (one,) = BilledModels(client=models.client).costs({})
    assert (one.kind, one.arn, str(one.usd_per_month)) == ("imported model", arn, "1.95")
