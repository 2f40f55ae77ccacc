"""Where the assistants of an environment are asked, and which there are."""

from collections.abc import Sequence
from dataclasses import dataclass

from tuning.aws.assistants_api import DeployedAssistants
from tuning.aws.clients import Clients, chosen_region, clients
from tuning.aws.stack_outputs import NoSuchStackError, stack_outputs
from tuning.cli.aws_errors import AccountError
from tuning.errors import OptionError, nearest

_NAMES = "AssistantNames"
"""The output that has them, one after the other."""


@dataclass(frozen=True, kw_only=True)
class AssistantPlace:
    """Where an assistant is asked."""

    environment: str
    region: str | None
    api: str | None
    """The API's id, where it is known."""


@dataclass(frozen=True, kw_only=True)
class PlacedAssistants:
    """Assistants that can be asked, and the API that asks them."""

    api: DeployedAssistants
    names: tuple[str, ...]


def assistants_at(place: AssistantPlace, wanted: Sequence[str]) -> PlacedAssistants:
    """Those that are `wanted`, or all of the environment where nobody says which. Raises AccountError where it has none,
    OptionError where it has none of that name.
    """
    return _known(place, wanted) if place.api else _found(place, wanted)


def outputs_of_assistants(client: Clients, environment: str) -> dict[str, str]:
    """Raises AccountError where the environment has no assistants."""
    stack = f"{environment}-Assistants"
    try:
        return stack_outputs(client, stack)
    except NoSuchStackError as error:
        raise AccountError(
            f"no stack {stack} in {error}: name assistants in the Config of {environment}, and deploy it"
        ) from None


def _known(place: AssistantPlace, wanted: Sequence[str]) -> PlacedAssistants:
    """A VPC without a way out has no endpoint of CloudFormation's: the API says whether there is one of that name."""
    if (region := place.region or chosen_region()) is None:
        raise OptionError("--api: also give its --region, or set AWS_REGION")
    if not wanted:
        raise OptionError(
            "--api: also name each --assistant, since the stack's outputs are not read"
        )
    api = DeployedAssistants(api=str(place.api), region=region)
    return PlacedAssistants(api=api, names=tuple(dict.fromkeys(wanted)))


def _found(place: AssistantPlace, wanted: Sequence[str]) -> PlacedAssistants:
    environment = place.environment
    client = clients(place.region)
    outputs = outputs_of_assistants(client, environment)
    if _NAMES not in outputs:
        raise AccountError(
            f"{environment}-Assistants was deployed by an earlier version, which does not say which assistants it has: deploy it again"
        )
    known = tuple(outputs[_NAMES].split(","))
    for name in wanted:
        if name not in known:
            raise OptionError(
                f"--assistant {name}: {environment} has none of that name{nearest(name, known)}; there are: "
                f"{', '.join(known)}"
            )
    region = client("cloudformation").meta.region_name
    api = DeployedAssistants(api=outputs["AssistantsApi"], region=region)
    return PlacedAssistants(api=api, names=tuple(dict.fromkeys(wanted)) or known)
