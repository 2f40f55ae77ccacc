"""Emulators for the flow tests, with the quotas that this run of pytest was asked for (`--new-account`)."""

from contextlib import AbstractContextManager
from typing import Any

import pytest

import emulator
from emulator import Instance
from emulator.emulator_settings import NEW_ACCOUNT, EmulatorSettings

ESTABLISHED: dict[str, Any] = {name: getattr(EmulatorSettings(), name) for name in NEW_ACCOUNT}
"""What a test passes that is about an account with the usual quotas, whatever pytest was asked for."""

OTHER_PART = pytest.StashKey[set[tuple[str, str]]]()
"""Files and names of the tests that the other part of the flow tests has, `--shared` or `--apart`."""

_quotas: dict[str, Any] = {}


def choose(*, new_account: bool) -> None:
    """For all emulators of this run, but for those that a test gives quotas of its own."""
    _quotas.update(NEW_ACCOUNT if new_account else ESTABLISHED)


def new_account() -> bool:
    """Whether this run has the quotas of a new account."""
    return _quotas == NEW_ACCOUNT


def running(**settings: Any) -> AbstractContextManager[Instance]:
    """As `emulator.running`, with the quotas of this run."""
    return emulator.running(**{**_quotas, **settings})
