"""What makes models answer: deployments on demand, Provisioned Throughput, or the tags of imported models, behind one
port.
"""

from typing import Protocol

from tuning.aws.clients import Clients, client
from tuning.aws.imported_models import ImportedModels
from tuning.aws.model_deployments import ModelDeployments
from tuning.aws.provisioned_models import ProvisionedModels
from tuning.releases.deployment_status import DeploymentStatus
from tuning.releases.release_steps import ServedBy


class AnsweringModels(Protocol):
    """Each has a name that is its own, and an ARN that callers ask and that stays, but for imported models: of these
    one takes the place of another.
    """

    def find(self, name: str) -> DeploymentStatus | None:
        """None when there is none of that name or ARN."""

    def create(self, name: str, model_arn: str, *, token: str, tags: dict[str, str]) -> None:
        """Raises DeploymentRefusedError, as the others do."""

    def update(self, name: str, model_arn: str) -> None:
        """Have it answer from another model of the same base."""

    def delete(self, name: str) -> None:
        """It is gone once `find` finds nothing."""


def answering_models(served_by: ServedBy, *, client: Clients = client) -> AnsweringModels:
    """By how a version is served."""
    match served_by:
        case "provisioned":
            return ProvisionedModels(client=client)
        case "imported":
            return ImportedModels(client=client)
        case "on_demand":
            return ModelDeployments(client=client)
