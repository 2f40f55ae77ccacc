"""Training: from an upload to a trained model, a refusal, or a reported fault."""

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from tuning.constructs.bucket_policies import DELETION_PART, PART, PREPARATION
from tuning.constructs.config import Config
from tuning.constructs.environment_parts import EnvironmentParts
from tuning.constructs.function import HandlerFunction
from tuning.constructs.intake import Intake, IntakeSource
from tuning.constructs.job_role import job_role
from tuning.constructs.model_callers import ModelCallers
from tuning.constructs.monitoring import Monitoring
from tuning.constructs.network import Network
from tuning.constructs.placement import prepare_scope, put_out
from tuning.constructs.release import NAME, Release
from tuning.constructs.scheduled_step import schedule
from tuning.constructs.stack_maker import StackMaker
from tuning.constructs.state_machine import machine_arn, make_machine
from tuning.constructs.storage import Storage
from tuning.constructs.training_run import RUN_TIMEOUT, TrainingRun
from tuning.pipeline.grants import access
from tuning.pipeline.ledger_grants import MACHINE_READS, MACHINE_WRITES, in_tables
from tuning.pipeline.manifest import of_kind
from tuning.pipeline.watching_steps import DELETE_MODELS


class Training(Construct):
    assistants: Construct | None = None
    """The Assistants beside it, where there are any; it says so itself."""
    imports: Construct | None = None
    """The ModelImport beside it, where a recipe imports models; it says so itself."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: str,
        config: Config,
        network: Network,
        storage: Storage,
    ) -> None:
        super().__init__(scope, construct_id)
        prepare_scope(self, config)
        self.config, self.network, self.storage = config, network, storage
        self.parts = EnvironmentParts(
            name=environment, config=config, network=network, storage=storage
        )
        uploads = [IntakeSource(bucket=storage.datasets)]
        self.intake = Intake(self, "Intake", sources=uploads, key=storage.control_key)
        self.topic = self._topic()
        # CDK leaves `Default` out of logical ids: a place for all functions that renames none.
        workers = Construct(self, "Default")
        make = self._make = StackMaker.of(
            workers,
            self.parts,
            dead_letters=self.intake.dead_letters,
            recipes=config.load_recipes(),
            imports=bool(config.load_imports()),
        )
        self._job_role = job_role(workers, self.parts)
        self._name_what_functions_know()
        tasks = {step.name: make.function(step) for step in of_kind("task")}
        cdk.Tags.of(tasks["prepare_dataset"].role).add(PART, PREPARATION)
        self.machine = self._machine(tasks)
        make.known["state_machine_arn"] = self.machine.state_machine_arn
        make.permissions.names |= {
            "TrainingRun": [self.machine.state_machine_arn],
            "Executions": [machine_arn(self, "TrainingRun", "execution", ":*")],
        }
        self.release = Release(self, "Release", make=make, topic=self.topic)
        self.callers = ModelCallers(
            workers, "Callers", parts=self.parts, permissions=make.permissions
        )
        self.functions = {**tasks, **self.release.functions, **self._others()}
        Monitoring(
            self,
            environment=environment,
            intake=self.intake,
            unclosed=network.default_group.dead_letters,
            machine=self.machine,
            releases=self.release.machine,
            functions=self.functions,
            budget_usd=config.monthly_budget_usd,
            topic=self.topic,
        )
        self._outputs()

    def _name_what_functions_know(self) -> None:
        storage, role = self.storage, self._job_role.role_arn
        self._make.permissions.names |= {
            "Queue": [self.intake.queue.queue_arn],
            "Notices": [self.topic.topic_arn],
            "Release": [machine_arn(self, NAME)],
            "ReleaseExecutions": [machine_arn(self, NAME, "execution", ":*")],
            "JobRole": [role],
        }
        guarded = (storage.datasets, storage.prepared, storage.artifacts)
        self._make.known.update(
            job_role_arn=role,
            guarded_buckets=tuple(each.bucket_name for each in guarded),
            guard_all_jobs="yes" if self.config.guard_all_jobs else "no",
            notices_topic_arn=self.topic.topic_arn,
            recipes=tuple(each.name for each in self.config.load_recipes()),
        )

    def _others(self) -> dict[str, HandlerFunction]:
        """The functions that no state machine invokes, with what does."""
        others = {step.name: self._make.function(step) for step in of_kind("consumer", "scheduled")}
        # The endpoint of jobs admits deletions of models for this role alone.
        cdk.Tags.of(others[DELETE_MODELS.name].role).add(PART, DELETION_PART)
        self.intake.invoke(others["receive_upload"], at_once=self.config.receivers)
        for step in of_kind("scheduled"):
            schedule(others[step.name], dead_letters=self.intake.dead_letters)
        failed = self.storage.backup.failures()
        self.intake.put_aside("BackupFailed", "No backup of the ledger was made", failed)
        return others

    def _topic(self) -> sns.Topic:
        topic = sns.Topic(self, "Notices", master_key=self.storage.control_key, enforce_ssl=True)
        for address in self.config.notify:
            topic.add_subscription(
                subscriptions.EmailSubscription(address, dead_letter_queue=self.intake.dead_letters)
            )
        topic.add_to_resource_policy(_alarms_may_publish(topic))
        return topic

    def _machine(self, tasks: Mapping[str, HandlerFunction]) -> sfn.StateMachine:
        run = TrainingRun(
            self,
            "TrainingRun",
            functions=tasks,
            ledger=self.storage.ledger,
            topic=self.topic,
            config=self.config,
            environment=self.parts.name,
        )
        self.machine_name = run.name
        return make_machine(
            run,
            "TrainingRun",
            make=self._make,
            definition=run.definition,
            functions=tasks,
            does=(
                *in_tables(MACHINE_READS, MACHINE_WRITES),
                # The one answer that its definition has is that a run is to stop.
                access("states:SendTaskSuccess", on="TrainingRun"),
                access("states:StartExecution", on="Release"),
            ),
            timeout=RUN_TIMEOUT,
        )

    def _outputs(self) -> None:
        outputs = {
            "DatasetsBucket": self.storage.datasets.bucket_name,
            "PreparedBucket": self.storage.prepared.bucket_name,
            "ArtifactsBucket": self.storage.artifacts.bucket_name,
            "LedgerTable": self.storage.ledger.table_name,
            "BudgetsTable": self.storage.budgets.table_name,
            "StateMachine": self.machine.state_machine_arn,
            "ReleaseMachine": self.release.machine.state_machine_arn,
            **self.callers.outputs,
            "CallersGroup": self.network.callers_group.id,
            "NoticesTopic": self.topic.topic_arn,
            "Queue": self.intake.queue.queue_url,
            "DeadLetters": self.intake.dead_letters.queue_url,
        }
        put_out(self, outputs)


def _alarms_may_publish(topic: sns.ITopic) -> iam.PolicyStatement:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html"""
    return iam.PolicyStatement(
        principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
        actions=["sns:Publish"],
        resources=[topic.topic_arn],
        conditions={"StringEquals": {"aws:SourceAccount": cdk.Stack.of(topic).account}},
    )
