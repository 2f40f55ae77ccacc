"""Check exactly the version that was uploaded; write the copy that is trained, and the report."""

import json
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cache
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from lambdas import ledger, objects
from lambdas.observe import logger, metrics, observed
from tuning.preparation import Prepared, Source, deleted, prepare, too_large
from tuning.runs import Run
from tuning.settings import RunSettings
from tuning.uploads import TRAINING, VALIDATION

_settings = cache(RunSettings.from_env)


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    run, settings = Run.from_dict(event["run"]), _settings()
    with ExitStack() as open_files:
        copies = {n: open_files.enter_context(TemporaryFile()) for n in (TRAINING, VALIDATION)}
        prepared = _prepare(run, settings, copies, open_files)
        uris = _publish(prepared, settings, copies)
    uri = _tell(prepared, run, settings.artifacts_bucket)
    answer = prepared.answer(report_uri=uri, uris=uris)
    ledger.note(settings.ledger_table, run.id, state="checked", dataset=answer)
    metrics.add_metric(name=f"Datasets{prepared.report.verdict.title()}", unit="Count", value=1)
    logger.info("checked", verdict=prepared.report.verdict, counts=dict(prepared.report.counts))
    return answer


def _tell(prepared: Prepared, run: Run, bucket: str) -> str:
    """The report beside the run: one for programs, one for people. Answers where the latter is."""
    document = json.dumps(prepared.report.to_dict(), ensure_ascii=False)
    objects.put(bucket, f"{run.reports_prefix}report.json", document, "application/json")
    page = prepared.page(run)
    return objects.put(bucket, f"{run.reports_prefix}report.html", page, "text/html; charset=utf-8")


def _prepare(
    run: Run, settings: RunSettings, copies: Mapping[str, BinaryIO], open_files: ExitStack
) -> Prepared:
    upload, limit = run.upload, int(settings.max_dataset_mb)
    if too_big := too_large(TRAINING, upload.size, limit_mb=limit):
        return too_big
    versions = {upload.key: upload.version_id}
    if found := objects.latest(upload.bucket, upload.validation_key):
        versions[upload.validation_key], size = found
        if too_big := too_large(VALIDATION, size, limit_mb=limit):
            return too_big
    sources = []
    for key, version in versions.items():
        try:
            stream = open_files.enter_context(objects.reading(upload.bucket, key, version))
        except FileNotFoundError:
            return deleted(key)
        name = key.rsplit("/", 1)[-1]
        sources.append(Source(name=name, stream=stream, copy=copies[name]))
    return prepare(run.recipe, *sources)


def _publish(
    prepared: Prepared, settings: RunSettings, copies: Mapping[str, BinaryIO]
) -> dict[str, str]:
    """Only what was accepted becomes a prepared copy. Answers where each file lies."""
    uris = {}
    for name, digest in prepared.digests.items():
        copies[name].seek(0)
        key = f"prepared/{digest}/{name}"
        uris[name] = objects.put_once(settings.prepared_bucket, key, copies[name])
    return uris
