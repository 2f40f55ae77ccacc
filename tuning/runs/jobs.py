"""A customization job as Bedrock sees it: the request that starts it, and whose it is."""

import re
from collections.abc import Collection, Mapping
from typing import Any, Literal

from tuning.runs.failures import Failure
from tuning.runs.function_settings import RunSettings
from tuning.runs.json_record import Record, RecordError
from tuning.runs.prepared_dataset import PreparedDataset, copy_key
from tuning.runs.run import Run
from tuning.runs.uploads import TRAINING, VALIDATION

OF_JOBS = "environment"
"""Tag of jobs and of their models: the environment that has trained them."""


class JobStart(Record, frozen=True, kw_only=True):
    """What came of the try to start a run's job."""

    state: Literal["started", "queued", "no_room", "stopped", "failed"] = "started"
    """`queued`: the account has as many jobs in progress as it may, or others are first; it passes.
    `no_room`: the same, as the first version says it. `stopped`: someone asked to stop the run before it
    had a job."""
    job_arn: str | None = None
    failure: Failure | None = None
    by: str | None = None
    """Of `stopped`: who asked for it."""

    @property
    def arn(self) -> str:
        """Of the job that was started. Raises RecordError when there is none."""
        if self.job_arn is None:
            raise RecordError(f"no job: its start is {self.state}")
        return self.job_arn


def request(run: Run, settings: RunSettings, dataset: PreparedDataset) -> dict[str, Any]:
    """The arguments of CreateModelCustomizationJob. The same run gives the same request.

    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateModelCustomizationJob.html
    """
    tags = [
        {"key": OF_JOBS, "value": settings.environment},
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
        "trainingDataConfig": {"s3Uri": dataset.training_uri},
        "outputDataConfig": {"s3Uri": f"s3://{settings.artifacts_bucket}/{run.output_prefix}"},
        "vpcConfig": {
            "subnetIds": list(settings.job_subnet_ids),
            "securityGroupIds": list(settings.job_security_group_ids),
        },
        "jobTags": tags,
        "customModelTags": tags,
    }
    if dataset.validation_uri:
        validators = [{"s3Uri": dataset.validation_uri}]
        arguments["validationDataConfig"] = {"validators": validators}
    return arguments


def foreign(
    run: Run, dataset: PreparedDataset, settings: RunSettings, *, recipes: Collection[str]
) -> str | None:
    """What of a job's request is not of this run or not of this environment; None if nothing is. `recipes` are
    the content digests of those that the run may train by.

    Run and dataset are the word of other functions, one of which may have been taken over. So who spends
    derives again what follows from the run's id, and where prepared copies are. A version that derives them in
    another way has to know this one's, too: runs keep the names that they arrived with.
    """
    if not re.fullmatch("[0-9a-f]{32}", run.id):
        return "the run's id is not one that this platform gives"
    again = "" if run.attempt == 1 else "-2"
    if run.attempt not in (1, 2) or run.job_name != f"{run.recipe.name}-{run.id[:20]}{again}":
        return "the job's name does not follow from its run"
    if run.recipe.content_digest not in recipes:
        return "its recipe is neither the deployed one nor the one that money was reserved for"
    copies = {TRAINING: dataset.training_uri, VALIDATION: dataset.validation_uri}
    for name, uri in copies.items():
        expected = uri or name == TRAINING
        if expected and not copy_key(uri, bucket=settings.prepared_bucket, name=name):
            return f"the location of {name} is not that of a prepared copy"
    return None


def is_ours(job: Mapping[str, Any], run: Run, dataset: PreparedDataset) -> bool:
    """Whether a job that bears the run's name is the run's own, so that it may be adopted."""
    same_data = job.get("trainingDataConfig", {}).get("s3Uri") == dataset.training_uri
    return job.get("jobName") == run.job_name and same_data
