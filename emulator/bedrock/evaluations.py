"""Evaluation jobs in which a judge rates answers that there are already. No model is asked: a score is how much of the
expected answer's words an answer has, and every explanation says so.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateEvaluationJob.html
https://docs.aws.amazon.com/bedrock/latest/userguide/model-evaluation-prompt-datasets-judge.html
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any, ClassVar

from emulator.bedrock import access
from emulator.bedrock.api_errors import Conflict, JobFailed, QuotaExceeded, ValidationError
from emulator.bedrock.emulated_jobs import identifier, present, timestamp
from emulator.bedrock.judged_records import judged, judged_records
from emulator.bedrock.kept_resources import replayed
from emulator.bedrock.ports import Scope, Surroundings
from emulator.bedrock.timed_resources import TimedResource, TimedResources

_AT_ONCE = 20
"""L-24CCD302: https://docs.aws.amazon.com/general/latest/gr/bedrock.html"""
_BUILT_IN = frozenset(
    f"Builtin.{name}"
    for name in (
        *("Correctness", "Completeness", "Faithfulness", "Helpfulness", "Coherence", "Relevance"),
        *("FollowingInstructions", "ProfessionalStyleAndTone", "Harmfulness", "Stereotyping"),
        "Refusal",
    )
)
"""https://docs.aws.amazon.com/bedrock/latest/userguide/model-evaluation-metrics.html"""
_ACROSS = ("us-east-1", "us-east-2", "us-west-2")
"""Where a profile of the United States may send a request; one of them is asked about for each job."""


@dataclass(kw_only=True)
class EmulatedEvaluation(TimedResource):
    named_by: ClassVar[str] = "jobName"
    status: str = "InProgress"

    @property
    def role(self) -> str:
        return str(self.request["roleArn"])

    @property
    def output_uri(self) -> str:
        return str(self.request["outputDataConfig"]["s3Uri"])

    @property
    def _automated(self) -> dict[str, Any]:
        found: dict[str, Any] = self.request["evaluationConfig"]["automated"]
        return found

    @property
    def judge(self) -> str:
        models = self._automated["evaluatorModelConfig"]["bedrockEvaluatorModels"]
        return str(models[0]["modelIdentifier"])

    @property
    def configured(self) -> dict[str, Any]:
        """The one dataset with its metrics."""
        found: dict[str, Any] = self._automated["datasetMetricConfigs"][0]
        return found

    @property
    def source(self) -> str:
        model = self.request["inferenceConfig"]["models"][0]
        return str(model["precomputedInferenceSource"]["inferenceSourceIdentifier"])

    def describe(self) -> dict[str, Any]:
        """GetEvaluationJob."""
        given = ("jobName", "jobDescription", "roleArn", "customerEncryptionKeyId")
        configured = ("applicationType", "evaluationConfig", "inferenceConfig", "outputDataConfig")
        return {
            **{name: self.request[name] for name in given + configured if name in self.request},
            **present(failureMessages=[self.failure] if self.failure else None),
            "jobArn": self.arn,
            "jobType": "Automated",
            "status": self.status,
            "creationTime": timestamp(self.created),
            "lastModifiedTime": timestamp(self.modified),
        }


