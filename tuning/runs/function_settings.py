"""The one contract between a stack and its functions: what a function knows of its environment.

Each subject has its own module, so that a function loads no other's: classes take a while to be made.
"""

import os
from collections.abc import Mapping
from functools import cache
from typing import Any, Self, get_origin, get_type_hints

from msgspec import Struct

from tuning.errors import SettingsError

_LIST = ","


@cache
def _lists(kind: type) -> frozenset[str]:
    """The fields that are tuples."""
    hints = get_type_hints(kind).items()
    return frozenset(name for name, hint in hints if get_origin(hint) is tuple)


class Settings(Struct, frozen=True, kw_only=True):
    """Each field is an environment variable of the same name in capitals; tuples go with commas."""

    environment: str
    """Such as `dev`; a tag on every job."""

    def to_env(self) -> dict[str, str]:
        return {
            name.upper(): _LIST.join(v) if isinstance(v := getattr(self, name), tuple) else v
            for name in self.__struct_fields__
        }

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Self:
        """Raises SettingsError naming every variable that is missing."""
        if missing := [name.upper() for name in cls.__struct_fields__ if not env.get(name.upper())]:
            raise SettingsError(f"environment variables not set by the stack: {', '.join(missing)}")
        lists = _lists(cls)
        values: dict[str, Any] = {}
        for name in cls.__struct_fields__:
            text = env[name.upper()]
            values[name] = tuple(text.split(_LIST)) if name in lists else text
        return cls(**values)


class IntakeSettings(Settings, frozen=True, kw_only=True):
    """What `receive_upload` knows. It runs before the state machine."""

    ledger_table: str
    datasets_bucket: str
    state_machine_arn: str
    recipes: tuple[str, ...]
    """The names of the recipes this environment deploys."""


class RunSettings(Settings, frozen=True, kw_only=True):
    """What the steps of the state machine know. They are in its definition, so they cannot know
    its ARN.
    """

    ledger_table: str
    budgets_table: str
    prepared_bucket: str
    artifacts_bucket: str
    job_role_arn: str
    """The service role that Bedrock assumes for the job."""
    job_subnet_ids: tuple[str, ...]
    job_security_group_ids: tuple[str, ...]
    model_key_arn: str
    """The KMS key of the custom model."""
    max_dataset_mb: str
    """Uploads larger than this, or that become larger, are refused. Megabytes, as text."""
    monthly_budget_usd: str
    """What all runs of the environment may cost in a month, in dollars; `none` without a limit."""
