"""A history of the Release state machine: what its execution sees, and what must hold when it has ended."""

import io
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from types import SimpleNamespace
from typing import Any, Literal

import pytest
from botocore.exceptions import ClientError
from domain_builders import ARTIFACTS, RELEASE_MACHINE
from emulated_world import NOVA, ROLE
from explored_handlers import context, modules
from fake_aws import FakeDynamoDB, FakeS3, FakeStepFunctions
from laid_recipes import deploy_recipes
from machine import Execution, Failed
from release_world import RECIPE, Releasing

from lambdas import observe
from tuning.aws import clients, evaluation_files
from tuning.aws.transient import Transient
from tuning.errors import TuningError
from tuning.evaluation.evaluation_prompts import prompts_in
from tuning.evaluation.records import EvaluationPrompt
from tuning.pipeline.manifest import of_kind
from tuning.releases.release_request import ReleaseRequest
from tuning.releases.release_steps import deployment_name

HANDLERS = {f"{{{step.construct_id}Function}}": modules()[step.name] for step in of_kind("release")}
NAME = deployment_name("dev", RECIPE)
CALLS = 60
"""More than any of these histories has."""


Strike = Literal["dies before", "dies after", "killed", "late"]
"""What befalls an invocation: its process dies, before its work or after it; somebody ends the execution before it; or
it is given up, and does its work after the next one.
"""


class Around:
    """What an execution sees. `strikes` are by the number of the invocation, from 1."""

    def __init__(self, releasing: Releasing, strikes: Mapping[int, Strike]) -> None:
        self.releasing, self.strikes = releasing, strikes
        self.notices: list[tuple[str, str]] = []
        self.late: list[Any] = []
        self.number = 0

    def perform(self, resource: str, arguments: Any, _limit: float | None) -> Any:
        if resource.endswith("sns:publish"):
            self.notices.append((arguments["Subject"], arguments["Message"]))
            return {}
        assert resource.endswith("lambda:invoke")
        self.number += 1
        match self.strikes.get(self.number):
            case "killed":
                raise KeyboardInterrupt
            case "dies before":
                raise Failed("Runtime.ExitError", "died")
            case "dies after":
                self._worked(arguments)
                raise Failed("Runtime.ExitError", "died")
            case "late":
                self.late.append(arguments)
                raise Failed("Sandbox.Timedout", "timed out")
        answer = self._worked(arguments)
        while self.late:
            with suppress(Failed, TuningError):  # nobody hears of it
                self._worked(self.late.pop())
        return {"Payload": json.loads(json.dumps(answer))}

    def _worked(self, arguments: Any) -> Any:
        try:
            handler = HANDLERS[arguments["FunctionName"]].handler
            return handler(arguments["Payload"], self.releasing.context)
        except (ClientError, Transient) as error:
            raise Failed(type(error).__name__, str(error)) from error

    def sleep(self, seconds: float) -> None:
        self.releasing.world.seconds += float(seconds)

    def moment(self) -> str:
        return "2026-11-23T07:00:00.000Z"

    def jitter(self, most: float) -> float:
        return most


def _prompts(stream: io.BytesIO, *, name: str, base_model: str) -> list[EvaluationPrompt]:
    return list(_read_once(stream.read(), name, base_model))


@cache
def _read_once(content: bytes, name: str, base_model: str) -> list[EvaluationPrompt]:
    """Thousands of histories read the same prompts."""
    return prompts_in(io.BytesIO(content), name=name, base_model=base_model)


@contextmanager
def released_world(**served: Any) -> Iterator[Releasing]:
    """For as long as the environment, the clients and the recipes of the functions are replaced. `served`: the base
    of the recipe and its Region, where it is not the usual one.
    """
    fakes = {"dynamodb": FakeDynamoDB(), "stepfunctions": FakeStepFunctions(), "s3": FakeS3()}
    aws = SimpleNamespace(**fakes, recipes={})
    with pytest.MonkeyPatch.context() as patch:
        deploy_recipes(patch, aws.recipes)
        patch.setattr(observe.metrics, "add_metric", lambda **_: None)
        patch.setattr(evaluation_files, "prompts_in", _prompts)
        level = observe.logger.level
        observe.logger.setLevel("CRITICAL")
        patch.setattr(clients, "create", lambda service, _region: getattr(aws, service))
        clients.client.cache_clear()
        for name, value in {
            "ENVIRONMENT": "dev",
            "LEDGER_TABLE": "ledger",
            "ARTIFACTS_BUCKET": ARTIFACTS,
            "RELEASE_MACHINE_ARN": RELEASE_MACHINE,
            "JUDGE_ROLE_ARN": ROLE,
            "NOTICES_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:notices",
        }.items():
            patch.setenv(name, value)
        for handler in modules().values():
            if hasattr(handler, "_settings"):
                handler._settings.cache_clear()  # noqa: SLF001 — a function's cache lives as long as it does
        yield Releasing(aws, context(lambda: 0), **served)
        observe.logger.setLevel(level)
    clients.client.cache_clear()


def lived(
    definition: Mapping[str, Any],
    releasing: Releasing,
    request: ReleaseRequest,
    strikes: Mapping[int, Strike],
) -> tuple[Any, Around]:
    """How an execution ends, None when somebody ended it, and what it saw."""
    around = Around(releasing, strikes)
    releasing.steps.executions[request.execution] = "{}"
    execution = Execution(
        definition=definition, name=request.execution, given=request.to_json(), world=around
    )
    try:
        end = execution.run()
    except KeyboardInterrupt:
        end = None
    releasing.steps.end(request.execution, end.status if end else "ABORTED")
    return end, around


def live_model(releasing: Releasing) -> str | None:
    if NAME not in releasing.held():
        return None
    kept = releasing.engine.deployments if releasing.base == NOVA else releasing.engine.throughputs
    return kept.find(releasing.scope, NAME).model.arn


def consistent(releasing: Releasing) -> None:
    """What is recorded is what answers, nothing else is deployed, and nobody holds the recipe."""
    live = releasing.live
    model = releasing.registry.version(RECIPE, live.version) if live.version else None
    assert live.change is None
    assert live_model(releasing) == (model and model.model_arn)
    assert set(releasing.held()) <= {NAME}
