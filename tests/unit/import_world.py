"""The functions of ModelImport as its state machine calls them; AWS is in dictionaries, and may die at any call."""

import importlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from domain_builders import DATASETS, any_run_settings
from fake_aws import FakeDynamoDB
from fake_dynamodb import as_wire
from fake_imports import FakeImports
from mortal_clients import DiedError, install_mortal
from multipart_s3 import MultipartS3
from recipe_refusal_cases import exceptions, refusal

from lambdas import check_adapter, deployed_recipes
from tuning.aws.ledger import Ledger
from tuning.aws.model_registry import ModelRegistry
from tuning.imports.import_run import OF_IMPORTS, ImportRecord
from tuning.pipeline.import_tasks import IMPORT_STEPS
from tuning.releases.model_version import ModelVersion

WEIGHTS = "weights-bucket"
RECIPE = """method = "IMPORT"
description = "Support."
architecture = "LlamaForCausalLM"
base = "tiny"
"""
FOLDER = "adapters/support/a/"
BEGINS = f"{FOLDER}adapter_model.safetensors"
WHOLE = "models/support/b/"
POLLS = 200
"""More than an import may need."""


@dataclass
class Machines:
    """Step Functions: what was started, and how that is which does not run."""

    inputs: dict[str, Any] = field(default_factory=dict)
    statuses: dict[str, str] = field(default_factory=dict)
    exceptions = exceptions("ExecutionAlreadyExists", "ExecutionDoesNotExist")

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803 — AWS's names
        name = executionArn.rpartition(":")[2]
        if name not in self.inputs:
            raise refusal("ExecutionDoesNotExist", "DescribeExecution")
        status = self.statuses.get(name, "RUNNING")
        return {"name": name, "status": status, "input": json.dumps(self.inputs[name])}

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_executions"
        return SimpleNamespace(paginate=self._listed)

    def _listed(self, *, stateMachineArn: str, statusFilter: str) -> list[Any]:  # noqa: N803 — AWS's names
        assert stateMachineArn.endswith(":ModelImport")
        found = [name for name, status in self.statuses.items() if status == statusFilter]
        return [{"executions": [{"name": n, "startDate": datetime.now(UTC)} for n in found]}]

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> dict[str, str]:  # noqa: A002, N803 — AWS's names
        assert stateMachineArn.endswith(":ModelImport")
        if name in self.inputs:
            raise refusal("ExecutionAlreadyExists", "StartExecution")
        self.inputs[name] = json.loads(input)
        return {"executionArn": name}


