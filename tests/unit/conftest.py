"""The world of a door: its environment, AWS in dictionaries, a context."""

import io
import json
import os
from types import SimpleNamespace

# Powertools reads these when `lambdas.observe` is imported, as in a function.
os.environ["POWERTOOLS_SERVICE_NAME"] = "door"
os.environ["POWERTOOLS_METRICS_NAMESPACE"] = "Tuning"

import pytest
from domain_builders import DATASETS, any_run_settings
from fake_aws import FakeBedrock, FakeDynamoDB, FakeS3, FakeStepFunctions

from lambdas import (
    authorize_spend,
    close_default_group,
    collect_results,
    ledger,
    line,
    objects,
    prepare_dataset,
    receive_upload,
    reconcile_runs,
    settle_spend,
    spending,
    start_training,
    traces,
    track_training,
)
from lambdas.observe import logger

DOORS = (
    authorize_spend,
    collect_results,
    prepare_dataset,
    settle_spend,
    start_training,
    track_training,
)
CALLERS = (
    *(close_default_group, collect_results, ledger, line, objects),
    *(receive_upload, reconcile_runs, spending, start_training, traces, track_training),
)


@pytest.fixture
def aws(monkeypatch):
    """Every client of every door, for one test; settings are read anew."""
    fakes = SimpleNamespace(
        bedrock=FakeBedrock(),
        dynamodb=FakeDynamoDB(),
        s3=FakeS3(),
        stepfunctions=FakeStepFunctions(),
    )
    for caller in CALLERS:
        monkeypatch.setattr(caller, "client", lambda service: getattr(fakes, service))
    environment = {
        **any_run_settings().to_env(),
        "DATASETS_BUCKET": DATASETS,
        "STATE_MACHINE_ARN": "arn:aws:states:us-east-1:123456789012:stateMachine:TrainingRun",
        "RECIPES": "support-nova-micro,support-nova-lite",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for door in (*DOORS, receive_upload, reconcile_runs):
        door._settings.cache_clear()  # noqa: SLF001 — a function's cache lives as long as it does
    return fakes


@pytest.fixture
def context():
    """What powertools asks of a Lambda context."""
    return SimpleNamespace(
        function_name="door",
        memory_limit_in_mb=512,
        invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:door",
        aws_request_id="11111111-2222-3333-4444-555555555555",
        log_stream_name="2026/11/23/[1]abc",
        get_remaining_time_in_millis=lambda: 60_000,
    )


@pytest.fixture
def written(monkeypatch, capsys):
    """Everything a door has written, as text: its log, and the metrics on standard output."""
    stream = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", stream)

    def so_far():
        captured = capsys.readouterr()
        assert captured.err == ""
        stream.write(captured.out)
        return stream.getvalue()

    return so_far


@pytest.fixture
def log(written):
    """What a door has written: lines of JSON, each of them."""
    return lambda: [json.loads(line) for line in written().split("\n") if line]
