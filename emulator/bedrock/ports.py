"""What the engine needs of the rest of AWS; in the server, MiniStack implements these."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Bedrock keeps everything per account and Region."""

    account: str
    region: str

    def arn(self, resource: str) -> str:
        return f"arn:aws:bedrock:{self.region}:{self.account}:{resource}"


class Roles(Protocol):
    def may_be_assumed(self, role: str, source_arn: str) -> bool:
        """Whether the trust policy lets bedrock.amazonaws.com assume it on behalf of that job."""

    def allows(self, role: str, action: str, resource: str, context: dict[str, Any]) -> bool:
        """Whether the role's and the resource's policies permit the action."""


class Objects(Protocol):
    def lines(self, bucket: str, key: str) -> Iterator[bytes] | None:
        """The object's lines, without line feeds; None when there is no such object."""

    def sizes(self, bucket: str, prefix: str) -> dict[str, int] | None:
        """Bytes of the objects under a prefix, by their names without it; None when there is no such bucket in
        the Region. Those deeper down, and folders' own markers, are left out.
        """

    def part(self, bucket: str, key: str, start: int, length: int) -> bytes | None:
        """As many bytes of an object as there are; None when there is none."""

    def write(self, bucket: str, key: str, body: bytes) -> bool:
        """False when there is no such bucket."""

    def key_of(self, bucket: str, key: str | None) -> str | None:
        """ARN of the customer managed key of an object, or of the bucket's default."""


class JobNetwork(Protocol):
    def missing(self, subnets: list[str], groups: list[str]) -> list[str]:
        """Those of the given ids that do not exist in the Region."""

    def members_talk(self, groups: list[str]) -> bool:
        """Whether one of the groups lets all traffic in from its members, and out to them."""


class Events(Protocol):
    def put(self, detail_type: str, resource: str, detail: dict[str, Any]) -> None:
        """Publish to the default bus of the job's own account and Region, best effort."""


class LogPlaces(Protocol):
    """Where the invocations of models are logged."""

    def group_exists(self, group: str) -> bool:
        """In the Region of the request at hand."""

    def append(self, group: str, stream: str, line: str) -> None:
        """The stream is made when it is not there yet."""

    def bucket_admits(self, bucket: str, key: str, source: str) -> bool:
        """Whether it is there, and its policy and that of its key let Bedrock write on behalf of `source`."""


class Callers(Protocol):
    def refusal(self, action: str, resource: str, context: dict[str, Any]) -> str | None:
        """Why the caller of the request at hand may not; None when it may."""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    roles: Roles
    objects: Objects
    network: JobNetwork
    events: Events
    callers: Callers