@dataclass
class Importing:
    """`run` brings an import to its outcome; `twice` has every function called once more than needed."""

    recipes: Path
    context: Any
    twice: bool = False
    s3: MultipartS3 = field(default_factory=MultipartS3)
    bedrock: FakeImports = field(default_factory=FakeImports)
    dynamodb: FakeDynamoDB = field(default_factory=FakeDynamoDB)
    machines: Machines = field(default_factory=Machines)
    dies_at: int | None = None
    """The number of the call to AWS at which a function is killed, once."""
    calls: int = 0

    def install(self, monkeypatch: Any) -> None:
        services = {
            "s3": self.s3,
            "dynamodb": self.dynamodb,
            "stepfunctions": self.machines,
            "bedrock": self.bedrock,
            "bedrock-runtime": self.bedrock,
        }
        monkeypatch.setattr(deployed_recipes, "FOLDER", self.recipes)
        environment = {
            **any_run_settings().to_env(),
            "DATASETS_BUCKET": DATASETS,
            "WEIGHTS_BUCKET": WEIGHTS,
            "IMPORT_ROLE_ARN": "arn:aws:iam::123456789012:role/ImportRole",
            "STATE_MACHINE_ARN": "arn:aws:states:us-east-1:123456789012:stateMachine:ModelImport",
            "AWS_REGION": "us-east-1",
        }
        install_mortal(monkeypatch, services, self._live, environment)
        self.recipe("support", RECIPE)
        self.forget(monkeypatch)

    def _live(self, _operation: str, call: Callable[[], Any]) -> Any:
        self.calls += 1
        if self.calls == self.dies_at:
            raise DiedError
        return call()

    def forget(self, monkeypatch: Any) -> None:
        """Settings are read anew."""
        names = ",".join(sorted(path.stem for path in self.recipes.glob("*.toml")))
        monkeypatch.setenv("RECIPES", names)
        for step in IMPORT_STEPS:
            self._module(step.name)._settings.cache_clear()  # noqa: SLF001 — a function's cache lives as long as it does

    def recipe(self, name: str, text: str) -> None:
        (self.recipes / f"{name}.toml").write_text(text)

    def lay(self, bucket: str, folder: str, source: Path, *, but: tuple[str, ...] = ()) -> None:
        for path in sorted(source.iterdir()):
            if path.name not in but:
                self.s3.lay(bucket, f"{folder}{path.name}", path.read_bytes())

    def announced(self, key: str, *, version: str = "v1") -> list[str]:
        """What was started by the event of an object, which comes twice."""
        bucket = DATASETS if key.startswith("adapters/") else WEIGHTS
        size = len(self.s3.versions[bucket, key][version])
        detail = {
            "bucket": {"name": bucket},
            "object": {"key": key, "version-id": version, "size": size},
        }
        body = json.dumps({"time": "2026-11-30T08:00:00Z", "detail": detail})
        before = set(self.machines.inputs)
        for _ in range(2):
            answer = self.step("receive_adapter", {"Records": [{"messageId": "1", "body": body}]})
            assert answer == {"batchItemFailures": []}
        return [name for name in self.machines.inputs if name not in before]

    def step(self, name: str, event: dict[str, Any]) -> dict[str, Any]:
        """What the function answers, killed or called twice on the way."""
        given = json.loads(json.dumps(event))
        try:
            answer = self._module(name).handler(given, self.context)
        except DiedError:
            answer = self._module(name).handler(given, self.context)
        if self.twice:
            answer = self._module(name).handler(given, self.context)
        found: dict[str, Any] = json.loads(json.dumps(answer))
        return found

    def run(self, import_id: str) -> dict[str, Any]:
        """The answer of the last function."""
        outcome = self._outcome(import_id)
        return self.step("finish_import", {"import_id": import_id, "outcome": outcome})

    def run_to_its_job(self, import_id: str) -> None:
        given = {"import_id": import_id}
        self.step("check_adapter", given | {"checked": {}})
        self.step("reserve_import", given)
        for group in range(self.record(import_id).groups):
            self.step("merge_tensors", given | {"group": group})
        self.step("assemble_model", given)
        self.step("import_model", given | {"progress": {}})

    def _outcome(self, import_id: str) -> dict[str, str]:
        given = {"import_id": import_id}
        checked = self.polled("check_adapter", given, "checked", ("waiting",))
        if checked["state"] == "refused":
            return {"state": "refused", "summary": checked["why"]}
        reserved = self.step("reserve_import", given)
        if reserved["state"] == "refused":
            return {"state": "refused", "summary": reserved["why"]}
        merged = [
            self.step("merge_tensors", given | {"group": group})
            for group in reversed(range(checked["groups"]))
        ]
        if why := [each["why"] for each in merged if each["state"] == "refused"]:
            return {"state": "refused", "summary": why[0]}
        assembled = self.step("assemble_model", given)
        if assembled["state"] == "refused":
            return {"state": "refused", "summary": assembled["why"]}
        return self.imported(import_id)

    def imported(self, import_id: str) -> dict[str, str]:
        given = {"import_id": import_id}
        progress = self.polled("import_model", given, "progress", ("queued", "in_progress"))
        if progress["state"] == "failed":
            return {"state": "failed", "summary": progress["why"]}
        verified = self.polled("verify_import", given, "verified", ("cold",))
        if verified["state"] == "silent":
            return {"state": "failed", "summary": verified["why"]}
        return {"state": "imported", "summary": "It answers."}

    def polled(
        self, name: str, given: dict[str, Any], variable: str, again: tuple[str, ...]
    ) -> dict[str, Any]:
        answer: dict[str, Any] = {}
        for _ in range(POLLS):
            answer = self.step(name, given | {variable: answer})
            if answer["state"] not in again:
                return answer
            self.bedrock.end_jobs()
        raise AssertionError(f"{name} never ends: {answer}")

    def record(self, import_id: str) -> ImportRecord:
        return ImportRecord.from_item(as_wire(self.dynamodb.items[f"{OF_IMPORTS}{import_id}"]))

    def model(self, import_id: str) -> dict[str, bytes]:
        """The folder that is imported."""
        return self.s3.newest(WEIGHTS, f"merged/{import_id}/model/")

    def _module(self, name: str) -> Any:
        return importlib.import_module(f"lambdas.{name}")


def small_groups(monkeypatch: Any) -> None:
    """Several to a file, of several parts."""
    small = partial(check_adapter.planned, target=300, least=1, part=100)
    monkeypatch.setattr(check_adapter, "planned", small)


def registered(version: int = 1) -> ModelVersion | None:
    return ModelRegistry(ledger=Ledger(table="ledger")).version("support", version)


def budgeted(world: Importing) -> Any:
    """What is spent and reserved of the environment's budgets."""
    items = world.dynamodb.budgets.items()
    return sum(item["committed"] for key, item in items if key.count("#") == 1)
