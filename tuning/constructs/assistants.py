"""Assistants: for each a function with a role of its own, and one private API in front of all of them.

A stack of its own, where a Config names assistants; no other environment has anything of it.
"""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from tuning.assistants.assistant import Assistant
from tuning.assistants.reranking import rerank_usd
from tuning.constructs.agent_endpoints import tool_functions
from tuning.constructs.agent_runtime import AgentRuntime
from tuning.constructs.arns import foundation_model_arn
from tuning.constructs.assistant_documents import AssistantDocuments
from tuning.constructs.assistant_monitoring import watch_assistants
from tuning.constructs.bucket_policies import ASSISTANT_PART, PART
from tuning.constructs.config_assistants import (
    base_model_of,
    guardrail_of,
    price_of,
    with_documents,
)
from tuning.constructs.function import HandlerFunction
from tuning.constructs.knowledge_base import KnowledgeBaseParts
from tuning.constructs.model_guardrail import NumberedGuardrail, make_guardrail
from tuning.constructs.permissions import Permissions
from tuning.constructs.placement import prepare_scope, put_out
from tuning.constructs.policies import allow, managed_policy
from tuning.constructs.private_api import AssistantsApi
from tuning.constructs.stack_maker import StackMaker
from tuning.constructs.training import Training
from tuning.models.catalog import catalog
from tuning.pascal_case import pascal
from tuning.pipeline.assistant_steps import ANSWER_QUESTION, ANSWER_WITH_TOOLS

_NONE = "none"


