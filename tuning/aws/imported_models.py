"""Imported models, in the words of deployments: each answers by its own ARN, and is live while it has the tags.

https://docs.aws.amazon.com/bedrock/latest/userguide/invoke-imported-model.html
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tuning.aws.clients import Clients, client
from tuning.aws.model_deployments import DeploymentRefusedError, ask_to_change
from tuning.releases.deployment_status import DeploymentStatus
from tuning.releases.live_model import IMPORTED_ARN
from tuning.releases.release_steps import OF_ENVIRONMENT, OF_RECIPE, deployment_name

_GONE = "ResourceNotFoundException"
_Tags = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class ImportedModels:
    """Every change may be repeated: a tag that is there is set again, and one that is not is taken away again.

    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_TagResource.html
    """

    client: Clients = client

    def find(self, name: str) -> DeploymentStatus | None:
        """The model that is live under that name, and `others` beside it; None when none is."""
        live = sorted(self._live(name))
        if not live:
            return None
        first, *others = live
        return DeploymentStatus(arn=first, model_arn=first, status="active", others=tuple(others))

    def create(self, name: str, model_arn: str, *, token: str, tags: _Tags) -> None:  # noqa: ARG002 — of the port
        """The first one that is live. It is not billed before it is asked."""
        self._tag(model_arn, tags)

    def update(self, name: str, model_arn: str) -> None:
        """To be live beside what is, which `delete` of that one's ARN ends once this one has answered."""
        for tags in list(self._live(name).values())[:1]:
            self._tag(model_arn, {key: tags[key] for key in (OF_ENVIRONMENT, OF_RECIPE)})

    def delete(self, name: str) -> None:
        """It is live no longer: the model of that ARN, or all under that name. The model stays."""
        for arn in [name] if IMPORTED_ARN in name else self._live(name):
            try:
                ask_to_change(
                    self.client,
                    "untag_resource",
                    resourceARN=arn,
                    tagKeys=[OF_ENVIRONMENT, OF_RECIPE],
                )
            except DeploymentRefusedError as error:
                if error.code != _GONE:
                    raise

    def remove(self, arn: str) -> None:
        """Delete the model itself, with its tags: it is gone then, or was before. Raises DeploymentRefusedError.
        https://docs.aws.amazon.com/bedrock/latest/APIReference/API_DeleteImportedModel.html
        """
        try:
            ask_to_change(self.client, "delete_imported_model", modelIdentifier=arn)
        except DeploymentRefusedError as error:
            if error.code != _GONE:
                raise

    def units(self, arn: str) -> int | None:
        """Custom model units of a copy of it; None where Bedrock does not say, or has no such model.
        https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CustomModelUnits.html
        """
        bedrock = self.client("bedrock")
        try:
            found = bedrock.get_imported_model(modelIdentifier=arn)
        except bedrock.exceptions.ResourceNotFoundException:
            return None
        units: int | None = found.get("customModelUnits", {}).get("customModelUnitsPerModelCopy")
        return units

    def summaries(self) -> Iterator[dict[str, Any]]:
        """All of the account in this Region."""
        for page in self.client("bedrock").get_paginator("list_imported_models").paginate():
            yield from page.get("modelSummaries", ())

    def _tag(self, arn: str, tags: _Tags) -> None:
        tagged = [{"key": key, "value": value} for key, value in tags.items()]
        ask_to_change(self.client, "tag_resource", resourceARN=arn, tags=tagged)

    def _live(self, name: str) -> dict[str, _Tags]:
        """The tags of the models that are live under that name, by ARN. A name is of one environment and recipe, so
        that the tags say it.
        """
        tagged = {each["modelArn"]: self._tags(each["modelArn"]) for each in self.summaries()}
        return {arn: tags for arn, tags in tagged.items() if _name(tags) == name}

    def _tags(self, arn: str) -> _Tags:
        """None of a model that was deleted since it was listed."""
        bedrock = self.client("bedrock")
        try:
            found = bedrock.list_tags_for_resource(resourceARN=arn)
        except bedrock.exceptions.ResourceNotFoundException:
            return {}
        return {each["key"]: each["value"] for each in found["tags"]}


def _name(tags: _Tags) -> str | None:
    environment, recipe = tags.get(OF_ENVIRONMENT), tags.get(OF_RECIPE)
    return deployment_name(environment, recipe) if environment and recipe else None
