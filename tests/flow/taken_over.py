"""What somebody does who has the credentials of one function, from where it runs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from accounts import World, a_client, session
from botocore.exceptions import ClientError

from tuning.pipeline.step import Step

STACKS = ("dev-Network", "dev-Storage", "dev-Training")


@dataclass(frozen=True, kw_only=True)
class TakenOver:
    """One of our functions, by its step."""

    step: Step
    world: World

    def client(self, service: str) -> Any:
        """With the function's credentials, placed in its network."""
        role = physical(self.world, f"{self.step.construct_id}Role")
        function = physical(self.world, f"{self.step.construct_id}Function")
        return a_client(self.world, session(self.world, role, function), service)

    def written(self) -> frozenset[str]:
        """The attributes of runs that the manifest lets it write."""
        return frozenset(
            name
            for each in self.step.access
            if "dynamodb:UpdateItem" in each.actions and "Ledger" in each.on
            if "ForAllValues:StringNotLike" in each.conditions
            for name in each.conditions["ForAllValues:StringEquals"]["dynamodb:Attributes"]
        )


def physical(world: World, start: str) -> str:
    """The name of the resource whose logical id begins so."""
    pages = world.client("cloudformation").get_paginator("list_stack_resources")
    found = (
        each["PhysicalResourceId"]
        for stack in STACKS
        for page in pages.paginate(StackName=stack)
        for each in page["StackResourceSummaries"]
        if each["LogicalResourceId"].startswith(start)
    )
    name: str = next(found)
    return name


def refused(call: Callable[..., Any], **given: Any) -> str:
    """Asserts that IAM does not let it, and returns what it says."""
    with pytest.raises(ClientError) as refusal:
        call(**given)
    error = refusal.value.response["Error"]
    assert error["Code"] in {"AccessDeniedException", "AccessDenied"}, (error, given)
    return str(error["Message"])
