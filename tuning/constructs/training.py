"""Training: from an upload to a trained model, a refusal, or a fault that someone hears of."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from tuning.constructs.bucket_policies import PART, PREPARATION
from tuning.constructs.config import Config
from tuning.constructs.dispatcher import Dispatcher
from tuning.constructs.function import Door, World
from tuning.constructs.guard import Guard
from tuning.constructs.intake import DOOR_TIMEOUT, Intake
from tuning.constructs.job_role import JobRole
from tuning.constructs.monitoring import Watch
from tuning.constructs.network import Network
from tuning.constructs.permissions import Permissions
from tuning.constructs.policies import Statement
from tuning.constructs.reconciler import Reconciler
from tuning.constructs.storage import Storage
from tuning.constructs.training_run import TrainingRun
from tuning.runs.function_settings import (
    DispatcherSettings,
    GuardSettings,
    IntakeSettings,
    ReconcilerSettings,
    RunSettings,
)

_READING = cdk.Duration.minutes(15)
_CALLING = cdk.Duration.seconds(60)


class Training(cdk.Stack):
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment: str,
        config: Config,
        network: Network,
        storage: Storage,
        **stack: Any,
    ) -> None:
        super().__init__(scope, construct_id, **stack)
        self._environment, self._config = environment, config
        self._network, self._storage = network, storage
        self._permissions = Permissions(self, storage=storage)
        self.intake = Intake(self, "Intake", datasets=storage.datasets, key=storage.control_key)
        # Who works here. CDK leaves `Default` out of logical ids: a name for all that renames none.
        self._workers = Construct(self, "Default")
        self._world = World(
            config=config,
            logs_key=network.logs_key,
            environment_key=storage.control_key,
            unscoped=network.unscoped.doors,
            vpc=network.vpc,
            security_groups=[network.functions_group.group],
            dead_letters=self.intake.dead_letters,
        )
        self.job_role = JobRole(
            self._workers,
            "JobRole",
            network=network,
            storage=storage,
            unscoped=network.unscoped.jobs,
        )
        self.doors = self._doors()
        cdk.Tags.of(self.doors["prepare_dataset"].role).add(PART, PREPARATION)
        self.topic = sns.Topic(self, "Notices", master_key=storage.control_key, enforce_ssl=True)
        for address in config.notify:
            self.topic.add_subscription(
                subscriptions.EmailSubscription(address, dead_letter_queue=self.intake.dead_letters)
            )
        self.topic.add_to_resource_policy(self._alarms_may_publish())
        run = TrainingRun(
            self,
            "TrainingRun",
            doors=self.doors,
            ledger=storage.ledger,
            topic=self.topic,
            config=config,
        )
        self.machine = run.make(
            permissions=self._permissions,
            logs_key=network.logs_key,
            key=storage.control_key,
            topic=self.topic,
            unscoped=network.unscoped.machine,
        )
        receiver = self._receiver()
        self.intake.feed(receiver, at_once=config.receivers)
        guard = Guard(
            self._workers,
            "Guard",
            world=self._world,
            unscoped=network.unscoped.watchers,
            dead_letters=self.intake.dead_letters,
            settings=self._guard_settings(),
            may=self._permissions.guard_jobs(self.topic.topic_arn),
            topic=self.topic,
        )
        reconciler = Reconciler(
            self._workers,
            "Reconciler",
            world=self._world,
            unscoped=network.unscoped.watchers,
            dead_letters=self.intake.dead_letters,
            settings=self._reconciler_settings(),
            may=self._permissions.reconcile_runs(self.machine.state_machine_arn),
            topic=self.topic,
        )
        dispatcher = Dispatcher(
            self._workers,
            "Dispatcher",
            world=self._world,
            unscoped=network.unscoped.watchers,
            dead_letters=self.intake.dead_letters,
            settings=DispatcherSettings(
                environment=environment, ledger_table=storage.ledger.table_name
            ),
            may=self._permissions.dispatch_queue(self.machine.state_machine_arn),
            topic=self.topic,
        )
        watched = {
            "receive_upload": receiver,
            **self.doors,
            "guard_jobs": guard.door,
            "dispatch_queue": dispatcher.door,
        }
        Watch(
            self,
            "Watch",
            intake=self.intake,
            unclosed=network.default_group.dead_letters,
            backups_failed=storage.backup.metric_failed(),
            machine=self.machine,
            doors=watched,
            gauges=reconciler.gauges,
            topic=self.topic,
        )
        self._outputs()

    def _doors(self) -> dict[str, Door]:
        """The steps of the state machine, each with what it may do and no more."""
        may, recipes = self._permissions, self._config.load_recipes()
        return {
            "prepare_dataset": self._door(
                "prepare_dataset",
                may.prepare_dataset(),
                timeout=_READING,
                memory_mb=1769,  # one whole vCPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
                storage_mb=512 + 2 * self._config.max_dataset_mb,
            ),
            "authorize_spend": self._door("authorize_spend", may.spend()),
            "settle_spend": self._door("settle_spend", may.spend()),
            "start_training": self._door(
                "start_training", may.start_training(self.job_role.role, recipes)
            ),
            "track_training": self._door("track_training", may.track_training()),
            "collect_results": self._door("collect_results", may.collect_results()),
        }

    def _door(
        self,
        module: str,
        statements: list[Statement],
        *,
        timeout: cdk.Duration = _CALLING,
        memory_mb: int = 512,
        storage_mb: int = 512,
    ) -> Door:
        return Door(
            self._workers,
            "".join(word.capitalize() for word in module.split("_")),
            module=module,
            world=self._world,
            environment=self._run_settings().to_env(),
            statements=statements,
            timeout=timeout,
            memory_mb=memory_mb,
            storage_mb=storage_mb,
        )

    def _run_settings(self) -> RunSettings:
        network, storage = self._network, self._storage
        return RunSettings(
            environment=self._environment,
            ledger_table=storage.ledger.table_name,
            prepared_bucket=storage.prepared.bucket_name,
            artifacts_bucket=storage.artifacts.bucket_name,
            job_role_arn=self.job_role.role.role_arn,
            job_subnet_ids=tuple(network.job_subnet_ids),
            job_security_group_ids=(network.jobs_group.id,),
            model_key_arn=storage.data_key.key_arn,
            max_dataset_mb=str(self._config.max_dataset_mb),
            monthly_budget_usd=str(self._config.monthly_budget_usd or "none"),
        )

    def _reconciler_settings(self) -> ReconcilerSettings:
        return ReconcilerSettings(
            environment=self._environment,
            ledger_table=self._storage.ledger.table_name,
            state_machine_arn=self.machine.state_machine_arn,
            monthly_budget_usd=str(self._config.monthly_budget_usd or "none"),
        )

    def _guard_settings(self) -> GuardSettings:
        network, storage = self._network, self._storage
        return GuardSettings(
            environment=self._environment,
            job_role_arn=self.job_role.role.role_arn,
            job_subnet_ids=tuple(network.job_subnet_ids),
            job_security_group_ids=(network.jobs_group.id,),
            model_key_arn=storage.data_key.key_arn,
            guarded_buckets=(
                storage.datasets.bucket_name,
                storage.prepared.bucket_name,
                storage.artifacts.bucket_name,
            ),
            guard_all_jobs="yes" if self._config.guard_all_jobs else "no",
            notices_topic_arn=self.topic.topic_arn,
        )

    def _receiver(self) -> Door:
        settings = IntakeSettings(
            environment=self._environment,
            ledger_table=self._storage.ledger.table_name,
            datasets_bucket=self._storage.datasets.bucket_name,
            state_machine_arn=self.machine.state_machine_arn,
            recipes=self._config.recipes,
        )
        return Door(
            self._workers,
            "ReceiveUpload",
            module="receive_upload",
            world=self._world,
            environment=settings.to_env(),
            statements=self._permissions.receive_upload(
                self.intake.queue, self.machine.state_machine_arn
            ),
            timeout=DOOR_TIMEOUT,
        )

    def _alarms_may_publish(self) -> iam.PolicyStatement:
        """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html"""
        return iam.PolicyStatement(
            principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
            actions=["sns:Publish"],
            resources=[self.topic.topic_arn],
            conditions={"StringEquals": {"aws:SourceAccount": self.account}},
        )

    def _outputs(self) -> None:
        outputs = Construct(self, "Outputs")
        for name, value in {
            "DatasetsBucket": self._storage.datasets.bucket_name,
            "PreparedBucket": self._storage.prepared.bucket_name,
            "ArtifactsBucket": self._storage.artifacts.bucket_name,
            "LedgerTable": self._storage.ledger.table_name,
            "StateMachine": self.machine.state_machine_arn,
            "NoticesTopic": self.topic.topic_arn,
            "Queue": self.intake.queue.queue_url,
            "DeadLetters": self.intake.dead_letters.queue_url,
        }.items():
            cdk.CfnOutput(outputs, name, value=value).override_logical_id(name)
