"""Alarms for whatever goes wrong with imports, and their own dashboard."""

from collections.abc import Mapping

from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from tuning.constructs.alarm import Alarms
from tuning.constructs.function import HandlerFunction
from tuning.constructs.intake import Intake
from tuning.constructs.watched_parts import (
    falls_silent,
    keeps_failing,
    keeps_failing_to_receive,
    machine_outcomes,
    make_dashboard,
    queue_and_machine,
)


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
    keeps_failing_to_receive(alarms, intake, "AdaptersNotReceived", "An adapter or model")
    for function in functions.values():
        keeps_failing(alarms, function)
        falls_silent(alarms, function)
    waiting = [intake.oldest(), intake.dead()]
    row = (
        ("Imports", machine_outcomes(machine, "imported or refused")),
        ("Queue: age of the oldest adapter or model; dead letters", waiting),
    )
    make_dashboard(scope, "ImportDashboard", [row], functions)
