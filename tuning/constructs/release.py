"""Release: which version of a recipe answers, changed by one person at a time."""

from typing import TYPE_CHECKING

import aws_cdk as cdk
from aws_cdk import aws_sns as sns
from constructs import Construct

from tuning.constructs.bucket_policies import EVALUATION_PART, PART, VERIFICATION_PART
from tuning.constructs.function_maker import FunctionMaker
from tuning.constructs.judge_role import JudgeRole
from tuning.constructs.release_definition import RELEASE_TIMEOUT, ReleaseDefinition
from tuning.constructs.state_machine import MachineParts, machine_arn, make_machine
from tuning.constructs.storage import Storage
from tuning.pipeline.manifest import of_kind
from tuning.pipeline.release_tasks import ANSWER_PROMPTS, VERIFY_RELEASE
from tuning.releases.release_settings import EvaluationSettings, JudgeSettings, ReleaseSettings

if TYPE_CHECKING:
    from tuning.runs.function_settings import Settings

NAME = "Release"


class Release(Construct):
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        make: FunctionMaker,
        environment: str,
        storage: Storage,
        topic: sns.ITopic,
        parts: MachineParts,
    ) -> None:
        super().__init__(scope, construct_id)
        ledger_table, artifacts_bucket = storage.ledger.table_name, storage.artifacts.bucket_name
        settings: dict[type[Settings] | None, Settings] = {
            ReleaseSettings: ReleaseSettings(
                environment=environment,
                ledger_table=ledger_table,
                release_machine_arn=machine_arn(self, NAME),
            ),
            EvaluationSettings: EvaluationSettings(
                environment=environment,
                ledger_table=ledger_table,
                artifacts_bucket=artifacts_bucket,
            ),
            JudgeSettings: JudgeSettings(
                environment=environment,
                ledger_table=ledger_table,
                artifacts_bucket=artifacts_bucket,
                judge_role_arn=self._judge_role(parts, storage),
            ),
        }
        self.settings = settings[ReleaseSettings]
        self.functions = {
            step.name: make.function(step, settings[step.settings]) for step in of_kind("release")
        }
        # The endpoint of models admits base models for this role alone.
        cdk.Tags.of(self.functions[ANSWER_PROMPTS.name].role).add(PART, EVALUATION_PART)
        if parts.config.guardrail:  # nobody else asks without one
            cdk.Tags.of(self.functions[VERIFY_RELEASE.name].role).add(PART, VERIFICATION_PART)
        definition = ReleaseDefinition(
            self,
            functions=self.functions,
            topic=topic,
            imports=bool(parts.config.load_imports()),
        )
        self.machine = make_machine(
            self,
            NAME,
            definition=definition.start,
            functions=self.functions,
            does=(),
            timeout=RELEASE_TIMEOUT,
            parts=parts,
        )

    def _judge_role(self, parts: MachineParts, storage: Storage) -> str:
        """There is none where no recipe asks for a judge."""
        judges = sorted({each.judge for each in parts.config.load_recipes() if each.judge})
        if not judges:
            return "none"
        role = JudgeRole(self, "JudgeRole", storage=storage, judges=judges).role
        parts.permissions.names["JudgeRole"] = [role.role_arn]
        return role.role_arn
