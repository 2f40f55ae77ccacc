"""What the job left behind, read into the ledger."""

from functools import cache
from typing import Any

from lambdas.observe import logger, metrics, observed
from tuning.aws import ledger, s3_objects
from tuning.aws.clients import client
from tuning.models.estimate import charged
from tuning.runs import training_metrics as files
from tuning.runs.function_settings import RunSettings
from tuning.runs.run import Run

_settings = cache(RunSettings.from_env)


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    run, settings = Run.from_dict(event["run"]), _settings()
    job = client("bedrock").get_model_customization_job(jobIdentifier=event["job"]["job_arn"])
    texts = s3_objects.texts(
        settings.artifacts_bucket,
        run.output_prefix,
        suffixes=(files.TRAINING_SUFFIX, files.VALIDATION_SUFFIX, files.MANIFEST_SUFFIX),
    )
    results = files.summarize(texts)
    model = job["outputModelArn"]
    facts = results.to_dict()
    cost = charged(
        run.recipe, job.get("hyperParameters", {}), tokens=_tokens(event.get("dataset") or event)
    )
    ledger.note(settings.ledger_table, run, model_arn=model, results=facts, cost=cost)
    metrics.add_metric(name="ModelsTrained", unit="Count", value=1)
    logger.info("collected", model_arn=model, results=facts)
    return {"model_arn": model, "results": facts, "summary": f"Trained: {results.sentence}"}


def _tokens(given: dict[str, Any]) -> int:
    """Of the dataset. Executions of the first version hand on the number alone."""
    return int(given["training_tokens"] if "training_tokens" in given else given["tokens"])
