"""Alarms for whatever goes wrong, and one dashboard. What concerns a step is made from the manifest."""

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from tuning.constructs.alarm import Alarms, metric
from tuning.constructs.function import HandlerFunction
from tuning.constructs.intake import Intake
from tuning.constructs.watched_parts import falls_silent, keeps_failing, machine_outcomes
from tuning.pipeline.step import Step

_MINUTE = cdk.Duration.minutes(1)


class Monitoring:
    """Under `scope`, a construct of its own for alarms and one for the dashboard."""

    def __init__(
        self,
        scope: Construct,
        *,
        environment: str,
        intake: Intake,
        unclosed: sns.ITopic,
        machine: sfn.StateMachine,
        releases: sfn.StateMachine,
        functions: Mapping[str, HandlerFunction],
        budget_usd: int | None,
        topic: sns.ITopic,
    ) -> None:
        self._environment, self._budget_usd = environment, budget_usd
        self._alarms = Alarms(scope, "Alarms", topic=topic)
        dead, oldest = intake.dead(), intake.oldest()
        given_up = unclosed.metric_number_of_messages_published(period=_MINUTE, statistic="Sum")
        failed = machine.metric_failed(period=_MINUTE, statistic="Sum")
        timed_out = machine.metric_timed_out(period=_MINUTE, statistic="Sum")
        unreleased = releases.metric_failed(period=_MINUTE, statistic="Sum")
        outlived = releases.metric_timed_out(period=_MINUTE, statistic="Sum")
        for name, watched, threshold, description in (
            ("DeadLetters", dead, 1, "Uploads, rounds or backups that failed were put aside"),
            ("DefaultGroup", given_up, 1, "The default security group was not emptied"),
            ("OldestMessage", oldest, 900, "An upload has waited for 15 minutes"),
            ("FailedRuns", failed, 1, "A run ended in a fault"),
            ("TimedOutRuns", timed_out, 1, "A run outlived the state machine's timeout"),
            ("FailedReleases", unreleased, 1, "A release ended in a fault"),
            ("TimedOutReleases", outlived, 1, "A release outlived its state machine's timeout"),
        ):
            self._alarms.at_least(name, watched, threshold, description)
        self._alarms.at_least(
            "UploadsNotReceived",
            intake.in_flight(),
            0.5,
            "An upload could not be received for half an hour",
            periods=6,
        )
        for function in functions.values():
            keeps_failing(self._alarms, function)
            falls_silent(self._alarms, function)
            self._own_metrics(function.step)
        self._dashboard(scope, (machine, releases), [oldest, dead], functions)

    def _own_metrics(self, step: Step) -> None:
        for declared in step.metrics:
            watched = self._metric(step, declared.name, declared.statistic)
            share, budget = declared.below_share_of_budget, self._budget_usd
            if declared.at_least is not None:
                self._alarms.at_least(declared.alarm, watched, declared.at_least, declared.meaning)
            elif share is not None and budget is not None:
                self._alarms.below(declared.alarm, watched, share * budget, declared.meaning)

    def _metric(self, step: Step, name: str, statistic: str, label: str = "") -> cloudwatch.Metric:
        made = metric(
            name,
            service=step.name,
            environment=self._environment,
            period=cdk.Duration.minutes(step.every_minutes),
            statistic=statistic,
        )
        return made.with_(label=label) if label else made

    def _dashboard(
        self,
        scope: Construct,
        machines: tuple[sfn.StateMachine, sfn.StateMachine],
        queues: list[cloudwatch.IMetric],
        functions: Mapping[str, HandlerFunction],
    ) -> None:
        runs, released = (
            machine_outcomes(machine, succeeded)
            for machine, succeeded in zip(
                machines, ("trained, refused or stopped", "released or refused"), strict=True
            )
        )
        lambdas = [each.function for each in functions.values()]
        own = [
            (declared, self._metric(each.step, declared.name, declared.statistic, declared.label))
            for each in functions.values()
            for declared in each.step.metrics
        ]
        money = [made for declared, made in own if declared.below_share_of_budget is not None]
        counts = [made for declared, made in own if declared.below_share_of_budget is None]
        errors = [each.metric_errors(period=_MINUTE, statistic="Sum") for each in lambdas]
        durations = [each.metric_duration(statistic="p95") for each in lambdas]
        dashboard = cloudwatch.Dashboard(scope, "Dashboard")
        for row in (
            (("Runs", runs), ("Releases", released)),
            (
                ("Queue: age of the oldest upload; dead letters", queues),
                ("Waiting, stalled, not healed", counts),
            ),
            (("Budget of the month, USD", money),),
            (("Errors of functions", errors), ("Duration of functions, p95", durations)),
        ):
            dashboard.add_widgets(
                *(
                    cloudwatch.GraphWidget(title=title, left=shown, width=24 // len(row))
                    for title, shown in row
                )
            )
