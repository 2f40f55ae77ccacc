"""Clients of AWS at whose calls a function may die."""

from collections.abc import Callable, Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any

from tuning.aws import clients

_NO_CALLS = ("exceptions", "meta")


class DiedError(BaseException):
    """The process is gone: nothing of it goes on, no handler of exceptions either."""


class _Mortal:
    def __init__(self, service: Any, live: Callable[[str, Callable[[], Any]], Any]) -> None:
        self._service, self._live = service, live

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._service, name)
        if name in _NO_CALLS:
            return found
        if name == "get_paginator":
            return lambda operation: SimpleNamespace(
                paginate=lambda **given: self._pages(operation, found(operation).paginate(**given))
            )
        return lambda **given: self._live(name, partial(found, **given))

    def _pages(self, operation: str, pages: Any) -> Any:
        """Each page is a call."""
        for page in pages:
            yield self._live(operation, lambda page=page: page)


def install_mortal(
    monkeypatch: Any,
    services: Mapping[str, Any],
    live: Callable[[str, Callable[[], Any]], Any],
    environment: Mapping[str, str],
) -> None:
    """Each call of these services is `live`'s to make, or to die at: it is given the operation and the call."""
    made = {name: _Mortal(service, live) for name, service in services.items()}
    monkeypatch.setattr(clients, "create", lambda service, _region, **_more: made[service])
    clients.client.cache_clear()
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
