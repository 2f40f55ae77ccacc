"""What accounts keep of one kind of resource: it is made once for a token, found by its ARN or its name, and its tags
are keys of conditions.
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Generic, Protocol, TypeVar

from emulator.bedrock.api_errors import ApiError, Conflict, NotFound
from emulator.bedrock.emulated_jobs import EmulatedModel, request_digest
from emulator.bedrock.ports import Scope


class Requested(Protocol):
    @property
    def request(self) -> dict[str, Any]: ...


class KeptResource(Protocol):
    @property
    def scope(self) -> Scope: ...

    @property
    def arn(self) -> str: ...

    @property
    def tags(self) -> dict[str, str]: ...


class Answerer(Protocol):
    """A model under an ARN that stays."""

    @property
    def name(self) -> str: ...

    @property
    def model(self) -> EmulatedModel | None: ...

    @property
    def next_model(self) -> EmulatedModel | None: ...


_R = TypeVar("_R", bound=Requested)
_K = TypeVar("_K", bound=KeptResource)


def _is_settled(_scope: Scope) -> None:
    """Nothing has to be brought up to date before."""


@dataclass(kw_only=True)
class KeptResources(Generic[_K]):
    """Of all accounts and Regions."""

    kind: str
    """As ARNs have it."""
    called: str
    """As refusals have it."""
    goes_by: Callable[[_K], str] = attrgetter("name")
    """What requests may say in place of its ARN."""
    settle_first: Callable[[Scope], object] = _is_settled
    """What these depend on."""
    lock: threading.RLock = field(default_factory=threading.RLock)
    kept: dict[str, _K] = field(default_factory=dict)

    def of(self, scope: Scope) -> list[_K]:
        """What the account has in the Region, each as it is by now."""
        with self.lock:
            self.settle_first(scope)
            mine = [each for each in self.kept.values() if each.scope == scope]
            for each in mine:
                self.settle(each)
            return mine

    def settle(self, resource: _K) -> None:
        """Most are at once what they are to be."""

    def look_up(self, scope: Scope, wanted: str) -> _K | None:
        """By ARN or by what it goes by."""
        mine = self.of(scope)
        return next((each for each in mine if wanted in (each.arn, self.goes_by(each))), None)

    def find(self, scope: Scope, wanted: str) -> _K:
        """As it is by now; raises `NotFound`."""
        if found := self.look_up(scope, wanted):
            return found
        # UNCONFIRMED text.
        raise NotFound(message=f"Could not find the {self.called} {wanted}.")

    def condition_keys(self, scope: Scope, resource: str) -> dict[str, str]:
        """Of a call about one, by its ARN or one that ends in what it goes by; none of one that is not there, whose
        caller is denied before it is not found.
        https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html
        """
        for each in self.of(scope):
            if resource in (each.arn, scope.arn(f"{self.kind}/{self.goes_by(each)}")):
                return {f"aws:ResourceTag/{name}": value for name, value in each.tags.items()}
        return {}


def replayed(
    mine: Iterable[_R],
    request: dict[str, Any],
    otherwise: type[ApiError],
    token: str = "clientRequestToken",  # noqa: S107 -- the name of a member
) -> _R | None:
    """What the same token has made before; `otherwise` is raised when it came with another request.

    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateModelCustomizationJob.html: a token seen before
    makes the service ignore the request, and return no error. UNCONFIRMED: that the replay answers the first one's
    ARN, and what another body does.
    """
    given = request.get(token)
    for each in mine:
        if given and each.request.get(token) == given:
            if request_digest(each.request) == request_digest(request):
                return each
            raise otherwise(message=f"The {token} was used with different parameters.")
    return None


def check_none_uses(mine: Iterable[Answerer], model: EmulatedModel, called: str) -> None:
    """That what a model answers from, or is about to, is in the way of its deletion is inferred from the Conflict of
    DeleteCustomModel.
    """
    for each in mine:
        if model in (each.model, each.next_model):
            # UNCONFIRMED text.
            raise Conflict(message=f"The model is used by the {called} {each.name}.")
