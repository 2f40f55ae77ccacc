"""Start the run's one customization job, or adopt it when an earlier try has started it."""

from functools import cache
from typing import Any

from botocore.exceptions import ClientError

from lambdas import ledger
from lambdas.aws import client
from lambdas.observe import logger, metrics, observed, passes
from tuning.failures import classify
from tuning.jobs import Start, is_ours, request
from tuning.runs import Run
from tuning.settings import RunSettings

_settings = cache(RunSettings.from_env)


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    run, settings = Run.from_dict(event["run"]), _settings()
    start = _start(run, settings, event["dataset"])
    if start.job_arn:
        ledger.move(settings.ledger_table, run, "training", job_arn=start.job_arn)
    logger.info("start", state=start.state, job_arn=start.job_arn)
    return start.to_dict()


def _start(run: Run, settings: RunSettings, dataset: dict[str, Any]) -> Start:
    uris = {name: dataset[name] for name in ("training_uri", "validation_uri")}
    try:
        job = client("bedrock").create_model_customization_job(**request(run, settings, **uris))
    except ClientError as error:
        return _resolve(error, run, dataset["training_uri"])
    metrics.add_metric(name="JobsStarted", unit="Count", value=1)
    return Start(state="started", job_arn=job["jobArn"])


def _resolve(error: ClientError, run: Run, training_uri: str) -> Start:
    """A name in use may be our own, from a try that died before it could tell."""
    code = error.response["Error"]["Code"]
    failure = classify(error.response["Error"].get("Message", code))
    if code == "ServiceQuotaExceededException":  # HTTP 400, but it passes
        return Start(state="no_room", failure=failure)
    if code in ("ConflictException", "ValidationException"):
        job = _job_of_that_name(run.job_name)
        if job and is_ours(job, run, training_uri=training_uri):
            return Start(state="started", job_arn=job["jobArn"])
    elif passes(error):
        raise error
    return Start(state="failed", failure=failure)


def _job_of_that_name(name: str) -> dict[str, Any] | None:
    bedrock = client("bedrock")
    try:
        job: dict[str, Any] = bedrock.get_model_customization_job(jobIdentifier=name)
    except bedrock.exceptions.ResourceNotFoundException:
        return None
    return job
