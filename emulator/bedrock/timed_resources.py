"""What is made, and may be changed, in its time. Statuses go by the clock, and nobody publishes an event of them: a caller
that waits has to poll. https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring-eventbridge.html
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from emulator.bedrock.emulated_jobs import identifier, tag_pairs
from emulator.bedrock.injected_faults import Faults
from emulator.bedrock.kept_resources import KeptResources
from emulator.bedrock.ports import Scope

UNDER_WAY = ("Creating", "Updating", "InProgress", "Stopping")


@dataclass(kw_only=True)
class TimedResource:
    """What a request makes, with its status."""

    named_by: ClassVar[str]
    """The member of the request that has its name."""
    tagged_by: ClassVar[str] = "tags"
    scope: Scope
    request: dict[str, Any]
    arn: str
    created: float
    due: float
    """When what is under way is done, by the emulator's clock."""
    status: str = "Creating"
    failure: str | None = None
    modified: float = field(init=False)
    tags: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.modified = self.created
        self.tags = tag_pairs(self.request.get(self.tagged_by))

    @property
    def name(self) -> str:
        return str(self.request[self.named_by])

    @property
    def mutating(self) -> bool:
        return self.status in UNDER_WAY


_T = TypeVar("_T", bound=TimedResource)


@dataclass(kw_only=True)
class TimedResources(KeptResources[_T], ABC):
    faults: Faults
    clock: Callable[[], float]
    seconds: float
    """What a creation takes, and a change."""

    def settle(self, resource: _T) -> None:
        if resource.mutating and resource.due <= self.clock():
            self.finish(resource)

    @abstractmethod
    def finish(self, resource: _T) -> None:
        """What is under way is done, or fails."""

    def begin(self, resource: _T, status: str) -> None:
        resource.status, resource.modified = status, self.clock()
        resource.due = resource.modified + self.seconds

    def beginning(self, scope: Scope) -> dict[str, Any]:
        """What a new one has of its own."""
        now = self.clock()
        arn = scope.arn(f"{self.kind}/{identifier()}")
        return {"scope": scope, "arn": arn, "created": now, "due": now + self.seconds}
