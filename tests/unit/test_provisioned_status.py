"""What is said of Provisioned Throughput, in the words of deployments; and what a refusal of it means."""

import pytest
from recipe_refusal_cases import refusal

from tuning.aws.answering_models import answering_models
from tuning.aws.imported_models import ImportedModels
from tuning.aws.model_deployments import DeploymentRefusedError, ModelDeployments
from tuning.aws.provisioned_models import ProvisionedModels, ThroughputRefusedError
from tuning.releases.deployment_status import DeploymentStatus, todo

ARN = "arn:aws:bedrock:us-west-2:111122223333:provisioned-model/abcdefghijkl"


def seen(status, *, model="old", wanted="old", **more):
    said = {"provisionedModelArn": ARN, "modelArn": model, "desiredModelArn": wanted}
    return DeploymentStatus.seen_provisioned({**said, "status": status, **more})


@pytest.mark.parametrize(
    ("found", "answers", "mutating", "then"),
    [
        (seen("Creating"), False, True, "wait"),
        (seen("InService"), True, False, "update"),
        (seen("InService", model="new", wanted="new"), True, False, "done"),
        (seen("Updating", wanted="new"), True, True, "wait"),  # the former model answers
        (seen("Failed", failureMessage="no capacity"), False, False, "delete"),
        # An update has failed, whichever of both says so: it was this release's, and the former goes on.
        (seen("InService", wanted="new", failureMessage="no"), True, False, "failed"),
        (seen("Failed", wanted="new", failureMessage="no"), True, False, "failed"),
        (seen("InService", wanted="other", failureMessage="no"), True, False, "update"),
        # Asked for, and not begun yet.
        (seen("InService", wanted="new"), True, False, "update"),
    ],
)
def test_what_it_says_and_what_is_done_about_it(found, answers, mutating, then):
    assert (found.answers, found.mutating) == (answers, mutating)
    assert todo(found, "new", asked=True) == then
    assert found.arn == ARN


def test_it_is_chosen_by_how_the_base_is_served():
    assert isinstance(answering_models("provisioned"), ProvisionedModels)
    assert isinstance(answering_models("on_demand"), ModelDeployments)
    assert isinstance(answering_models("imported"), ImportedModels)


def test_a_quota_is_waited_for_where_places_become_free_and_not_where_aws_raises_it():
    full = refusal("ServiceQuotaExceededException", "Create", 400, "none left")
    assert DeploymentRefusedError.of(full).for_want_of_room
    bought = ThroughputRefusedError.of(full)
    assert not bought.for_want_of_room
    assert bought.message.startswith("none left")
    assert "L-BE77399C" in bought.message


def test_a_conflict_says_that_it_is_changing():
    assert ThroughputRefusedError.of(refusal("ConflictException", "Delete", 400)).mutating
    assert not ThroughputRefusedError.of(refusal("ValidationException", "Delete", 400)).mutating
