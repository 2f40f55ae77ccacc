"""What is left of a run is one picture: its record is not older than its execution."""

import json

import pytest
from domain_builders import any_run

from tuning.aws.customization_jobs import CustomizationJobs
from tuning.aws.executions import Executions
from tuning.aws.ledger import Ledger
from tuning.aws.traces import Traces

RUN = any_run()
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:TrainingRun"
LEDGER = Ledger(table="ledger")
TRACES = Traces(ledger=LEDGER, executions=Executions(machine=MACHINE), jobs=CustomizationJobs())


@pytest.fixture
def started(aws):
    LEDGER.arrive(RUN)
    aws.stepfunctions.executions[RUN.id] = json.dumps(RUN.to_dict())
    return aws


def test_a_run_that_ends_between_two_looks_is_seen_ended(started, monkeypatch):
    """Its execution records the outcome before it ends; an older record would have it taken up again."""
    describe = started.stepfunctions.describe_execution

    def describe_execution(**asked):
        LEDGER.move(RUN, "trained", ended_at="2026-11-23T08:00:00Z")
        started.stepfunctions.end(RUN.id)
        return describe(**asked)

    monkeypatch.setattr(started.stepfunctions, "describe_execution", describe_execution)
    trace = TRACES.of(RUN.id, [])
    assert (trace.execution.status, trace.record.state) == ("SUCCEEDED", "trained")


@pytest.mark.parametrize("there", [True, False], ids=["followed", "unknown"])
def test_a_run_that_an_execution_follows_or_that_nobody_knows_is_read_once(
    started, monkeypatch, there
):
    if not there:
        started.dynamodb.items.clear()
        started.stepfunctions.executions.clear()
    read, reads = started.dynamodb.get_item, []

    def get_item(**asked):
        reads.append(asked["Key"])
        return read(**asked)

    monkeypatch.setattr(started.dynamodb, "get_item", get_item)
    trace = TRACES.of(RUN.id, [])
    assert (trace.record is not None, trace.execution is not None) == (there, there)
    assert len(reads) == 1
