"""What the resources that the engine keeps have in common: they are asked for again by a token, and found by name or
ARN.
"""

from collections.abc import Iterable
from typing import Any, Protocol, TypeVar

from emulator.bedrock.api_errors import ApiError
from emulator.bedrock.emulated_jobs import EmulatedModel, request_digest


class KeptResource(Protocol):
    @property
    def arn(self) -> str: ...

    @property
    def request(self) -> dict[str, Any]: ...

    @property
    def name(self) -> str: ...


class TaggedResource(KeptResource, Protocol):
    @property
    def tags(self) -> dict[str, str]: ...


class Answerer(TaggedResource, Protocol):
    """A model under an ARN that stays."""

    @property
    def model(self) -> EmulatedModel | None: ...

    @property
    def next_model(self) -> EmulatedModel | None: ...


_K = TypeVar("_K", bound=KeptResource)


def replayed(mine: Iterable[_K], request: dict[str, Any], otherwise: type[ApiError]) -> _K | None:
    """What the same token has made before; `otherwise` is raised when it came with another request.

    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateModelCustomizationJob.html: a token seen before
    makes the service ignore the request, and return no error. UNCONFIRMED: that the replay answers the first one's
    ARN, and what another body does.
    """
    token = request.get("clientRequestToken")
    for each in mine:
        if token and each.request.get("clientRequestToken") == token:
            if request_digest(each.request) == request_digest(request):
                return each
            raise otherwise(message="The clientRequestToken was used with different parameters.")
    return None


def named(mine: Iterable[_K], *wanted: str) -> _K | None:
    """By ARN or name."""
    return next((each for each in mine if each.arn in wanted or each.name in wanted), None)


def tag_keys(mine: Iterable[TaggedResource], resource: str) -> dict[str, str]:
    """Of a call about what answers, by its ARN or one that ends in its name; none of one that is not there, whose
    caller is denied before it is not found.
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html
    """
    found = named(mine, resource, resource.rpartition("/")[2])
    tags = found.tags if found else {}
    return {f"aws:ResourceTag/{name}": value for name, value in tags.items()}


def in_the_way(mine: Iterable[Answerer], model: EmulatedModel) -> str | None:
    """The name of what answers from a model, or is about to. That such a model cannot be deleted is inferred from the
    Conflict of DeleteCustomModel.
    """
    return next((each.name for each in mine if model in (each.model, each.next_model)), None)
