"""A recipe's models, its live deployment and the functions that release; Bedrock is the emulated one."""

import hashlib
import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from domain_builders import ARTIFACTS, PREPARED, any_record, any_run, any_upload
from emulated_world import EAST, NOVA, World, an_engine, create, get
from msgspec import structs
from recipe_refusal_cases import exceptions, refusal

from emulator.bedrock.api_errors import ApiError
from lambdas import begin_release, deploy_model, finish_release, verify_release
from tuning.aws.ledger import Ledger
from tuning.aws.live_models import LiveModels
from tuning.aws.model_registry import ModelRegistry
from tuning.releases.live_model import Kind, LiveModel
from tuning.releases.model_version import ModelVersion
from tuning.releases.release_request import ReleaseRequest
from tuning.runs.money_records import Charged
from tuning.runs.prepared_dataset import PreparedDataset

RECIPE = "support"
BASE = "amazon.nova-micro-v1:0"
"""What the base model of its versions is asked as."""
POLLS = 400
"""More than a release may need."""


def line(question: int, answer: int, *, asked: str = "{}?") -> bytes:
    """A record of a conversation; each question and each answer has words of its own."""
    words = f"What is item{question}x" + asked.format(f" in row{question}y")
    said = [("user", words), ("assistant", f"It is answer{answer}z.")]
    messages = [{"role": role, "content": [{"text": text}]} for role, text in said]
    record = {"schemaVersion": "bedrock-conversation-2024", "messages": messages}
    return json.dumps(record).encode()


class Client:
    """botocore's names for the operations of the emulated Bedrock; errors are botocore's."""

    exceptions = exceptions("ResourceNotFoundException", "ServiceQuotaExceededException")

    def __init__(self, engine: Any, scope: Any = EAST) -> None:
        self.engine, self.scope, self.calls, self.lost = engine, scope, [], set()

    def get_paginator(self, operation: str) -> Any:
        """Whole lists are one page here."""
        return SimpleNamespace(paginate=lambda **given: [getattr(self, operation)(**given)])

    def __getattr__(self, name: str) -> Any:
        operation = "".join(word.capitalize() for word in name.split("_"))

        def call(**given: Any) -> Any:
            self.calls.append(operation)
            try:
                answer = self.engine.call(operation, self.scope, given)
            except ApiError as error:
                raise refusal(error.code, operation, error.status, error.message) from error
            if operation in self.lost:
                self.lost.discard(operation)
                raise refusal("InternalServerException", operation, 500)
            return answer

        return call


@dataclass
class Runtime:
    """Answers from what is deployed, unless it is `silent`."""

    engine: Any
    scope: Any = EAST
    base: str = BASE
    silent: set[str] = field(default_factory=set)
    """ARNs of models that do not answer."""
    exceptions = exceptions()

    silent_live: set[str] = field(default_factory=set)
    """Of those that answer an evaluation, and no question afterwards."""
    asked: list[str] = field(default_factory=list)
    """What prompts of evaluations were put to, in order."""
    throttled: int = 0
    """How many of the next questions have to wait."""

    def converse(self, *, modelId: str, **_given: Any) -> Any:  # noqa: N803 — AWS's name
        found = self._answering(modelId, "Converse")
        if found.model.arn in self.silent_live:
            raise refusal("ModelErrorException", "Converse", 424, "the model cannot be loaded")
        return {"output": {"message": {"content": [{"text": "Ready."}]}}}

    def converse_stream(self, *, modelId: str, messages: Any, **_given: Any) -> Any:  # noqa: N803 — AWS's name
        """As the training example nearest to the prompt; a base model knows nothing."""
        if self.throttled:
            self.throttled -= 1
            raise refusal("ThrottlingException", "ConverseStream", 429, "Too many tokens")
        self.asked.append(modelId)
        text = "I do not know."
        if modelId != self.base:
            model = self._answering(modelId, "ConverseStream").model
            text = model.examples.answer(messages[-1]["content"][0]["text"])
        return {
            "stream": [
                {"contentBlockDelta": {"delta": {"text": text}}},
                {"messageStop": {"stopReason": "end_turn"}},
                {"metadata": {"usage": {"inputTokens": 4, "outputTokens": 2}}},
            ]
        }

    def _answering(self, model: str, operation: str) -> Any:
        try:
            found = found_by(self.engine, self.scope, model)
        except ApiError as error:
            raise refusal(error.code, operation, error.status, error.message) from error
        if not found.answers or found.model.arn in self.silent:
            raise refusal("ModelErrorException", operation, 424, "the model cannot be loaded")
        return found


def found_by(engine: Any, scope: Any, arn: str) -> Any:
    """What answers under an ARN. Raises NotFound."""
    kept = engine.throughputs if ":provisioned-model/" in arn else engine.deployments
    return kept.find(scope, arn)