@dataclass(kw_only=True)
class Evaluations(TimedResources[EmulatedEvaluation]):
    """A job takes 5 to 15 minutes, as public guides say."""

    kind: str = "evaluation-job"
    called: str = "evaluation job"
    goes_by: Callable[[EmulatedEvaluation], str] = attrgetter("arn")
    aws: Surroundings

    def create(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            mine = self.of(scope)
            if same := replayed(mine, request, Conflict):
                return {"jobArn": same.arn}
            _check(request)
            if request["jobName"] in {each.name for each in mine}:
                # UNCONFIRMED text.
                raise Conflict(
                    message=f"The provided job name is currently in use: {request['jobName']}"
                )
            if sum(each.mutating for each in mine) >= _AT_ONCE:
                # UNCONFIRMED text.
                raise QuotaExceeded(
                    message=f"You have exceeded the quota of {_AT_ONCE} evaluation jobs."
                )
            job = EmulatedEvaluation(request=request, **self.beginning(scope))
            if not self.aws.roles.may_be_assumed(job.role, job.arn):
                raise ValidationError(message="Could not assume provided IAM role.")
            self.kept[job.arn] = job
            return {"jobArn": job.arn}

    def get(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        return self.find(scope, request["jobIdentifier"]).describe()

    def stop(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            job = self.find(scope, request["jobIdentifier"])
            if job.status != "InProgress":
                # UNCONFIRMED text.
                raise Conflict(message=f"The job is already {job.status} and cannot be stopped.")
            self.begin(job, "Stopping")
        return {}

    def finish(self, job: EmulatedEvaluation) -> None:
        if job.status == "Stopping":
            job.status, job.modified = "Stopped", job.due
            return
        if self.faults.holds("stall", phase="Evaluation", job=job.name):
            return
        job.modified = job.due
        try:
            self._judge(job)
            job.status = "Completed"
        except JobFailed as error:
            job.status, job.failure = "Failed", str(error)

    def _judge(self, job: EmulatedEvaluation) -> None:
        self.faults.strike("Evaluation", job.name)
        configured = job.configured
        uri = configured["dataset"]["datasetLocation"]["s3Uri"]
        records = list(judged_records(access.read_lines(job, self.aws, uri), job.source))
        if not self._may_ask(job):
            # UNCONFIRMED text.
            raise JobFailed(f"The provided role is not authorized to invoke {job.judge}.")
        body = "".join(
            json.dumps(judged(record, job.judge, configured["metricNames"])) + "\n"
            for record in records
        )
        # UNCONFIRMED in AWS's pages, as public guides saw it.
        name = configured["dataset"]["name"]
        _, prefix = access.output_location(job)
        folder = f"{job.name}/{job.name}"
        where = f"models/{job.source}/taskTypes/{configured['taskType']}/datasets/{name}"
        written = {
            f"{folder}/amazon-bedrock-evaluations-permission-check": "",
            f"{folder}/{identifier()}/{where}/{identifier()}_output.jsonl": body,
        }
        for path, text in written.items():
            if not access.write_output(job, self.aws, prefix + path, text.encode()):
                # UNCONFIRMED text.
                raise JobFailed(f"Could not write to {job.output_uri}.")

    def _may_ask(self, job: EmulatedEvaluation) -> bool:
        """Of a profile, both it and the model of a Region that it sends to.
        https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html
        """
        asked: list[tuple[str, dict[str, Any]]] = []
        geography, _, model = job.judge.partition(".")
        if geography == "us":
            profile = job.scope.arn(f"inference-profile/{job.judge}")
            through = {"bedrock:InferenceProfileArn": profile}
            asked = [
                (profile, {}),
                *((f"arn:aws:bedrock:{at}::foundation-model/{model}", through) for at in _ACROSS),
            ]
        else:
            asked = [(f"arn:aws:bedrock:{job.scope.region}::foundation-model/{job.judge}", {})]
        return all(
            self.aws.roles.allows(job.role, "bedrock:InvokeModel", arn, context)
            for arn, context in asked
        )


def _check(request: Mapping[str, Any]) -> None:
    """What the patterns do not say. UNCONFIRMED texts."""
    automated = request["evaluationConfig"].get("automated")
    models = request["inferenceConfig"].get("models", [])
    if automated is None or request.get("applicationType") == "RagEvaluation":
        raise ValidationError(message="The emulator has evaluation jobs with a judge alone.")
    if len(models) != 1:
        raise ValidationError(message="An automated evaluation job evaluates exactly one model.")
    if "precomputedInferenceSource" not in models[0]:
        raise ValidationError(message="The emulator asks no model: give it answers.")
    judges = automated.get("evaluatorModelConfig", {}).get("bedrockEvaluatorModels", [])
    if len(judges) != 1:
        raise ValidationError(message="A job with a judge names one evaluator model.")
    configured = automated["datasetMetricConfigs"]
    if len(configured) != 1:
        raise ValidationError(message="The emulator judges one dataset.")
    (dataset,) = configured
    if "datasetLocation" not in dataset["dataset"]:
        raise ValidationError(message="A dataset of one's own has a datasetLocation.")
    if dataset["taskType"] != "General":
        # As public guides report: the job fails with another one.
        raise ValidationError(message="The task type of a job with a judge must be General.")
    if unknown := sorted(set(dataset["metricNames"]) - _BUILT_IN):
        raise ValidationError(message=f"Unknown metrics of a judge: {', '.join(unknown)}.")
