"""A recipe whose models were trained elsewhere and imported; Bedrock's imported models are in dictionaries."""

import io
import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import test_model_registry
from msgspec import structs
from recipe_refusal_cases import exceptions, refusal
from release_world import RECIPE, Releasing

from lambdas import deploy_model, deployed_recipes, finish_release, verify_release
from tuning.imports.import_recipe import ImportLimits, ImportRecipe
from tuning.releases.live_model import LiveModel, live_key
from tuning.releases.model_version import ModelVersion, numbered_key
from tuning.releases.release_request import ReleaseRequest
from tuning.releases.release_steps import OF_ENVIRONMENT, OF_RECIPE

ARN = "arn:aws:bedrock:us-east-1:123456789012:imported-model/model"
LIVE_TAGS = {OF_ENVIRONMENT: "dev", OF_RECIPE: RECIPE}
RECIPE_OF_IMPORTS = ImportRecipe(
    name=RECIPE, description="Trained elsewhere.", architecture="LlamaForCausalLM"
)


class DiedError(Exception):
    """The process of a function is gone, and the state machine starts it again."""


@dataclass
class ImportedBedrock:
    """Lists have one a page. What AWS says of an unknown ARN is not documented of each of these calls."""

    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    """Of each imported model, by its ARN."""
    calls: list[str] = field(default_factory=list)
    dies_at: int = -1
    """After which change the process dies, counted from 0; -1: after none."""
    changes: int = 0
    refuses: set[str] = field(default_factory=set)
    """Operations that are denied."""
    exceptions = exceptions("ResourceNotFoundException")

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_imported_models"
        self.calls.append(operation)
        pages = [
            {"modelSummaries": [{"modelArn": arn, "modelName": arn[-6:]}]} for arn in self.tags
        ]
        return SimpleNamespace(paginate=lambda: [*pages, {}])

    def get_custom_model_deployment(self, **_given: Any) -> Any:
        raise refusal("ResourceNotFoundException", "GetCustomModelDeployment", 404)

    def list_tags_for_resource(self, *, resourceARN: str) -> Any:  # noqa: N803 — AWS's name
        tags = self._of(resourceARN, "ListTagsForResource")
        return {"tags": [{"key": key, "value": value} for key, value in tags.items()]}

    def get_imported_model(self, *, modelIdentifier: str) -> Any:  # noqa: N803 — AWS's name
        self._of(modelIdentifier, "GetImportedModel")
        return {
            "modelArn": modelIdentifier,
            "customModelUnits": {"customModelUnitsPerModelCopy": 2},
        }

    def tag_resource(self, *, resourceARN: str, tags: Any) -> None:  # noqa: N803 — AWS's name
        known = self._of(resourceARN, "TagResource")
        known |= {each["key"]: each["value"] for each in tags}
        self._changed()

    def untag_resource(self, *, resourceARN: str, tagKeys: Any) -> None:  # noqa: N803 — AWS's names
        known = self._of(resourceARN, "UntagResource")
        for key in tagKeys:
            known.pop(key, None)
        self._changed()

    def delete_imported_model(self, *, modelIdentifier: str) -> None:  # noqa: N803 — AWS's name
        """As its role has it: only what is live in its environment."""
        tags = self._of(modelIdentifier, "DeleteImportedModel")
        if tags.get(OF_ENVIRONMENT) != "dev":
            raise refusal("AccessDeniedException", "DeleteImportedModel", 403)
        del self.tags[modelIdentifier]
        self._changed()

    def _of(self, arn: str, operation: str) -> dict[str, str]:
        self.calls.append(operation)
        if operation in self.refuses:
            raise refusal("AccessDeniedException", operation, 403, "not authorized")
        if arn not in self.tags:
            raise refusal("ResourceNotFoundException", operation, 404, "no such model")
        return self.tags[arn]

    def _changed(self) -> None:
        self.changes += 1
        if self.changes - 1 == self.dies_at:
            raise DiedError


@dataclass
class ImportedRuntime:
    """Asks for nothing: it answers, says that it is cold so many times, or refuses."""

    bedrock: ImportedBedrock
    cold: int = 0
    silent: set[str] = field(default_factory=set)
    asked: list[tuple[str, str]] = field(default_factory=list)
    """Operation and ARN."""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    live_when_asked: list[int] = field(default_factory=list)
    """How many models were live as each question came."""
    answer: Any = None
    """What InvokeModel answers instead of a completion."""
    exceptions = exceptions()

    def converse(self, *, modelId: str, **_given: Any) -> Any:  # noqa: N803 — AWS's name
        self._asked("Converse", modelId)
        return {"output": {"message": {"content": [{"text": "Ready."}]}}}

    def converse_stream(self, *, modelId: str, **_given: Any) -> Any:  # noqa: N803 — AWS's name
        self._asked("ConverseStream", modelId)
        return {
            "stream": [
                {"contentBlockDelta": {"delta": {"text": "Ready."}}},
                {"messageStop": {"stopReason": "end_turn"}},
                {"metadata": {"usage": {"inputTokens": 4, "outputTokens": 2}}},
            ]
        }

    def invoke_model(self, *, modelId: str, body: bytes, **_given: Any) -> Any:  # noqa: N803 — AWS's name
        self.bodies.append(json.loads(body))
        self._asked("InvokeModel", modelId)
        said = self.answer or {
            "choices": [{"message": {"content": "Ready."}, "finish_reason": "length"}],
            "usage": {"prompt_tokens": 4, "completion_tokens": 2},
        }
        return {"body": io.BytesIO(json.dumps(said).encode())}

    def _asked(self, operation: str, arn: str) -> None:
        self.asked.append((operation, arn))
        live = [tags for tags in self.bedrock.tags.values() if LIVE_TAGS.items() <= tags.items()]
        self.live_when_asked.append(len(live))
        if self.cold:
            self.cold -= 1
            raise refusal("ModelNotReadyException", operation, 429, "Model is not ready")
        if arn in self.silent:
            raise refusal("ModelErrorException", operation, 424, "the model cannot be loaded")


