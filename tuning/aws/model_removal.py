"""Custom models that Bedrock keeps: what uses one, and its deletion."""

from contextlib import suppress
from dataclasses import dataclass

from tuning.aws.clients import Clients, client
from tuning.aws.customization_jobs import CustomizationJobs
from tuning.aws.transient import RefusedByAwsError


class ModelNotDeletedError(RefusedByAwsError):
    """Bedrock keeps a model, such as one that it says is in use."""

    @property
    def denied(self) -> bool:
        """Of a model without this environment's tag, or where the right is missing."""
        return self.code == "AccessDeniedException"


@dataclass(frozen=True, kw_only=True)
class ModelRemoval:
    client: Clients = client

    def used_by(self, model_arn: str) -> str | None:
        """A deployment or throughput of the model, no matter who made it, in words. Bedrock's Conflict says no more than
        that something is in the way, and that it counts deployments is an inference.
        https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListCustomModelDeployments.html
        https://docs.aws.amazon.com/bedrock/latest/APIReference/API_ListProvisionedModelThroughputs.html
        """
        bedrock = self.client("bedrock")
        for operation, member, name, kind in (
            (
                "list_custom_model_deployments",
                "modelDeploymentSummaries",
                "customModelDeploymentName",
                "the deployment",
            ),
            (
                "list_provisioned_model_throughputs",
                "provisionedModelSummaries",
                "provisionedModelName",
                "the Provisioned Throughput",
            ),
        ):
            for page in bedrock.get_paginator(operation).paginate(modelArnEquals=model_arn):
                for each in page.get(member, []):
                    return f"used by {kind} {each[name]}"
        return None

    def is_gone(self, model_arn: str) -> bool:
        return CustomizationJobs(client=self.client).model_made_at(model_arn) is None

    def delete(self, model_arn: str) -> None:
        """It is gone then, or was before. Raises ModelNotDeletedError in Bedrock's words, unless the same call may
        succeed later. https://docs.aws.amazon.com/bedrock/latest/APIReference/API_DeleteCustomModel.html
        """
        bedrock = self.client("bedrock")
        gone = bedrock.exceptions.ResourceNotFoundException
        with ModelNotDeletedError.of_calls(), suppress(gone):
            bedrock.delete_custom_model(modelIdentifier=model_arn)
