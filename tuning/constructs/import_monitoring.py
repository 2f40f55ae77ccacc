"""Alarms for whatever goes wrong with imports, and their own dashboard."""

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from tuning.constructs.alarm import Alarms
from tuning.constructs.function import HandlerFunction
from tuning.constructs.intake import Intake
from tuning.constructs.watched_parts import (
    falls_silent,
    keeps_failing,
    machine_outcomes,
    queue_and_machine,
)

_MINUTE = cdk.Duration.minutes(1)


def watch_imports(
    scope: Construct,
    *,
    intake: Intake,
    machine: sfn.StateMachine,
    functions: Mapping[str, HandlerFunction],
    topic: sns.ITopic,
) -> None:
    """Under `scope`, a construct of its own for alarms and one for the dashboard."""
    alarms = Alarms(scope, "ImportAlarms", topic=topic)
    queue_and_machine(
        alarms,
        intake,
        machine,
        dead=("ImportDeadLetters", "Uploads of adapters or models were put aside"),
        oldest=("OldestImportMessage", "An adapter or model has waited for 15 minutes"),
        failed=("FailedImports", "An import ended in a fault"),
        timed_out=("TimedOutImports", "An import outlived its state machine's timeout"),
    )
    alarms.at_least(
        "AdaptersNotReceived",
        intake.in_flight(),
        0.5,
        "An adapter or model could not be received for half an hour",
        periods=6,
    )
    for function in functions.values():
        keeps_failing(alarms, function)
        falls_silent(alarms, function)
    _dashboard(scope, intake, machine, functions)


def _dashboard(
    scope: Construct,
    intake: Intake,
    machine: sfn.StateMachine,
    functions: Mapping[str, HandlerFunction],
) -> None:
    lambdas = [each.function for each in functions.values()]
    errors = [each.metric_errors(period=_MINUTE, statistic="Sum") for each in lambdas]
    durations = [each.metric_duration(statistic="p95") for each in lambdas]
    dashboard = cloudwatch.Dashboard(scope, "ImportDashboard")
    for row in (
        (
            ("Imports", machine_outcomes(machine, "imported or refused")),
            (
                "Queue: age of the oldest adapter or model; dead letters",
                [intake.oldest(), intake.dead()],
            ),
        ),
        (("Errors of functions", errors), ("Duration of functions, p95", durations)),
    ):
        dashboard.add_widgets(
            *(
                cloudwatch.GraphWidget(title=title, left=shown, width=24 // len(row))
                for title, shown in row
            )
        )