class Importing(Releasing):
    """The machine, as `ReleaseDefinition` draws it where a recipe imports models."""

    def __init__(self, aws: SimpleNamespace, context: Any, monkeypatch: Any) -> None:
        super().__init__(aws, context)
        aws.bedrock = self.imported = ImportedBedrock()
        self.runtime = ImportedRuntime(bedrock=self.imported)
        setattr(aws, "bedrock-runtime", self.runtime)
        self.recipes = {RECIPE: RECIPE_OF_IMPORTS}
        monkeypatch.setattr(deployed_recipes, "import_recipe", self.recipes.get)
        monkeypatch.setattr(deployed_recipes, "gate", lambda _name: None)

    def hours(self, hours: int | None) -> None:
        limits = ImportLimits(awake_hours=hours)
        self.recipes[RECIPE] = structs.replace(RECIPE_OF_IMPORTS, limits=limits)

    def imports(self, *, converse: bool = False, **more: Any) -> ModelVersion:
        """The next version of the recipe, whose model Bedrock has."""
        number = self.registry.newest(RECIPE) + 1
        arn = f"{ARN}{number:07d}"
        self.imported.tags[arn] = {"environment": "dev"}
        model = ModelVersion(
            id=numbered_key(RECIPE, 1),
            recipe=RECIPE,
            version=1,
            run_id=f"{number:032d}",
            upload=f"s3://datasets/adapters/{RECIPE}/{number}/adapter_model.safetensors",
            upload_version="v",
            dataset="",
            trained_by=RECIPE,
            recipe_digest="d",
            base_model="llama",
            job_arn="arn:job",
            model_arn=arn,
            imported="LlamaForCausalLM",
            converse=converse,
            **more,
        )
        return self.registry.register(model)

    def trained_here(self) -> ModelVersion:
        """Version 1 of a recipe that trained before it had another method."""
        return self.registry.register(test_model_registry.trained())

    def lay_live(self, version: int, arn: str) -> None:
        live = LiveModel(id=live_key(RECIPE), recipe=RECIPE, version=version, deployment_arn=arn)
        self.dynamodb.lay(live)

    @property
    def tagged(self) -> list[str]:
        """The ARNs of what is live."""
        return sorted(
            arn for arn, tags in self.imported.tags.items() if LIVE_TAGS.items() <= tags.items()
        )

    def again(self, handler: Any, event: dict[str, Any]) -> dict[str, Any]:
        """A step that died is tried again, of what it was given."""
        for _ in range(3):
            try:
                made: dict[str, Any] = handler(json.loads(json.dumps(event)), self.context)
            except DiedError:
                continue
            return made
        raise AssertionError("it died more often than it was killed")

    def deploy(
        self, start: dict[str, Any], target: str | None, before: Any = None
    ) -> dict[str, Any]:
        deployed = before or {}
        for _ in range(400):
            event = {"release": start, "target": target, "deployment": deployed}
            deployed = self.again(deploy_model.handler, event)
            if deployed["state"] not in ("in_progress", "queued"):
                return deployed
        raise AssertionError("the release waits without bounds")

    def verify(self, deployed: dict[str, Any]) -> dict[str, Any]:
        for _ in range(400):
            verified = verify_release.handler({"deployment": deployed}, self.context)
            if verified["state"] != "cold":
                return verified
        raise AssertionError("the model is waited for without bounds")

    def release(self, request: ReleaseRequest) -> dict[str, Any]:
        start = self.begin(request)
        if start["state"] == "refused":
            return {"state": "refused", "summary": start["why"]}
        outcome = self._outcome(start)
        event = {"request": request.to_json(), "execution": request.execution, "outcome": outcome}
        recorded = finish_release.handler(event, self.context)
        self.steps.end(request.execution)
        return {**outcome, **recorded}

    def _outcome(self, start: dict[str, Any]) -> dict[str, Any]:
        deployed = self.deploy(start, start["target"])
        if deployed["state"] != "active":
            return {"state": "failed", "summary": f"{deployed['failure']}."}
        verified = self.verify(deployed)
        if verified["state"] == "silent":
            if start.get("before") != start["target"]:
                self.deploy(start, start.get("before"))
            return {"state": "failed", "summary": f"It did not answer: {verified['why']}."}
        settled = self.deploy(start, start["target"], {**deployed, "verified": True})
        if settled["state"] != "active":
            return {"state": "failed", "summary": f"{settled['failure']}."}
        return {"state": "released", "summary": "It answers."}
