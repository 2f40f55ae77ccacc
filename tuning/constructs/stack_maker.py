"""What the functions and state machines of a stack are made with, all alike."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self, TypeVar

import aws_cdk as cdk
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from tuning.constructs.environment_parts import EnvironmentParts
from tuning.constructs.function import FunctionDefaults, HandlerFunction
from tuning.constructs.permissions import Permissions
from tuning.pipeline.step import Step
from tuning.runs.function_settings import Settings
from tuning.runs.recipes import Recipe

_Kind = TypeVar("_Kind", bound=Settings)


@dataclass(frozen=True, kw_only=True)
class StackMaker:
    scope: Construct
    parts: EnvironmentParts
    permissions: Permissions
    dead_letters: sqs.Queue
    known: dict[str, Any] = field(default_factory=dict)
    """Values of settings beside those that all stacks have, by name. What is made later adds its own."""

    @classmethod
    def of(
        cls,
        scope: Construct,
        parts: EnvironmentParts,
        *,
        dead_letters: sqs.Queue,
        recipes: Sequence[Recipe] = (),
        imports: bool = False,
    ) -> Self:
        """For functions in the VPC, under `scope`; `recipes` and `imports`: those that its permissions are about."""
        permissions = Permissions(
            cdk.Stack.of(scope),
            environment=parts.name,
            storage=parts.storage,
            recipes=recipes,
            imports=imports,
        )
        return cls(scope=scope, parts=parts, permissions=permissions, dead_letters=dead_letters)

    def settings(self, kind: type[_Kind]) -> _Kind:
        """What these settings ask for, and nothing else. Raises KeyError for one without a value."""
        known = {**self.parts.known, **self.known}
        return kind(**{name: known[name] for name in kind.__struct_fields__})

    def function(self, step: Step, **places: str) -> HandlerFunction:
        """`places`: what its rights are filled in with, beside the environment."""
        made = HandlerFunction(
            self.scope,
            step=step,
            defaults=self._defaults,
            environment=self.settings(step.settings).to_env() if step.settings else {},
            statements=self.permissions.statements(step.access, **places),
        )
        wildcard = self.parts.network.wildcard
        if step.lists_jobs:
            made.role.add_managed_policy(wildcard.job_listing)
        if step.lists_uses:
            made.role.add_managed_policy(wildcard.use_listing)
        if step.creates_imports:
            made.role.add_managed_policy(wildcard.import_creation)
        if step.lists_imported and self.permissions.imports:
            made.role.add_managed_policy(wildcard.imported_listing)
        return made

    @cached_property
    def _defaults(self) -> FunctionDefaults:
        network = self.parts.network
        return FunctionDefaults(
            config=self.parts.config,
            logs_key=network.logs_key,
            environment_key=self.parts.storage.control_key,
            wildcard=network.wildcard.functions,
            vpc=network.vpc,
            security_groups=[network.functions_group.group],
            dead_letters=self.dead_letters,
        )
