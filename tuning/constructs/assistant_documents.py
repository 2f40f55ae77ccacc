"""Documents of an environment's assistants: one bucket, a knowledge base for each, and the ingestion that all share.

Only where an assistant has documents.
"""

from collections.abc import Sequence

from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from tuning.assistants.assistant import Assistant
from tuning.assistants.document_changes import DOCUMENTS_PREFIX
from tuning.constructs.alarm import Alarms
from tuning.constructs.environment_parts import EnvironmentParts
from tuning.constructs.function import HandlerFunction
from tuning.constructs.ingestion_definition import INGESTION_TIMEOUT, IngestionDefinition
from tuning.constructs.intake import Intake, IntakeSource
from tuning.constructs.knowledge_base import KnowledgeBaseParts, key_of_vectors
from tuning.constructs.opted_buckets import documents_bucket
from tuning.constructs.stack_maker import StackMaker
from tuning.constructs.state_machine import machine_arn, make_machine
from tuning.constructs.watched_parts import keeps_failing, queue_and_machine
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
        parts: EnvironmentParts,
        topic: sns.ITopic,
        assistants: Sequence[Assistant],
    ) -> None:
        """`assistants`: those that have a knowledge base."""
        super().__init__(scope, construct_id)
        self._topic = topic
        self.bucket = documents_bucket(self, parts)
        key = key_of_vectors(self, "VectorsKey")
        self.bases = {
            each.name: KnowledgeBaseParts(
                self,
                pascal(each.name),
                environment=parts.name,
                assistant=each,
                documents=self.bucket,
                data_key=parts.storage.data_key,
                vectors_key=key,
                wildcard=parts.network.wildcard,
            )
            for each in assistants
        }
        source = IntakeSource(
            bucket=self.bucket, prefix=DOCUMENTS_PREFIX, rule="Documents", deletions=True
        )
        self.intake = Intake(
            self, "DocumentIntake", sources=[source], key=parts.storage.control_key
        )
        self.intake.every("Compared", "Documents are compared with answers", _EVERY)
        make = self._make = StackMaker.of(self, parts, dead_letters=self.intake.dead_letters)
        self._name_what_functions_know()
        tasks = {step.name: make.function(step) for step in (START_INGESTION, FOLLOW_INGESTION)}
        self.machine = self._machine(tasks)
        make.known["state_machine_arn"] = self.machine.state_machine_arn
        receive = make.function(RECEIVE_DOCUMENT)
        self.intake.invoke(
            receive,
            at_once=parts.config.receivers,
            batch=_BATCH,
            collect_seconds=_COLLECT_SECONDS,
        )
        self._watch([receive, *tasks.values()])

    def _name_what_functions_know(self) -> None:
        self._make.permissions.names |= {
            "DocumentQueue": [self.intake.queue.queue_arn],
            "Notices": [self._topic.topic_arn],
            INGESTION_MACHINE: [machine_arn(self, INGESTION_MACHINE)],
            "KnowledgeBases": [each.knowledge_base_arn for each in self.bases.values()],
        }
        self._make.known.update(
            knowledge_bases=tuple(f"{name}={each.place}" for name, each in self.bases.items()),
            assistants=tuple(self.bases),
        )

    def _machine(self, tasks: dict[str, HandlerFunction]) -> sfn.StateMachine:
        machine = Construct(self, INGESTION_MACHINE)
        definition = IngestionDefinition(machine, functions=tasks, topic=self._topic)
        return make_machine(
            machine,
            INGESTION_MACHINE,
            make=self._make,
            definition=definition.start,
            functions=tasks,
            timeout=INGESTION_TIMEOUT,
        )

    def _watch(self, functions: Sequence[HandlerFunction]) -> None:
        """Whatever goes wrong between a changed document and the answers."""
        alarms = Alarms(self, "IngestionAlarms", topic=self._topic)
        queue_and_machine(
            alarms,
            self.intake,
            self.machine,
            dead=("DocumentDeadLetters", "Changes of documents were put aside"),
            oldest=("OldestDocumentMessage", "A changed document has waited for 15 minutes"),
            failed=(
                "FailedIngestions",
                "Documents were not ingested; answers use the former ones",
            ),
            timed_out=("TimedOutIngestions", "An ingestion outlived its state machine's timeout"),
        )
        for function in functions:
            keeps_failing(alarms, function)
