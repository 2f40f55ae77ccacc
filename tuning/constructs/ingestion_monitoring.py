"""Alarms for whatever goes wrong between a changed document and the answers."""

from collections.abc import Mapping

from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from tuning.constructs.alarm import Alarms
from tuning.constructs.function import HandlerFunction
from tuning.constructs.intake import Intake
from tuning.constructs.watched_parts import keeps_failing, queue_and_machine


def watch_ingestions(
    scope: Construct,
    *,
    intake: Intake,
    machine: sfn.StateMachine,
    functions: Mapping[str, HandlerFunction],
    topic: sns.ITopic,
) -> None:
    """Under `scope`, a construct of its own."""
    alarms = Alarms(scope, "IngestionAlarms", topic=topic)
    queue_and_machine(
        alarms,
        intake,
        machine,
        dead=("DocumentDeadLetters", "Changes of documents were put aside"),
        oldest=("OldestDocumentMessage", "A changed document has waited for 15 minutes"),
        failed=("FailedIngestions", "Documents were not ingested; answers use the former ones"),
        timed_out=("TimedOutIngestions", "An ingestion outlived its state machine's timeout"),
    )
    for function in functions.values():
        keeps_failing(alarms, function)
