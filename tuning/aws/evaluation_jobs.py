"""Evaluation jobs of Bedrock in which a judge model rates answers that there are already.

https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateEvaluationJob.html
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tuning.aws.clients import Clients, client
from tuning.aws.transient import RefusedByAwsError
from tuning.releases.asked_judge import JudgeJob


class JudgeRefusedError(RefusedByAwsError):
    """Bedrock does not start, show or stop an evaluation job."""


@dataclass(frozen=True, kw_only=True)
class EvaluationStatus:
    status: str
    failure: str
    """Of one that Failed."""


@dataclass(frozen=True, kw_only=True)
class EvaluationJobs:
    client: Clients = client

    def start(
        self, job: JudgeJob, *, bucket: str, judge: str, metrics: Sequence[str], role: str
    ) -> str:
        """The ARN of the job, or of the one that the same request has started before.

        UNCONFIRMED that a token seen before answers the first job's ARN: the page says "ignores the request, but does
        not return an error". `General` is the task type of AWS's own samples for judges; the enumeration of the API
        has no such word, and public guides report that jobs with another one fail.
        """
        dataset = {
            "name": job.source,
            "datasetLocation": {"s3Uri": f"s3://{bucket}/{job.dataset_key}"},
        }
        with JudgeRefusedError.of_calls():
            made = self.client("bedrock").create_evaluation_job(
                jobName=job.name,
                clientRequestToken=job.name,
                roleArn=role,
                applicationType="ModelEvaluation",
                evaluationConfig={
                    "automated": {
                        "datasetMetricConfigs": [
                            {
                                "taskType": "General",
                                "dataset": dataset,
                                "metricNames": list(metrics),
                            }
                        ],
                        "evaluatorModelConfig": {
                            "bedrockEvaluatorModels": [{"modelIdentifier": judge}]
                        },
                    }
                },
                inferenceConfig={
                    "models": [
                        {"precomputedInferenceSource": {"inferenceSourceIdentifier": job.source}}
                    ]
                },
                outputDataConfig={"s3Uri": f"s3://{bucket}/{job.output_prefix}"},
            )
        return str(made["jobArn"])

    def look(self, arn: str) -> EvaluationStatus:
        with JudgeRefusedError.of_calls():
            found = self.client("bedrock").get_evaluation_job(jobIdentifier=arn)
        said = "; ".join(found.get("failureMessages", []))
        return EvaluationStatus(status=found["status"], failure=said)

    def stop(self, arn: str) -> None:
        """Raises JudgeRefusedError also of one that has ended."""
        with JudgeRefusedError.of_calls():
            self.client("bedrock").stop_evaluation_job(jobIdentifier=arn)
