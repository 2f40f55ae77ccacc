"""What the functions of a stack are made with, all alike."""

from dataclasses import dataclass

from constructs import Construct

from tuning.constructs.function import FunctionDefaults, HandlerFunction
from tuning.constructs.permissions import Permissions
from tuning.constructs.wildcard_permissions import WildcardPermissions
from tuning.pipeline.step import Step
from tuning.runs.function_settings import Settings


@dataclass(frozen=True, kw_only=True)
class FunctionMaker:
    scope: Construct
    permissions: Permissions
    wildcard: WildcardPermissions
    defaults: FunctionDefaults

    def function(self, step: Step, settings: Settings) -> HandlerFunction:
        made = HandlerFunction(
            self.scope,
            step=step,
            defaults=self.defaults,
            environment=settings.to_env(),
            statements=self.permissions.statements(step.access),
        )
        if step.lists_jobs:
            made.role.add_managed_policy(self.wildcard.job_listing)
        if step.lists_uses:
            made.role.add_managed_policy(self.wildcard.use_listing)
        return made
