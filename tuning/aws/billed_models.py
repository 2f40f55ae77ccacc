"""What Bedrock bills of custom models while nobody asks them: all of the account in this Region."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tuning.aws.clients import Clients, client
from tuning.aws.imported_models import ImportedModels
from tuning.releases.standing_costs import (
    ModelOrigin,
    StandingCost,
    of_deployment,
    of_imported,
    of_model,
    of_throughput,
)


@dataclass(frozen=True, kw_only=True)
class BilledModels:
    client: Clients = client

    def costs(self, origins: Mapping[str, ModelOrigin]) -> Iterator[StandingCost]:
        """`origins`: what is known of custom models, by their ARNs."""
        for summary in self._all("list_custom_models", "modelSummaries", isOwned=True):
            yield of_model(summary, origins)
        for summary in self._all("list_custom_model_deployments", "modelDeploymentSummaries"):
            yield of_deployment(summary, origins)
        for summary in self._all("list_provisioned_model_throughputs", "provisionedModelSummaries"):
            yield of_throughput(summary, origins)
        imported = ImportedModels(client=self.client)
        for summary in imported.summaries():
            yield of_imported(summary, imported.units(summary["modelArn"]), origins)

    def _all(self, operation: str, member: str, **wanted: Any) -> Iterator[dict[str, Any]]:
        for page in self.client("bedrock").get_paginator(operation).paginate(**wanted):
            yield from page[member]
