"""What Bedrock says of a deployment, and what is to be done about it to have a model live.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_GetCustomModelDeployment.html
https://docs.aws.amazon.com/bedrock/latest/APIReference/API_GetProvisionedModelThroughput.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

from tuning.runs.json_record import Record

DeploymentState = Literal["active", "in_progress", "queued", "failed", "removed"]


class Deployed(Record, frozen=True, kw_only=True):
    """What deploy_model answers the state machine."""

    state: DeploymentState
    arn: str | None = None
    asked: bool = False
    """Whether this release has asked Bedrock for the change: a failure is then its own."""
    failure: str | None = None
    """In AWS's words."""
    tries: int = 0
    """How often it was polled, or waited for a free place."""
    converse: bool | None = None
    """Of an imported model: whether it takes Converse."""
    since: str | None = None
    """Of an imported model that is to be asked: since when, for it is waited for while it is loaded. ISO 8601, UTC."""
    verified: bool = False
    """Whether it has answered, so that nothing else is to be live beside it any longer."""


@dataclass(frozen=True, kw_only=True)
class DeploymentStatus:
    arn: str
    model_arn: str
    status: str
    """`creating`, `active` or `failed`: the pages spell them in two ways, so their case says nothing."""
    next_model: str | None = None
    update: str | None = None
    """`updating`, `updatecompleted` or `updatefailed`."""
    failure: str | None = None
    others: tuple[str, ...] = ()
    """Imported models that are live beside it: while one takes the place of another, or after a release that was
    killed then."""

    @classmethod
    def seen(cls, answer: Mapping[str, Any]) -> Self:
        details = answer.get("updateDetails") or {}
        update = details.get("updateStatus")
        return cls(
            arn=answer["customModelDeploymentArn"],
            model_arn=answer["modelArn"],
            status=answer["status"].lower(),
            next_model=details.get("modelArn"),
            update=update.lower() if update else None,
            failure=answer.get("failureMessage"),
        )

    @classmethod
    def seen_provisioned(cls, answer: Mapping[str, Any]) -> Self:
        """In the words of deployments. While it is updated the former model answers, and what an update that
        has failed leaves is taken to do so too, which is not confirmed:
        https://docs.aws.amazon.com/bedrock/latest/userguide/prov-thru-edit.html
        """
        said, model, wanted = (
            answer["status"].lower(),
            answer["modelArn"],
            answer["desiredModelArn"],
        )
        failure, update = answer.get("failureMessage"), None
        if said == "updating":
            update = "updating"
        elif model != wanted and (failure or said == "failed"):
            update = "updatefailed"
        return cls(
            arn=answer["provisionedModelArn"],
            model_arn=model,
            status="active" if update or said == "inservice" else said,
            next_model=wanted if update else None,
            update=update,
            failure=failure,
        )

    def preferring(self, model_arn: str | None) -> Self:
        """The same, from that model where it is among several that are live."""
        if model_arn not in self.others:
            return self
        rest = tuple(each for each in (self.model_arn, *self.others) if each != model_arn)
        return replace(self, arn=model_arn, model_arn=model_arn, others=rest)

    @property
    def answers(self) -> bool:
        return self.status == "active"

    @property
    def mutating(self) -> bool:
        return self.status == "creating" or self.update == "updating"


Todo = Literal["create", "update", "retire", "delete", "wait", "done", "failed"]
"""`retire`: what is live beside the wanted model."""


def todo(
    found: DeploymentStatus | None, model_arn: str | None, *, asked: bool, alone: bool = True
) -> Todo:
    """The next thing to do so that `model_arn` answers, or nothing at all when that is None.

    `asked`: whether this change was asked for already, so that a failure is its own and not of a former one.
    `alone`: whether nothing else may be live beside it.
    """
    if found is None:
        return "done" if model_arn is None else "failed" if asked else "create"
    if (
        found.mutating
    ):  # nobody may touch it: a ValidationException says that it is in a mutating state
        return "wait"
    if model_arn is None:
        return "delete"
    if found.status == "failed":
        return "delete"  # it keeps its name until it is deleted, and never answers
    if found.model_arn == model_arn:
        return "retire" if alone and found.others else "done"
    refused = found.update == "updatefailed" and found.next_model == model_arn
    return "failed" if asked and refused else "update"
