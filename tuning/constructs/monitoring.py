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
from tuning.constructs.watched_parts import (
    EACH_MINUTE,
    ShownMetrics,
    falls_silent,
    keeps_failing,
    keeps_failing_to_receive,
    machine_outcomes,
    make_dashboard,
)
from tuning.pipeline.step import Step


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
        given_up = unclosed.metric_number_of_messages_published(period=EACH_MINUTE, statistic="Sum")
        failed = machine.metric_failed(period=EACH_MINUTE, statistic="Sum")
        timed_out = machine.metric_timed_out(period=EACH_MINUTE, statistic="Sum")
        unreleased = releases.metric_failed(period=EACH_MINUTE, statistic="Sum")
        outlived = releases.metric_timed_out(period=EACH_MINUTE, statistic="Sum")
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
        keeps_failing_to_receive(self._alarms, intake, "UploadsNotReceived", "An upload")
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
        own = [
            (declared, self._metric(each.step, declared.name, declared.statistic, declared.label))
            for each in functions.values()
            for declared in each.step.metrics
        ]
        money = [made for declared, made in own if declared.below_share_of_budget is not None]
        counts = [made for declared, made in own if declared.below_share_of_budget is None]
        rows: list[list[ShownMetrics]] = [
            [("Runs", runs), ("Releases", released)],
            [
                ("Queue: age of the oldest upload; dead letters", queues),
                ("Waiting, stalled, not healed", counts),
            ],
            [("Budget of the month, USD", money)],
        ]
        make_dashboard(scope, "Dashboard", rows, functions)