class Releasing:
    def __init__(
        self, aws: SimpleNamespace, context: Any, *, base: str = NOVA, scope: Any = EAST
    ) -> None:
        self.context, self.dynamodb = context, aws.dynamodb
        self.base, self.scope = base, scope
        self.world = World()
        self.engine = an_engine(self.world, lambda task: task())
        aws.bedrock = self.bedrock = Client(self.engine, scope)
        asked_as = ":".join(base.split(":")[:2])
        setattr(aws, "bedrock-runtime", Runtime(engine=self.engine, scope=scope, base=asked_as))
        self.runtime = getattr(aws, "bedrock-runtime")
        self.notices: list[str] = []
        """Subjects of what functions have published."""
        aws.sns = SimpleNamespace(publish=lambda **given: self.notices.append(given["Subject"]))
        self.steps, self.aws = aws.stepfunctions, aws
        self.ledger = Ledger(table="ledger", client=lambda _: aws.dynamodb)
        self.lives, self.registry = (
            LiveModels(ledger=self.ledger),
            ModelRegistry(ledger=self.ledger),
        )

    @property
    def live(self) -> LiveModel:
        return self.lives.read(RECIPE)

    def trained(self, **changes: Any) -> ModelVersion:
        """The next version of the recipe, whose model Bedrock has."""
        number = len(self.engine.jobs.kept) + 1
        named = {"jobName": f"job-{number}", "customModelName": f"model-{number}"}
        named["baseModelIdentifier"] = self.base
        arn = create(self.engine, self.scope, **{**named, **changes})
        run = any_run(upload=any_upload(version_id=f"v{number}"))
        job = get(self.engine, arn, self.scope)
        made = ModelVersion.trained(
            run,
            PreparedDataset(),
            {"outputModelArn": job["outputModelArn"]},
            job_arn=arn,
            cost=Charged(),
        )
        return self.registry.register(structs.replace(made, base_model=self.base))

    def evaluable(
        self, *, right: bool = True, prompts: int = 40, evaluation: bytes | None = None
    ) -> ModelVersion:
        """The next version, whose run had an evaluation set of so many prompts, or this one; `right`: whether it
        was trained on the answers that are expected.
        """
        wrong = dict.fromkeys(range(prompts), 0 if right else 1)
        training = [
            line(number, (number + off) % prompts, asked="{} again?")
            for number, off in wrong.items()
        ]
        training *= 1 if self.base == NOVA else 4  # others need a hundred records
        name = f"{len(self.engine.jobs.kept)}.jsonl"
        self.world.objects[name] = training
        model = self.trained(trainingDataConfig={"s3Uri": f"s3://data/{name}"})
        held_out = evaluation or b"\n".join(line(number, number) for number in range(prompts))
        key = f"prepared/{hashlib.sha256(held_out).hexdigest()}/evaluation.jsonl"
        self.aws.s3.lay(PREPARED, key, held_out)
        dataset = PreparedDataset(evaluation_uri=f"s3://{PREPARED}/{key}")
        run = any_run(upload=any_upload(version_id=model.upload_version))
        self.dynamodb.lay(any_record(of=run, state="trained", dataset=dataset))
        return model

    def kept(self, suffix: str) -> dict[str, bytes]:
        """The objects of evaluations whose keys end so."""
        return {
            key: next(reversed(versions.values()))
            for (bucket, key), versions in self.aws.s3.versions.items()
            if bucket == ARTIFACTS and key.endswith(suffix)
        }

    def request(
        self, version: int, *, kind: Kind = "promote", by: str = "arn:ann"
    ) -> ReleaseRequest:
        return ReleaseRequest.promotion(self.live, version, kind=kind, by=by)

    def begin(self, request: ReleaseRequest, *, execution: str = "") -> dict[str, Any]:
        """`execution`: its name, unless it is the one that the request has."""
        self.steps.executions.setdefault(execution or request.execution, "{}")
        event = {"request": request.to_json(), "execution": execution or request.execution}
        return begin_release.handler(event, self.context)

    def deploy(
        self, start: dict[str, Any], target: str | None, before: Any = None
    ) -> dict[str, Any]:
        """Polls until it is done, a minute apart."""
        deployed = before or {}
        for _ in range(POLLS):
            event = {"release": start, "target": target, "deployment": deployed}
            deployed = deploy_model.handler(event, self.context)
            if deployed["state"] not in ("in_progress", "queued"):
                return deployed
            self.world.seconds += 60
        raise AssertionError("the release waits without bounds")

    def release(self, request: ReleaseRequest) -> dict[str, Any]:
        """As the state machine does it. Returns what is recorded."""
        start = self.begin(request)
        if start["state"] == "refused":
            return {"state": "refused", "summary": start["why"]}
        deployed = self.deploy(start, start["target"])
        state, why = "released", "It answers."
        if deployed["state"] == "active":
            verified = verify_release.handler({"deployment": deployed}, self.context)
            if verified["state"] == "silent":
                state, why = "failed", f"It did not answer: {verified['why']}."
                if start.get("before") != start["target"]:
                    self.deploy(start, start.get("before"))
        else:
            state, why = "failed", f"{deployed['failure']}."
        outcome = {"state": state, "summary": why}
        event = {
            "request": request.to_json(),
            "execution": request.execution,
            "outcome": outcome,
        }
        recorded = finish_release.handler(event, self.context)
        self.steps.end(request.execution)
        return {**outcome, **recorded}

    def share_objects(self) -> None:
        """What functions keep is what jobs of the emulated Bedrock read, and what those write lies beside it."""
        releasing, world = self, self.world

        class Shared(dict[str, list[bytes]]):
            def __missing__(self, key: str) -> list[bytes]:
                return releasing.kept("")[key].splitlines()

            def __contains__(self, key: object) -> bool:
                return super().__contains__(key) or key in releasing.kept("")

        def write(_bucket: str, key: str, body: bytes) -> bool:
            releasing.aws.s3.lay(ARTIFACTS, key, body)
            return True

        world.objects, world.write = Shared(world.objects), write  # type: ignore[method-assign]

    def held(self) -> list[str]:
        """The names of the deployments that there are, and of the provisioned models."""
        found = self.engine.call("ListCustomModelDeployments", self.scope, {})
        more = self.engine.call("ListProvisionedModelThroughputs", self.scope, {})
        return [
            *(each["customModelDeploymentName"] for each in found["modelDeploymentSummaries"]),
            *(each["provisionedModelName"] for each in more["provisionedModelSummaries"]),
        ]
