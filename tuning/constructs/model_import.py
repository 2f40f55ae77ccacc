"""ModelImport: from an adapter or a model that was trained elsewhere to a version like any other.

A stack of its own, where a recipe of method IMPORT asks for one; no other environment has anything of it.
"""

import aws_cdk as cdk
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from tuning.constructs.bucket_policies import IMPORTING_PART, MERGING_PART, PART
from tuning.constructs.config import Config
from tuning.constructs.function import HandlerFunction
from tuning.constructs.function_maker import FunctionMaker
from tuning.constructs.import_definition import (
    GROUPS_AT_ONCE,
    IMPORT_TIMEOUT,
    ImportDefinition,
)
from tuning.constructs.import_monitoring import watch_imports
from tuning.constructs.import_role import ImportRole
from tuning.constructs.intake import Intake, IntakeSource
from tuning.constructs.network import Network
from tuning.constructs.permissions import Permissions
from tuning.constructs.placement import LONGEST_STORAGE_NAME, prepare_scope
from tuning.constructs.scheduled_step import schedule
from tuning.constructs.state_machine import MachineParts, machine_arn, make_machine
from tuning.constructs.storage import Storage
from tuning.constructs.training import Training
from tuning.constructs.weights_bucket import weights_bucket
from tuning.imports.import_settings import (
    ImportIntakeSettings,
    ImportReconcilerSettings,
    ImportSettings,
)
from tuning.pipeline.grants import Access, access
from tuning.pipeline.import_tasks import (
    IMPORT_MODEL,
    IMPORT_STEPS,
    RECEIVE_ADAPTER,
    RECONCILE_IMPORTS,
)

IMPORT_MACHINE = "ModelImport"


class ModelImport(Construct):
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: str,
        config: Config,
        network: Network,
        storage: Storage,
        training: Training,
    ) -> None:
        super().__init__(scope, construct_id)
        prepare_scope(self, config, longest=LONGEST_STORAGE_NAME)  # it names a bucket, too
        self._environment, self.config = environment, config
        self._network, self._storage, self._topic = network, storage, training.topic
        training.imports = self
        self.weights = weights_bucket(self, config=config, network=network, storage=storage)
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
        self.role = ImportRole(
            workers,
            "ImportRole",
            network=network,
            weights=self.weights,
            key=storage.data_key.key_arn,
        ).role
        self._permissions = self._named()
        make, settings = self._making(workers), self._settings()
        tasks = {
            step.name: make.function(step, settings)
            for step in IMPORT_STEPS
            if step.settings is ImportSettings
        }
        cdk.Tags.of(tasks[IMPORT_MODEL.name].role).add(PART, IMPORTING_PART)
        for function in tasks.values():
            if function.step.merges:
                cdk.Tags.of(function.role).add(PART, MERGING_PART)
        self.machine = self._machine(tasks)
        receive = make.function(RECEIVE_ADAPTER, self._intake_settings())
        self.intake.invoke(receive, at_once=config.receivers)
        reconcile = make.function(RECONCILE_IMPORTS, self._reconciler_settings())
        schedule(reconcile, dead_letters=self.intake.dead_letters)
        watch_imports(
            self,
            intake=self.intake,
            machine=self.machine,
            functions={RECEIVE_ADAPTER.name: receive, **tasks, RECONCILE_IMPORTS.name: reconcile},
            topic=training.topic,
        )
        self._outputs()

    def _named(self) -> Permissions:
        stack = cdk.Stack.of(self)
        found = Permissions(
            stack,
            environment=self._environment,
            storage=self._storage,
            recipes=self.config.load_recipes(),
            imports=True,
        )
        found.names |= {
            "Weights": [self.weights.bucket_arn],
            "ImportQueue": [self.intake.queue.queue_arn],
            "Notices": [self._topic.topic_arn],
            "ImportRole": [self.role.role_arn],
            IMPORT_MACHINE: [machine_arn(self, IMPORT_MACHINE)],
            "ImportExecutions": [machine_arn(self, IMPORT_MACHINE, "execution", ":*")],
            "MapExecutions": [machine_arn(self, IMPORT_MACHINE, "execution", "/*")],
            "ImportJobs": [self._bedrock("model-import-job")],
        }
        return found

    def _bedrock(self, resource: str) -> str:
        return cdk.Stack.of(self).format_arn(
            service="bedrock", resource=resource, resource_name="*"
        )

    def _making(self, scope: Construct) -> FunctionMaker:
        return FunctionMaker.of(
            scope,
            config=self.config,
            permissions=self._permissions,
            network=self._network,
            storage=self._storage,
            dead_letters=self.intake.dead_letters,
        )

    def _machine(self, tasks: dict[str, HandlerFunction]) -> sfn.StateMachine:
        machine = Construct(self, IMPORT_MACHINE)
        definition = ImportDefinition(
            machine,
            functions=tasks,
            topic=self._topic,
            groups_at_once=min(GROUPS_AT_ONCE, self.config.reserved_concurrency or GROUPS_AT_ONCE),
        )
        return make_machine(
            machine,
            IMPORT_MACHINE,
            definition=definition.start,
            functions=tasks,
            does=(*_runs_its_map(), *self._encrypts_its_map()),
            timeout=IMPORT_TIMEOUT,
            parts=MachineParts.of(
                config=self.config,
                permissions=self._permissions,
                network=self._network,
                storage=self._storage,
            ),
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

    def _settings(self) -> ImportSettings:
        network, storage = self._network, self._storage
        return ImportSettings(
            environment=self._environment,
            ledger_table=storage.ledger.table_name,
            budgets_table=storage.budgets.table_name,
            datasets_bucket=storage.datasets.bucket_name,
            weights_bucket=self.weights.bucket_name,
            import_role_arn=self.role.role_arn,
            job_subnet_ids=tuple(network.job_subnet_ids),
            job_security_group_ids=(network.jobs_group.id,),
            model_key_arn=storage.data_key.key_arn,
            monthly_budget_usd=str(self.config.monthly_budget_usd or "none"),
        )

    def _intake_settings(self) -> ImportIntakeSettings:
        return ImportIntakeSettings(
            environment=self._environment,
            ledger_table=self._storage.ledger.table_name,
            datasets_bucket=self._storage.datasets.bucket_name,
            weights_bucket=self.weights.bucket_name,
            state_machine_arn=self.machine.state_machine_arn,
            recipes=tuple(each.name for each in self.config.load_imports()),
        )

    def _reconciler_settings(self) -> ImportReconcilerSettings:
        return ImportReconcilerSettings(
            environment=self._environment,
            ledger_table=self._storage.ledger.table_name,
            state_machine_arn=self.machine.state_machine_arn,
        )

    def _outputs(self) -> None:
        outputs = Construct(self, "Outputs")
        for name, value in {
            "WeightsBucket": self.weights.bucket_name,
            "ModelImportMachine": self.machine.state_machine_arn,
            "ImportQueue": self.intake.queue.queue_url,
            "ImportDeadLetters": self.intake.dead_letters.queue_url,
        }.items():
            cdk.CfnOutput(outputs, name, value=value).override_logical_id(name)


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
