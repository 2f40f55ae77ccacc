"""Documents of an environment's assistants: one bucket, a knowledge base for each, and the ingestion that all share.

Only where an assistant has documents.
"""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from tuning.assistants.assistant import Assistant
from tuning.assistants.assistant_settings import DocumentIntakeSettings, IngestionSettings
from tuning.assistants.document_changes import DOCUMENTS_PREFIX
from tuning.constructs.config import Config
from tuning.constructs.documents_bucket import documents_bucket
from tuning.constructs.function import HandlerFunction
from tuning.constructs.function_maker import FunctionMaker
from tuning.constructs.ingestion_definition import INGESTION_TIMEOUT, IngestionDefinition
from tuning.constructs.ingestion_monitoring import watch_ingestions
from tuning.constructs.intake import Intake, IntakeSource
from tuning.constructs.knowledge_base import KnowledgeBaseParts, key_of_vectors
from tuning.constructs.network import Network
from tuning.constructs.permissions import Permissions
from tuning.constructs.state_machine import MachineParts, machine_arn, make_machine
from tuning.constructs.storage import Storage
from tuning.pascal_case import pascal
from tuning.pipeline.ingestion_tasks import FOLLOW_INGESTION, RECEIVE_DOCUMENT, START_INGESTION

INGESTION_MACHINE = "Ingestion"
_COLLECT_SECONDS, _BATCH = 30, 1000
"""Changes that are received together, of those that come in a folder of many."""
_EVERY = "rate(6 hours)"
"""Folders are compared with answers without an event, too: one may be lost, and a knowledge base that was replaced is
empty. What has not changed is not read again, and costs nothing."""


class AssistantDocuments(Construct):
    """`bases`: by the assistant's name."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: str,
        config: Config,
        network: Network,
        storage: Storage,
        topic: sns.ITopic,
        assistants: Sequence[Assistant],
    ) -> None:
        """`assistants`: those that have a knowledge base."""
        super().__init__(scope, construct_id)
        self._environment, self._config = environment, config
        self._network, self._storage, self._topic = network, storage, topic
        self.bucket = documents_bucket(self, config=config, network=network, storage=storage)
        key = key_of_vectors(self, "VectorsKey")
        self.bases = {
            each.name: KnowledgeBaseParts(
                self,
                pascal(each.name),
                environment=environment,
                assistant=each,
                documents=self.bucket,
                data_key=storage.data_key,
                vectors_key=key,
                wildcard=network.wildcard,
            )
            for each in assistants
        }
        source = IntakeSource(
            bucket=self.bucket, prefix=DOCUMENTS_PREFIX, rule="Documents", deletions=True
        )
        self.intake = Intake(self, "DocumentIntake", sources=[source], key=storage.control_key)
        self.intake.every("Compared", "Documents are compared with answers", _EVERY)
        self._permissions = self._named()
        make = self._making()
        settings = self._settings()
        steps = (START_INGESTION, FOLLOW_INGESTION)
        tasks = {step.name: make.function(step, settings) for step in steps}
        self.machine = self._machine(tasks)
        receive = make.function(RECEIVE_DOCUMENT, self._intake_settings())
        self.intake.invoke(
            receive, at_once=config.receivers, batch=_BATCH, collect_seconds=_COLLECT_SECONDS
        )
        watch_ingestions(
            self,
            intake=self.intake,
            machine=self.machine,
            functions={RECEIVE_DOCUMENT.name: receive, **tasks},
            topic=topic,
        )

    def _named(self) -> Permissions:
        found = Permissions(
            cdk.Stack.of(self), environment=self._environment, storage=self._storage, recipes=()
        )
        found.names |= {
            "DocumentQueue": [self.intake.queue.queue_arn],
            "Notices": [self._topic.topic_arn],
            INGESTION_MACHINE: [machine_arn(self, INGESTION_MACHINE)],
            "KnowledgeBases": [each.knowledge_base_arn for each in self.bases.values()],
        }
        return found

    def _making(self) -> FunctionMaker:
        return FunctionMaker.of(
            self,
            config=self._config,
            permissions=self._permissions,
            network=self._network,
            storage=self._storage,
            dead_letters=self.intake.dead_letters,
        )

    def _machine(self, tasks: dict[str, HandlerFunction]) -> sfn.StateMachine:
        machine = Construct(self, INGESTION_MACHINE)
        definition = IngestionDefinition(machine, functions=tasks, topic=self._topic)
        return make_machine(
            machine,
            INGESTION_MACHINE,
            definition=definition.start,
            functions=tasks,
            does=(),
            timeout=INGESTION_TIMEOUT,
            parts=MachineParts.of(
                config=self._config,
                permissions=self._permissions,
                network=self._network,
                storage=self._storage,
            ),
        )

    def _settings(self) -> IngestionSettings:
        places = tuple(f"{name}={each.place}" for name, each in self.bases.items())
        return IngestionSettings(environment=self._environment, knowledge_bases=places)

    def _intake_settings(self) -> DocumentIntakeSettings:
        return DocumentIntakeSettings(
            environment=self._environment,
            state_machine_arn=self.machine.state_machine_arn,
            assistants=tuple(self.bases),
        )
