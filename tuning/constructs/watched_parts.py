"""What is watched of every function and every state machine, in whichever stack it is."""

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_stepfunctions as sfn

from tuning.constructs.alarm import Alarms
from tuning.constructs.function import HandlerFunction
from tuning.constructs.intake import Intake


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
    minute = cdk.Duration.minutes(1)
    failures = machine.metric_failed(period=minute, statistic="Sum")
    timeouts = machine.metric_timed_out(period=minute, statistic="Sum")
    for (name, description), watched, threshold in (
        (dead, intake.dead(), 1),
        (oldest, intake.oldest(), 900),
        (failed, failures, 1),
        (timed_out, timeouts, 1),
    ):
        alarms.at_least(name, watched, threshold, description)


def machine_outcomes(machine: sfn.StateMachine, succeeded: str) -> list[cloudwatch.IMetric]:
    return [
        machine.metric_started(label="started"),
        machine.metric_succeeded(label=succeeded),
        machine.metric_failed(label="failed"),
        machine.metric_timed_out(label="timed out"),
        machine.metric_aborted(label="aborted"),
    ]
