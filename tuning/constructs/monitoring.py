"""What rings when something is wrong, and one page to look at."""

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from tuning.constructs.alarms import ring
from tuning.constructs.function import Door
from tuning.constructs.intake import Intake

_MINUTE = cdk.Duration.minutes(1)


class Watch(Construct):
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        intake: Intake,
        unclosed: sns.ITopic,
        backups_failed: cloudwatch.IMetric,
        machine: sfn.StateMachine,
        doors: Mapping[str, Door],
        gauges: Mapping[str, cloudwatch.IMetric],
        topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, construct_id)
        self._topic = topic
        dead = intake.dead_letters.metric_approximate_number_of_messages_visible(
            period=_MINUTE, statistic="Maximum"
        )
        oldest = intake.queue.metric_approximate_age_of_oldest_message(
            period=_MINUTE, statistic="Maximum"
        )
        given_up = unclosed.metric_number_of_messages_published(period=_MINUTE, statistic="Sum")
        failed = machine.metric_failed(period=_MINUTE, statistic="Sum")
        timed_out = machine.metric_timed_out(period=_MINUTE, statistic="Sum")
        errors = {
            name: door.function.metric_errors(period=_MINUTE, statistic="Sum")
            for name, door in doors.items()
        }
        self._alarm("DeadLetters", dead, 1, "Uploads or rounds that failed were put aside")
        self._alarm("DefaultGroup", given_up, 1, "The default security group was not emptied")
        self._alarm("LedgerBackup", backups_failed, 1, "A backup of the ledger failed")
        self._alarm("OldestMessage", oldest, 900, "An upload has waited for 15 minutes")
        self._alarm("FailedRuns", failed, 1, "A run ended in a fault")
        self._alarm("TimedOutRuns", timed_out, 1, "A run outlived the state machine's timeout")
        for name, metric in errors.items():
            title = "".join(word.capitalize() for word in name.split("_"))
            # One error is retried and heals; three in a row do not.
            self._alarm(f"{title}Errors", metric, 1, f"{name} keeps failing", periods=3)
        self._dashboard(machine, [oldest, dead], list(errors.values()), doors, gauges)

    def _alarm(
        self,
        name: str,
        metric: cloudwatch.IMetric,
        threshold: float,
        description: str,
        *,
        periods: int = 1,
    ) -> None:
        ring(
            self,
            name,
            metric,
            description,
            topic=self._topic,
            at_least=threshold,
            periods=periods,
        )

    def _dashboard(
        self,
        machine: sfn.StateMachine,
        queues: list[cloudwatch.IMetric],
        errors: list[cloudwatch.IMetric],
        doors: Mapping[str, Door],
        gauges: Mapping[str, cloudwatch.IMetric],
    ) -> None:
        outcomes = [
            machine.metric_started(label="started"),
            machine.metric_succeeded(label="trained, refused or stopped"),
            machine.metric_failed(label="failed"),
            machine.metric_timed_out(label="timed out"),
            machine.metric_aborted(label="aborted"),
        ]
        durations = [door.function.metric_duration(statistic="p95") for door in doors.values()]
        dashboard = cloudwatch.Dashboard(self, "Dashboard")
        dashboard.add_widgets(
            cloudwatch.GraphWidget(title="Runs", left=outcomes, width=12),
            cloudwatch.GraphWidget(
                title="Queue: age of the oldest upload; dead letters", left=queues, width=12
            ),
        )
        waiting = [gauges[n] for n in ("ApprovalsWaiting", "RunsQueued", "StalledJobs")]
        dashboard.add_widgets(
            cloudwatch.GraphWidget(
                title="Waiting: for a person, for a job slot; jobs that do not move",
                left=waiting,
                right=[gauges["OldestApprovalHours"]],
                width=12,
            ),
            cloudwatch.GraphWidget(
                title="Left of the month's budget, USD", left=[gauges["BudgetLeftUsd"]], width=12
            ),
        )
        dashboard.add_widgets(
            cloudwatch.GraphWidget(title="Errors of doors", left=errors, width=12),
            cloudwatch.GraphWidget(title="Duration of doors, p95", left=durations, width=12),
        )
