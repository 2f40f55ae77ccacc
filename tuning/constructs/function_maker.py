"""What the functions of a stack are made with, all alike."""

from dataclasses import dataclass
from typing import Self

from aws_cdk import aws_sqs as sqs
from constructs import Construct

from tuning.constructs.config import Config
from tuning.constructs.function import FunctionDefaults, HandlerFunction
from tuning.constructs.network import Network
from tuning.constructs.permissions import Permissions
from tuning.constructs.storage import Storage
from tuning.constructs.wildcard_permissions import WildcardPermissions
from tuning.pipeline.step import Step
from tuning.runs.function_settings import Settings


@dataclass(frozen=True, kw_only=True)
class FunctionMaker:
    scope: Construct
    permissions: Permissions
    wildcard: WildcardPermissions
    defaults: FunctionDefaults

    @classmethod
    def of(
        cls,
        scope: Construct,
        *,
        config: Config,
        permissions: Permissions,
        network: Network,
        storage: Storage,
        dead_letters: sqs.Queue,
    ) -> Self:
        """For functions in the VPC, under `scope`."""
        return cls(
            scope=scope,
            permissions=permissions,
            wildcard=network.wildcard,
            defaults=FunctionDefaults(
                config=config,
                logs_key=network.logs_key,
                environment_key=storage.control_key,
                wildcard=network.wildcard.functions,
                vpc=network.vpc,
                security_groups=[network.functions_group.group],
                dead_letters=dead_letters,
            ),
        )

    def function(self, step: Step, settings: Settings, **places: str) -> HandlerFunction:
        """`places`: what its rights are filled in with, beside the environment."""
        made = HandlerFunction(
            self.scope,
            step=step,
            defaults=self.defaults,
            environment=settings.to_env(),
            statements=self.permissions.statements(step.access, **places),
        )
        if step.lists_jobs:
            made.role.add_managed_policy(self.wildcard.job_listing)
        if step.lists_uses:
            made.role.add_managed_policy(self.wildcard.use_listing)
        if step.creates_imports:
            made.role.add_managed_policy(self.wildcard.import_creation)
        if step.lists_imported and self.permissions.imports:
            made.role.add_managed_policy(self.wildcard.imported_listing)
        return made