class Assistants(Construct):
    def __init__(self, scope: Construct, construct_id: str, *, training: Training) -> None:
        super().__init__(scope, construct_id)
        prepare_scope(self, training.config)
        training.assistants = self
        self._training, self._parts, self.config = training, training.parts, training.config
        # CDK leaves `Default` out of logical ids: a place for all functions that renames none.
        self._workers = Construct(self, "Default")
        self._guardrails: dict[str, NumberedGuardrail] = {}
        self.documents = self._documents()
        self.api = AssistantsApi(self, "Api", network=training.network)
        self.functions = {each.name: self._function(each) for each in self.config.load_assistants()}
        self.policies = {name: self._callers(name) for name in self.functions}
        watch_assistants(self, api=self.api.api, functions=self.functions, topic=training.topic)
        self._outputs()

    def _documents(self) -> AssistantDocuments | None:
        """None where no assistant has any."""
        documented = with_documents(self.config)
        if not documented:
            return None
        return AssistantDocuments(
            self,
            "Documents",
            parts=self._parts,
            topic=self._training.topic,
            assistants=documented,
        )

    def _knowledge(self, assistant: Assistant) -> KnowledgeBaseParts | None:
        return self.documents.bases.get(assistant.name) if self.documents else None

    def _function(self, assistant: Assistant) -> HandlerFunction:
        place = Construct(self._workers, pascal(assistant.name))
        guardrail = self._guardrail(assistant)
        make = StackMaker.of(place, self._parts, dead_letters=self._training.intake.dead_letters)
        make.permissions.names |= self._names(assistant, guardrail, make.permissions)
        make.known.update(self._known(assistant, guardrail))
        places = {
            "assistant": assistant.name,
            "guardrail": guardrail.identifier,
            "recipe": assistant.recipe or _NONE,
        }
        if assistant.tools:
            runtime = AgentRuntime(place, "Agent", assistant=assistant, make=make, places=places)
            make.permissions.names["AgentRuntime"] = [runtime.arn, runtime.endpoint_arn]
            make.known["agent_runtime_arn"] = runtime.arn
            made = make.function(ANSWER_WITH_TOOLS, **places)
        else:
            made = make.function(ANSWER_QUESTION, **places)
            if assistant.model:
                cdk.Tags.of(made.role).add(PART, ASSISTANT_PART)
        self.api.ask(assistant.name, made.function.function_arn)
        return made

    def _guardrail(self, assistant: Assistant) -> NumberedGuardrail:
        """The environment's, or one that is made here, once for all assistants that name it."""
        said = guardrail_of(assistant, self.config)
        if said.name == self.config.guardrail:
            found = self._training.callers.guardrail
            assert found  # noqa: S101 — where the Config names one, it is made
            return found
        if said.name not in self._guardrails:
            self._guardrails[said.name] = make_guardrail(
                Construct(self, f"Guard{pascal(said.name)}"),
                said,
                environment=self._parts.name,
                key=self._parts.storage.data_key.key_arn,
            )
        return self._guardrails[said.name]

    def _names(
        self, assistant: Assistant, guardrail: NumberedGuardrail, known: Permissions
    ) -> dict[str, Sequence[str]]:
        """What its rights are on, beside what all functions know."""
        stack, bases = cdk.Stack.of(self), []
        if assistant.model:
            asked_as = catalog().model(assistant.model).asked_as
            bases = [foundation_model_arn(self, asked_as)]
        knows = self._knowledge(assistant)
        deployments = [*known.names["Deployments"]] if assistant.recipe else []
        if any(
            each.provisioned_hours
            for each in self.config.load_recipes()
            if each.name == assistant.recipe
        ):
            deployments += known.names["ProvisionedModels"]
        ledger = self._parts.storage.ledger.table_arn
        return {
            "AssistantBases": bases,
            "AssistantDeployments": deployments,
            "AssistantGuardrail": [guardrail.arn],
            "AssistantKnowledge": [knows.knowledge_base_arn] if knows else [],
            "ToolFunctions": tool_functions(stack, assistant.tools),
            "LedgerOfAssistant": [ledger] if assistant.recipe else [],
        }

    def _known(self, assistant: Assistant, guardrail: NumberedGuardrail) -> dict[str, str]:
        price = price_of(base_model_of(assistant, self.config))
        knows = self._knowledge(assistant)
        assert price  # noqa: S101 — the Config refuses what has none
        return {
            "assistant": assistant.name,
            "guardrail_arn": guardrail.arn,
            "guardrail_version": guardrail.version,
            "token_price": price.to_text(),
            "base_model": catalog().model(assistant.model).asked_as if assistant.model else _NONE,
            "knowledge_base": knows.knowledge_base_id if knows else _NONE,
            "rerank_usd": f"{rerank_usd(assistant.knowledge_base):f}",
        }

    def _callers(self, name: str) -> iam.CfnManagedPolicy:
        """To be attached to the roles of those who may ask this assistant: that, from inside the VPC, and nothing else.
        https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-control-access-using-iam-policies-to-invoke-api.html
        """
        through = {"aws:SourceVpce": self.api.endpoint_id}
        return managed_policy(
            self,
            f"Callers{pascal(name)}",
            statements=[
                allow(
                    actions=["execute-api:Invoke"],
                    resources=[self.api.method_arn(name)],
                    conditions={"StringEquals": through},
                )
            ],
        )

    def _outputs(self) -> None:
        outputs = {
            "AssistantNames": ",".join(sorted(self.policies)),
            "AssistantsApi": self.api.api.rest_api_id,
            "AskersGroup": self._parts.network.askers_group.id,
            **{f"CallersOf{pascal(name)}": each.ref for name, each in self.policies.items()},
            **self._documented(),
        }
        put_out(self, outputs)

    def _documented(self) -> dict[str, str]:
        if self.documents is None:
            return {}
        return {
            "DocumentsBucket": self.documents.bucket.bucket_name,
            "IngestionMachine": self.documents.machine.state_machine_arn,
            "DocumentQueue": self.documents.intake.queue.queue_url,
            "DocumentDeadLetters": self.documents.intake.dead_letters.queue_url,
            **{
                f"KnowledgeBaseOf{pascal(name)}": each.knowledge_base_id
                for name, each in self.documents.bases.items()
            },
        }
