"""What becomes of an import: a version of its recipe, and what its owner is told."""

from tuning.imports.import_run import ImportRecord
from tuning.models.import_units import awake_words, storage_of_units
from tuning.releases.model_version import ModelVersion, numbered_key
from tuning.reports.visible_text import visible
from tuning.runs.money_records import Charged


def imported_version(record: ImportRecord, *, ended_at: str) -> ModelVersion:
    """As the first of its recipe; the registry numbers it."""
    stored = storage_of_units(record.model_units) if record.model_units else None
    return ModelVersion(
        id=numbered_key(record.recipe, 1),
        recipe=record.recipe,
        version=1,
        run_id=record.import_id,
        upload=record.upload.uri,
        upload_version=record.upload.version_id,
        dataset="",
        trained_by=record.recipe,
        recipe_digest=record.recipe_digest,
        base_model=record.base or str(record.architecture),
        job_arn=str(record.job_arn),
        model_arn=str(record.model_arn),
        trained_at=ended_at,
        cost=Charged(usd=stored, basis="the first month of its storage; an import costs nothing"),
        imported=str(record.architecture),
        converse=bool(record.converse),
    )


def finished_summary(record: ImportRecord, *, region: str) -> str:
    """For the notice."""
    where = visible(record.upload.uri)
    if record.state != "imported":
        model = (
            f" Its model {record.model_arn} is stored, and billed by the month, until it is deleted: aws bedrock "
            f"delete-imported-model --model-identifier {record.model_arn}"
        )
        return f"{where} was {'refused' if record.state == 'refused' else 'not imported'}: {record.why}{model * bool(record.model_arn)}"
    return (
        f"{where} is version {record.version} of {record.recipe}. {awake_words(region, record.model_units)} "
        f"Nobody can ask it until it is live: tuning promote {record.recipe} {record.version}"
    )
