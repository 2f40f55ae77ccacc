"""What is watched of every function and every state machine, in whichever stack it is."""

from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from tuning.constructs.alarm import Alarms
from tuning.constructs.function import HandlerFunction
from tuning.constructs.intake import Intake

EACH_MINUTE = cdk.Duration.minutes(1)


def keeps_failing(alarms: Alarms, function: HandlerFunction) -> None:
    """One error is retried and heals; three periods with errors do not."""
    step = function.step
    period = cdk.Duration.minutes(step.every_minutes or 1)
    alarms.at_least(
        f"{step.construct_id}Errors",
        function.function.metric_errors(period=period, statistic="Sum"),
        1,
        f"{step.name} keeps failing: {step.failing}",
        periods=3,
    )


def falls_silent(alarms: Alarms, function: HandlerFunction) -> None:
    """A step that does not run must not look like one that finds nothing."""
    step = function.step
    if step.silent_after_minutes:
        period = cdk.Duration.minutes(step.silent_after_minutes)
        alarms.falls_silent(
            f"{step.construct_id}Silent",
            function.function.metric_invocations(period=period, statistic="Sum"),
            f"{step.name} has not run for {step.silent_after_minutes} minutes",
        )


NamedAlarm = tuple[str, str]
"""Its name, and what it means."""


def queue_and_machine(
    alarms: Alarms,
    intake: Intake,
    machine: sfn.StateMachine,
    *,
    dead: NamedAlarm,
    oldest: NamedAlarm,
    failed: NamedAlarm,
    timed_out: NamedAlarm,
) -> None:
    """What goes wrong between a queue and the end of its state machine; `oldest`: after 15 minutes."""
    failures = machine.metric_failed(period=EACH_MINUTE, statistic="Sum")
    timeouts = machine.metric_timed_out(period=EACH_MINUTE, statistic="Sum")
    for (name, description), watched, threshold in (
        (dead, intake.dead(), 1),
        (oldest, intake.oldest(), 900),
        (failed, failures, 1),
        (timed_out, timeouts, 1),
    ):
        alarms.at_least(name, watched, threshold, description)


def keeps_failing_to_receive(alarms: Alarms, intake: Intake, name: str, what: str) -> None:
    alarms.at_least(
        name,
        intake.in_flight(),
        0.5,
        f"{what} could not be received for half an hour",
        periods=6,
    )


ShownMetrics = tuple[str, Sequence[cloudwatch.IMetric]]
"""Its title, and what it shows."""


def make_dashboard(
    scope: Construct,
    construct_id: str,
    rows: Sequence[Sequence[ShownMetrics]],
    functions: Mapping[str, HandlerFunction],
) -> None:
    """The last row has errors and durations of the functions."""
    lambdas = [each.function for each in functions.values()]
    errors = [each.metric_errors(period=EACH_MINUTE, statistic="Sum") for each in lambdas]
    durations = [each.metric_duration(statistic="p95") for each in lambdas]
    dashboard = cloudwatch.Dashboard(scope, construct_id)
    last = (("Errors of functions", errors), ("Duration of functions, p95", durations))
    for row in (*rows, last):
        dashboard.add_widgets(
            *(
                cloudwatch.GraphWidget(title=title, left=shown, width=24 // len(row))
                for title, shown in row
            )
        )


def machine_outcomes(machine: sfn.StateMachine, succeeded: str) -> list[cloudwatch.IMetric]:
    return [
        machine.metric_started(label="started"),
        machine.metric_succeeded(label=succeeded),
        machine.metric_failed(label="failed"),
        machine.metric_timed_out(label="timed out"),
        machine.metric_aborted(label="aborted"),
    ]
