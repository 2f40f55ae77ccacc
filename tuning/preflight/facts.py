"""What an account answered when it was asked, or why it gave no answer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

CallFault = Literal["credentials", "denied", "organization", "throttled", "unreachable", "refused"]

# https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
_ORGANIZATION = re.compile(r"(service|resource) control polic(y|ies)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class NoAnswer:
    """A call that AWS did not answer with what was asked for."""

    call: str
    """As IAM names it, such as `bedrock:GetFoundationModel`."""
    fault: CallFault
    message: str
    """In AWS's words."""


def fault_of_denial(message: str) -> CallFault:
    """Whether a policy of the organization denies a call, to everybody here, or one of the caller's."""
    return "organization" if _ORGANIZATION.search(message) else "denied"


@dataclass(frozen=True, kw_only=True)
class OfferedModel:
    """As GetFoundationModel and GetFoundationModelAvailability have it."""

    lifecycle: str
    """`ACTIVE` or `LEGACY`."""
    methods: tuple[str, ...]
    missing: tuple[str, ...] = ()
    """What is not available or not authorized, by the names of the members that say so."""
    agreement: str = "AVAILABLE"


@dataclass(frozen=True, kw_only=True)
class Concurrency:
    """Of Lambda, in the whole account and Region. Executions at a time."""

    quota: int
    unreserved: int


@dataclass(frozen=True, kw_only=True)
class FoundGuardrail:
    """As ListGuardrails has it, of the account and Region."""

    name: str
    arn: str
    status: str
    """Of its draft: `READY`, `FAILED`, `CREATING` and others."""
    own: bool
    """Whether the environment's stacks have made it."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Each member is an answer or the NoAnswer in its place."""

    caller: str | NoAnswer
    """ARN."""
    session_region: str | None
    """Where the caller's commands go that name no Region."""
    stacks: Mapping[str, str] | NoAnswer
    """Status by name, of the environment's stacks that exist."""
    bootstrap: int | NoAnswer | None
    """The version of what `cdk bootstrap` made; None: nothing."""
    models: Mapping[str, OfferedModel | NoAnswer | None]
    """By the ids that recipes have; None: not offered."""
    quotas: Mapping[str, float | NoAnswer]
    """By their codes in Service Quotas."""
    jobs: int | NoAnswer
    """Customization jobs in progress, of anyone."""
    custom_models: int | NoAnswer
    concurrency: Concurrency | NoAnswer
    vpcs: int | NoAnswer
    zones: tuple[str, ...] | NoAnswer
    """Names of those that are available."""
    services: Mapping[str, tuple[str, ...]] | NoAnswer
    """The zones of each endpoint service that was asked for and is there."""
    prefix_lists: Mapping[str, str] | NoAnswer
    """Ids of those that were asked for and are there, by name."""
    probes: Mapping[str, bool | NoAnswer]
    """By call: whether what does not exist was said not to exist."""
    keys: Mapping[str, str] | NoAnswer
    """State by ARN, of the keys that the environment's stacks have made."""
    hooks: tuple[str, ...] | NoAnswer
    """Names of CloudFormation hooks."""
    guardrails: tuple[str, ...] | NoAnswer
    """Of Bedrock, enforced on every call of the account."""
    invocation_log: str | NoAnswer | None
    """Where Bedrock logs what models are asked and answer; None: nowhere."""
    imported_models: int | NoAnswer = 0
    """Of the account in the Region; asked where a recipe imports models."""
    account_guardrails: tuple[FoundGuardrail, ...] | NoAnswer = ()
    """Asked where the templates have a guardrail."""
    own_log: str | NoAnswer | None = None
    """Where it would if the environment, as it is deployed, has set that up; None: it has not."""

    @property
    def asked(self) -> bool:
        """Whether the account could be asked at all."""
        return not isinstance(self.caller, NoAnswer)
