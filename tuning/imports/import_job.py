"""A model import job as Bedrock sees it: the request that starts it, whose it is, and how far it is."""

import re
from collections.abc import Mapping
from typing import Any

from tuning.imports.import_answers import ImportProgress
from tuning.imports.import_keys import model_prefix
from tuning.imports.import_run import ImportRecord
from tuning.imports.import_settings import ImportSettings
from tuning.runs.jobs import OF_JOBS

_MOST_LETTERS = 63
_OF_ID = 12
IMPORT_TAGS = ("recipe", "import")
"""Tags of import jobs and their models beside that of the environment."""


def import_job_name(environment: str, record: ImportRecord) -> str:
    """Of the job and of its model: letters and digits with single hyphens between them.
    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateModelImportJob.html
    """
    words = re.sub("[^0-9a-zA-Z]+", "-", f"{environment}-{record.recipe}")
    return f"{words[: _MOST_LETTERS - _OF_ID - 1].strip('-')}-{record.import_id[:_OF_ID]}"


def import_request(record: ImportRecord, settings: ImportSettings) -> dict[str, Any]:
    """The arguments of CreateModelImportJob. The same import gives the same request."""
    tags = [
        {"key": OF_JOBS, "value": settings.environment},
        *(
            {"key": key, "value": value}
            for key, value in zip(IMPORT_TAGS, (record.recipe, record.import_id), strict=True)
        ),
    ]
    name = import_job_name(settings.environment, record)
    return {
        "jobName": name,
        "importedModelName": name,
        "roleArn": settings.import_role_arn,
        "modelDataSource": {"s3DataSource": {"s3Uri": model_uri(record, settings)}},
        "clientRequestToken": record.import_id,  # botocore fills in none
        "vpcConfig": {
            "subnetIds": list(settings.job_subnet_ids),
            "securityGroupIds": list(settings.job_security_group_ids),
        },
        "importedModelKmsKeyId": settings.model_key_arn,
        "jobTags": tags,
        "importedModelTags": tags,
    }


def model_uri(record: ImportRecord, settings: ImportSettings) -> str:
    return f"s3://{settings.weights_bucket}/{model_prefix(record.import_id)}"


def is_own_job(job: Mapping[str, Any], request: Mapping[str, Any]) -> bool:
    """Whether a job that bears the import's name imports its folder, so that it may be adopted."""
    source = job.get("modelDataSource", {}).get("s3DataSource", {}).get("s3Uri")
    wanted = request["modelDataSource"]["s3DataSource"]["s3Uri"]
    return bool(job.get("jobName") == request["jobName"] and source == wanted)


def job_progress(job: Mapping[str, Any]) -> ImportProgress:
    """As GetModelImportJob has it."""
    arn = str(job["jobArn"])
    match job["status"]:
        case "Completed":
            model = str(job["importedModelArn"])
            return ImportProgress(state="completed", job_arn=arn, model_arn=model)
        case "Failed":
            why = job.get("failureMessage") or "Bedrock gave no reason."
            return ImportProgress(
                state="failed", job_arn=arn, why=f"The import job {arn} failed: {why}"
            )
    return ImportProgress(state="in_progress", job_arn=arn)
