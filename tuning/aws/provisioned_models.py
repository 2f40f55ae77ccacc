"""Provisioned Throughput of custom models, in the words of deployments on demand: one model unit, never a commitment.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateProvisionedModelThroughput.html
"""

from dataclasses import dataclass

from tuning.aws.clients import Clients, client
from tuning.aws.model_deployments import FULL, DeploymentRefusedError, ask_to_change
from tuning.models.model_units import MODEL_UNITS_CODE, UNITS_EACH
from tuning.releases.deployment_status import DeploymentStatus

_NO_UNITS = (
    f"the account has no model unit left, by its quota {MODEL_UNITS_CODE} (no-commitment model units across custom "
    "models), which is 0 until AWS raises it: ask for one unit for each recipe, and one more for a candidate beside "
    "what is live, then release it again"
)


class ThroughputRefusedError(DeploymentRefusedError):
    """Bedrock does not change a provisioned model."""

    def __init__(self, code: str, message: str) -> None:
        more = f" {_NO_UNITS}" if code == FULL else ""
        super().__init__(code, f"{message}{more}")

    @property
    def for_want_of_room(self) -> bool:
        """AWS raises the quota, and nobody waits for that."""
        return False

    @property
    def mutating(self) -> bool:
        """Of a deletion, the one change that knows this error; what else it may mean is not documented."""
        return self.code == "ConflictException"


@dataclass(frozen=True, kw_only=True)
class ProvisionedModels:
    client: Clients = client

    def find(self, name: str) -> DeploymentStatus | None:
        """The provisioned model of that name or ARN; None when there is none."""
        bedrock = self.client("bedrock")
        try:
            found = bedrock.get_provisioned_model_throughput(provisionedModelId=name)
        except bedrock.exceptions.ResourceNotFoundException:
            return None
        return DeploymentStatus.seen_provisioned(found)

    def create(self, name: str, model_arn: str, *, token: str, tags: dict[str, str]) -> None:
        """A new one, or the one that the same request has made before. It is billed from now on."""
        ask_to_change(
            self.client,
            "create_provisioned_model_throughput",
            ThroughputRefusedError,
            provisionedModelName=name,
            modelId=model_arn,
            modelUnits=UNITS_EACH,
            clientRequestToken=token,
            tags=[{"key": key, "value": value} for key, value in tags.items()],
        )

    def update(self, name: str, model_arn: str) -> None:
        """To a model of the same base; its units cannot be changed.
        https://docs.aws.amazon.com/bedrock/latest/APIReference/API_UpdateProvisionedModelThroughput.html
        """
        ask_to_change(
            self.client,
            "update_provisioned_model_throughput",
            ThroughputRefusedError,
            provisionedModelId=name,
            desiredModelId=model_arn,
        )

    def delete(self, name: str) -> None:
        """It has no status while it goes: it is gone once `find` finds nothing."""
        ask_to_change(
            self.client,
            "delete_provisioned_model_throughput",
            ThroughputRefusedError,
            provisionedModelId=name,
        )
