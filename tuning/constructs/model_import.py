"""ModelImport: from an adapter or a model that was trained elsewhere to a version like any other.

A stack of its own, where a recipe of method IMPORT asks for one; no other environment has anything of it.
"""

import aws_cdk as cdk
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from tuning.constructs.arns import bedrock_arn
from tuning.constructs.bucket_policies import IMPORTING_PART, MERGING_PART, PART
from tuning.constructs.function import HandlerFunction
from tuning.constructs.import_definition import (
    GROUPS_AT_ONCE,
    IMPORT_TIMEOUT,
    ImportDefinition,
)
from tuning.constructs.import_monitoring import watch_imports
from tuning.constructs.import_role import import_role
from tuning.constructs.intake import Intake, IntakeSource
from tuning.constructs.opted_buckets import weights_bucket
from tuning.constructs.placement import LONGEST_STORAGE_NAME, prepare_scope, put_out
from tuning.constructs.scheduled_step import schedule
from tuning.constructs.stack_maker import StackMaker
from tuning.constructs.state_machine import machine_arn, make_machine
from tuning.constructs.training import Training
from tuning.imports.import_settings import ImportSettings
from tuning.pipeline.grants import Access, access
from tuning.pipeline.import_tasks import (
    IMPORT_MODEL,
    IMPORT_STEPS,
    RECEIVE_ADAPTER,
    RECONCILE_IMPORTS,
)

IMPORT_MACHINE = "ModelImport"


class ModelImport(Construct):
    def __init__(self, scope: Construct, construct_id: str, *, training: Training) -> None:
        super().__init__(scope, construct_id)
        parts, config = training.parts, training.config
        storage = parts.storage
        prepare_scope(self, config, longest=LONGEST_STORAGE_NAME)  # it names a bucket, too
        self._topic = training.topic
        training.imports = self
        self.weights = weights_bucket(self, parts)
        self.intake = Intake(
            self,
            "ImportIntake",  # no name of another stack: who reads templates knows resources by their names
            sources=[
                IntakeSource(bucket=storage.datasets, prefix="adapters/", rule="Adapters"),
                IntakeSource(bucket=self.weights, prefix="models/", rule="Models"),
            ],
            key=storage.control_key,
        )
        # CDK leaves `Default` out of logical ids: a place for all functions that renames none.
        workers = Construct(self, "Default")
        self.role = import_role(workers, parts, self.weights)
        make = self._make = StackMaker.of(
            workers,
            parts,
            dead_letters=self.intake.dead_letters,
            recipes=config.load_recipes(),
            imports=True,
        )
        self._name_what_functions_know()
        steps = (step for step in IMPORT_STEPS if step.settings is ImportSettings)
        tasks = {step.name: make.function(step) for step in steps}
        cdk.Tags.of(tasks[IMPORT_MODEL.name].role).add(PART, IMPORTING_PART)
        for function in tasks.values():
            if function.step.merges:
                cdk.Tags.of(function.role).add(PART, MERGING_PART)
        self.machine = self._machine(tasks)
        make.known["state_machine_arn"] = self.machine.state_machine_arn
        receive = make.function(RECEIVE_ADAPTER)
        self.intake.invoke(receive, at_once=config.receivers)
        reconcile = make.function(RECONCILE_IMPORTS)
        schedule(reconcile, dead_letters=self.intake.dead_letters)
        watch_imports(
            self,
            intake=self.intake,
            machine=self.machine,
            functions={RECEIVE_ADAPTER.name: receive, **tasks, RECONCILE_IMPORTS.name: reconcile},
            topic=training.topic,
        )
        self._outputs()

    def _name_what_functions_know(self) -> None:
        self._make.permissions.names |= {
            "Weights": [self.weights.bucket_arn],
            "ImportQueue": [self.intake.queue.queue_arn],
            "Notices": [self._topic.topic_arn],
            "ImportRole": [self.role.role_arn],
            IMPORT_MACHINE: [machine_arn(self, IMPORT_MACHINE)],
            "ImportExecutions": [machine_arn(self, IMPORT_MACHINE, "execution", ":*")],
            "MapExecutions": [machine_arn(self, IMPORT_MACHINE, "execution", "/*")],
            "ImportJobs": [bedrock_arn(self, "model-import-job")],
        }
        self._make.known.update(
            weights_bucket=self.weights.bucket_name,
            import_role_arn=self.role.role_arn,
            recipes=tuple(each.name for each in self._make.parts.config.load_imports()),
        )

    def _machine(self, tasks: dict[str, HandlerFunction]) -> sfn.StateMachine:
        machine = Construct(self, IMPORT_MACHINE)
        reserved = self._make.parts.config.reserved_concurrency
        definition = ImportDefinition(
            machine,
            functions=tasks,
            topic=self._topic,
            groups_at_once=min(GROUPS_AT_ONCE, reserved or GROUPS_AT_ONCE),
        )
        return make_machine(
            machine,
            IMPORT_MACHINE,
            make=self._make,
            definition=definition.start,
            functions=tasks,
            does=(*_runs_its_map(), *self._encrypts_its_map()),
            timeout=IMPORT_TIMEOUT,
        )

    def _encrypts_its_map(self) -> tuple[Access, ...]:
        """UNCONFIRMED: by which name the executions of a map are encrypted, that of the machine or, as StartExecution
        calls it, that of the machine and the map: both.
        https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
        """
        context = "kms:EncryptionContext:aws:states:stateMachineArn"
        named = {"StringLike": {context: machine_arn(self, IMPORT_MACHINE, suffix="/*")}}
        used = ("kms:Decrypt", "kms:GenerateDataKey")
        return (Access(actions=used, on=("ControlKey",), conditions=named),)

    def _outputs(self) -> None:
        outputs = {
            "WeightsBucket": self.weights.bucket_name,
            "ModelImportMachine": self.machine.state_machine_arn,
            "ImportQueue": self.intake.queue.queue_url,
            "ImportDeadLetters": self.intake.dead_letters.queue_url,
        }
        put_out(self, outputs)


def _runs_its_map() -> tuple[Access, ...]:
    """A distributed map starts executions of its own machine, and follows them.
    https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
    """
    return (
        access("states:StartExecution", on=IMPORT_MACHINE),
        access(
            *("states:DescribeExecution", "states:StopExecution"),
            on=("ImportExecutions", "MapExecutions"),
        ),
    )
