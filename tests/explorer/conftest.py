"""One synthesis and one set of functions for all histories."""

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from types import SimpleNamespace
from typing import Any

# Powertools reads these when `lambdas.observe` is imported, as in a function.
os.environ["POWERTOOLS_SERVICE_NAME"] = "function"
os.environ["POWERTOOLS_METRICS_NAMESPACE"] = "Tuning"

import pytest
import synthesized
from domain_builders import ARTIFACTS
from explored_handlers import Handler, context, opened
from fake_aws import FakeDynamoDB, FakeS3, FakeStepFunctions
from laid_recipes import deploy_recipes
from machine import Execution
from release_history import HANDLERS, Around
from release_world import Releasing

from tuning.aws import clients


@pytest.fixture(scope="session")
def definitions(tmp_path_factory) -> dict[str, dict[str, Any]]:
    folder = str(tmp_path_factory.mktemp("machines"))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(synthesized.definitions, folder).result()


@pytest.fixture(scope="session")
def definition(definitions) -> dict[str, Any]:
    return definitions["TrainingRunMachine"]


@pytest.fixture(scope="session")
def functions() -> Iterator[Mapping[str, Handler]]:
    with opened() as found:
        yield found


@pytest.fixture
def releasing(monkeypatch) -> Iterator[Releasing]:
    fakes = {"dynamodb": FakeDynamoDB(), "stepfunctions": FakeStepFunctions(), "s3": FakeS3()}
    aws = SimpleNamespace(**fakes, recipes={})
    deploy_recipes(monkeypatch, aws.recipes)
    monkeypatch.setattr(clients, "create", lambda service, _region: getattr(aws, service))
    clients.client.cache_clear()
    for name, value in {
        "ENVIRONMENT": "dev",
        "LEDGER_TABLE": "ledger",
        "ARTIFACTS_BUCKET": ARTIFACTS,
        "RELEASE_MACHINE_ARN": "arn:aws:states:us-east-1:123456789012:stateMachine:Release",
    }.items():
        monkeypatch.setenv(name, value)
    for handler in HANDLERS.values():
        if hasattr(handler, "_settings"):
            handler._settings.cache_clear()  # noqa: SLF001 — a function's cache lives as long as it does
    yield Releasing(aws, context(lambda: 0))
    clients.client.cache_clear()


@pytest.fixture
def run(releasing, definitions):
    def run(request, **faults):
        around = Around(releasing, **faults)
        releasing.steps.executions[request.execution] = "{}"
        execution = Execution(
            definition=definitions["ReleaseMachine"],
            name=request.execution,
            given=request.to_json(),
            world=around,
        )
        try:
            end = execution.run()
        except KeyboardInterrupt:
            end = None
        releasing.steps.end(request.execution, end.status if end else "ABORTED")
        return end, around

    return run
