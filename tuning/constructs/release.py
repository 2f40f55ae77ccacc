"""Release: which version of a recipe answers, changed by one person at a time."""

import aws_cdk as cdk
from aws_cdk import aws_sns as sns
from constructs import Construct

from tuning.constructs.bucket_policies import EVALUATION_PART, PART, VERIFICATION_PART
from tuning.constructs.judge_role import JudgeRole
from tuning.constructs.release_definition import RELEASE_TIMEOUT, ReleaseDefinition
from tuning.constructs.stack_maker import StackMaker
from tuning.constructs.state_machine import machine_arn, make_machine
from tuning.pipeline.manifest import of_kind
from tuning.pipeline.release_tasks import ANSWER_PROMPTS, VERIFY_RELEASE

NAME = "Release"


class Release(Construct):
    def __init__(
        self, scope: Construct, construct_id: str, *, make: StackMaker, topic: sns.ITopic
    ) -> None:
        super().__init__(scope, construct_id)
        config = make.parts.config
        make.known.update(
            release_machine_arn=machine_arn(self, NAME),
            judge_role_arn=self._judge_role(make),
        )
        self.functions = {step.name: make.function(step) for step in of_kind("release")}
        # The endpoint of models admits base models for this role alone.
        cdk.Tags.of(self.functions[ANSWER_PROMPTS.name].role).add(PART, EVALUATION_PART)
        if config.guardrail:  # nobody else asks without one
            cdk.Tags.of(self.functions[VERIFY_RELEASE.name].role).add(PART, VERIFICATION_PART)
        definition = ReleaseDefinition(
            self,
            functions=self.functions,
            topic=topic,
            imports=bool(config.load_imports()),
        )
        self.machine = make_machine(
            self,
            NAME,
            make=make,
            definition=definition.start,
            functions=self.functions,
            timeout=RELEASE_TIMEOUT,
        )

    def _judge_role(self, make: StackMaker) -> str:
        """There is none where no recipe asks for a judge."""
        recipes = make.parts.config.load_recipes()
        judges = sorted({each.judge for each in recipes if each.judge})
        if not judges:
            return "none"
        role = JudgeRole(self, "JudgeRole", storage=make.parts.storage, judges=judges).role
        make.permissions.names["JudgeRole"] = [role.role_arn]
        return role.role_arn
