"""Start the run's one customization job, or adopt it when an earlier try has started it."""

from functools import cache
from typing import Any

from botocore.exceptions import ClientError

from lambdas import ledger
from lambdas.aws import client
from lambdas.observe import logger, metrics, observed
from tuning.jobs import is_ours, request
from tuning.runs import Run
from tuning.settings import RunSettings

_settings = cache(RunSettings.from_env)


class JobQuotaReached(Exception):  # noqa: N818 — the state machine knows it by this name
    """The account runs as many jobs as it may; the state machine waits and tries again."""


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, str]:
    run, settings = Run.from_dict(event["run"]), _settings()
    dataset = event["dataset"]
    arguments = request(
        run,
        settings,
        training_uri=dataset["training_uri"],
        validation_uri=dataset["validation_uri"],
    )
    try:
        arn = client("bedrock").create_model_customization_job(**arguments)["jobArn"]
        metrics.add_metric(name="JobsStarted", unit="Count", value=1)
    except ClientError as error:
        arn = _resolve(error, run, dataset["training_uri"])
    ledger.note(settings.ledger_table, run.id, state="training", job_arn=arn)
    logger.info("job is in progress", job_arn=arn)
    return {"job_arn": arn}


def _resolve(error: ClientError, run: Run, training_uri: str) -> str:
    """A name in use may be our own, from a try that died before it could tell."""
    code = error.response["Error"]["Code"]
    if code == "ServiceQuotaExceededException":  # HTTP 400, but it passes
        raise JobQuotaReached(str(error)) from error
    if code not in ("ConflictException", "ValidationException"):
        raise error
    bedrock = client("bedrock")
    try:
        job = bedrock.get_model_customization_job(jobIdentifier=run.job_name)
    except bedrock.exceptions.ResourceNotFoundException:
        raise error from None
    if not is_ours(job, run, training_uri=training_uri):
        raise error
    return str(job["jobArn"])
