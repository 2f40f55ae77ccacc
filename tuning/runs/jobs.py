"""A customization job as Bedrock sees it: the request that starts it, and whose it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tuning.runs.failures import Failure
from tuning.runs.function_settings import RunSettings
from tuning.runs.run import Run


@dataclass(frozen=True, kw_only=True)
class Start:
    """What came of the try to start a run's job."""

    state: Literal["started", "queued", "stopped", "failed"]
    """`queued`: the account has as many jobs in progress as it may, or others are first; it passes.
    `stopped`: someone asked to stop the run before it had a job."""
    job_arn: str | None = None
    failure: Failure | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "state": self.state,
            "job_arn": self.job_arn,
            "failure": self.failure.to_dict() if self.failure else None,
        }


def request(
    run: Run, settings: RunSettings, *, training_uri: str, validation_uri: str | None
) -> dict[str, Any]:
    """The arguments of CreateModelCustomizationJob. The same run gives the same request.

    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateModelCustomizationJob.html
    """
    tags = [
        {"key": "environment", "value": settings.environment},
        {"key": "recipe", "value": run.recipe.name},
        {"key": "run", "value": run.id},
    ]
    arguments: dict[str, Any] = {
        "jobName": run.job_name,
        "customModelName": run.job_name,
        "clientRequestToken": run.request_token,
        "roleArn": settings.job_role_arn,
        "baseModelIdentifier": run.recipe.base_model,
        "customizationType": run.recipe.method,
        "customModelKmsKeyId": settings.model_key_arn,
        "hyperParameters": run.recipe.wire_hyperparameters,
        "trainingDataConfig": {"s3Uri": training_uri},
        "outputDataConfig": {"s3Uri": f"s3://{settings.artifacts_bucket}/{run.output_prefix}"},
        "vpcConfig": {
            "subnetIds": list(settings.job_subnet_ids),
            "securityGroupIds": list(settings.job_security_group_ids),
        },
        "jobTags": tags,
        "customModelTags": tags,
    }
    if validation_uri:
        arguments["validationDataConfig"] = {"validators": [{"s3Uri": validation_uri}]}
    return arguments


def is_ours(job: Mapping[str, Any], run: Run, *, training_uri: str) -> bool:
    """Whether a job that bears the run's name is the run's own, so that it may be adopted."""
    same_data = job.get("trainingDataConfig", {}).get("s3Uri") == training_uri
    return job.get("jobName") == run.job_name and same_data
