"""What makes custom models answer: deployments on demand, or Provisioned Throughput, behind one port."""

from typing import Protocol

from tuning.aws.clients import Clients, client
from tuning.aws.model_deployments import ModelDeployments
from tuning.aws.provisioned_models import ProvisionedModels
from tuning.releases.deployment_status import DeploymentStatus


class AnsweringModels(Protocol):
    """Each has a name that is its own, and an ARN that callers ask and that stays."""

    def find(self, name: str) -> DeploymentStatus | None:
        """None when there is none of that name or ARN."""

    def create(self, name: str, model_arn: str, *, token: str, tags: dict[str, str]) -> None:
        """Raises DeploymentRefusedError, as the others do."""

    def update(self, name: str, model_arn: str) -> None:
        """Have it answer from another model of the same base."""

    def delete(self, name: str) -> None:
        """It is gone once `find` finds nothing."""


def answering_models(*, provisioned: bool, client: Clients = client) -> AnsweringModels:
    """By how the base model is served."""
    return ProvisionedModels(client=client) if provisioned else ModelDeployments(client=client)
