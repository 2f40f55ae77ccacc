"""What the job left behind, read into the ledger; its model becomes the next version of its recipe."""

from functools import cache
from typing import Any

from lambdas.observe import logger, metrics, observed
from tuning.aws import s3_objects
from tuning.aws.customization_jobs import CustomizationJobs
from tuning.aws.ledger import Ledger
from tuning.aws.model_registry import ModelRegistry
from tuning.models.estimate import charged
from tuning.releases.model_version import ModelVersion
from tuning.releases.release_request import ReleaseRequest
from tuning.runs import former_version
from tuning.runs import metrics_files as files
from tuning.runs.approvals import Approval
from tuning.runs.function_settings import RunSettings
from tuning.runs.jobs import JobStart
from tuning.runs.prepared_dataset import PreparedDataset
from tuning.runs.run import Run
from tuning.runs.training_metrics import Collected

_settings = cache(RunSettings.from_env)


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    run, settings = Run.from_dict(event["run"]), _settings()
    start, dataset = JobStart.from_json(event["job"]), _dataset(event)
    job = CustomizationJobs().read(start.arn)
    texts = s3_objects.texts(
        settings.artifacts_bucket,
        run.output_prefix,
        suffixes=(files.TRAINING_SUFFIX, files.VALIDATION_SUFFIX, files.MANIFEST_SUFFIX),
    )
    results = files.summarize(texts)
    cost = charged(
        run.recipe,
        job.get("hyperParameters", {}),
        tokens=dataset.training_tokens,
        most=dataset.training_tokens_at_most,
    )
    ledger = Ledger(table=settings.ledger_table)
    ledger.note(run, model_arn=job["outputModelArn"], results=results, cost=cost)
    approval = Approval.kept(event.get("approval"))  # machines of the former version do not say
    model = ModelVersion.trained(run, dataset, job, job_arn=start.arn, cost=cost, approval=approval)
    numbered = ModelRegistry(ledger=ledger).register(model)
    release = ReleaseRequest.of_model(numbered).execution if run.recipe.release else None
    collected = Collected(
        model_arn=job["outputModelArn"],
        results=results,
        summary=_summary(results.sentence, run, dataset),
        version=numbered.version,
        release=release,
    )
    metrics.add_metric(name="ModelsTrained", unit="Count", value=1)
    logger.info(
        "collected",
        model_arn=collected.model_arn,
        model_version=numbered.version,
        results=results.sentence,
    )
    return collected.to_json()


def _summary(results: str, run: Run, dataset: PreparedDataset) -> str:
    known = dataset.training_uri  # machines of the first version do not say what was trained on
    if known and not dataset.validation_uri and run.recipe.validation == "optional":
        return f"Trained: {results} The run had no validation set: none was beside its upload."
    return f"Trained: {results}"


def _dataset(event: dict[str, Any]) -> PreparedDataset:
    return PreparedDataset.from_json(event.get("dataset") or former_version.dataset(event))
