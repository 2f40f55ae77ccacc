"""Deployments of custom models on demand, as those who change and those who read them understand Bedrock."""

from dataclasses import dataclass
from typing import Any

from tuning.aws.clients import Clients, client
from tuning.aws.transient import RefusedByAwsError
from tuning.releases.deployment_status import DeploymentStatus

FULL = "ServiceQuotaExceededException"
"""Of a creation: ten in all, two in creation. https://docs.aws.amazon.com/general/latest/gr/bedrock.html"""


class DeploymentRefusedError(RefusedByAwsError):
    """Bedrock does not change a deployment."""

    @property
    def for_want_of_room(self) -> bool:
        return self.code == FULL

    @property
    def mutating(self) -> bool:
        """Recorded of a deletion, by its words alone: it is a ValidationException like any other.
        https://github.com/cloud-custodian/cloud-custodian/tree/main/tests/terraform/bedrock_deployable_custom_model
        """
        return "mutating state" in self.message


@dataclass(frozen=True, kw_only=True)
class ModelDeployments:
    client: Clients = client

    def find(self, name: str) -> DeploymentStatus | None:
        """The deployment of that name or ARN; None when there is none."""
        bedrock = self.client("bedrock")
        try:
            found = bedrock.get_custom_model_deployment(customModelDeploymentIdentifier=name)
        except bedrock.exceptions.ResourceNotFoundException:
            return None
        return DeploymentStatus.seen(found)

    def create(self, name: str, model_arn: str, *, token: str, tags: dict[str, str]) -> None:
        """A new deployment, or the one that the same request has made before."""
        ask_to_change(
            self.client,
            "create_custom_model_deployment",
            modelDeploymentName=name,
            modelArn=model_arn,
            clientRequestToken=token,
            tags=[{"key": key, "value": value} for key, value in tags.items()],
        )

    def update(self, name: str, model_arn: str) -> None:
        ask_to_change(
            self.client,
            "update_custom_model_deployment",
            customModelDeploymentIdentifier=name,
            modelArn=model_arn,
        )

    def delete(self, name: str) -> None:
        """It has no status while it goes: it is gone once `find` finds nothing."""
        ask_to_change(
            self.client, "delete_custom_model_deployment", customModelDeploymentIdentifier=name
        )


def ask_to_change(
    client: Clients,
    operation: str,
    refused: type[DeploymentRefusedError] = DeploymentRefusedError,
    **given: Any,
) -> None:
    """Raises `refused`, unless the same call may succeed later."""
    with refused.of_calls():
        getattr(client("bedrock"), operation)(**given)
