"""Check exactly the version that was uploaded; write the copy that is trained, and the report."""

from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cache
from math import ceil
from typing import Any

from lambdas.observe import logger, metrics, observed
from tuning.aws import dataset_files
from tuning.aws.ledger import Ledger
from tuning.runs.function_settings import RunSettings
from tuning.runs.prepared_dataset import PreparedDataset
from tuning.runs.run import Run
from tuning.runs.times import moment

_settings = cache(RunSettings.from_env)
_RESERVED_SECONDS = 45
"""Of the function's time, for what is left to do when a check has ended: to write copies and reports."""


@observed
def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    run, settings = Run.from_dict(event["run"]), _settings()
    ledger, now = Ledger(table=settings.ledger_table), datetime.now(UTC)
    # Machines of former versions say nothing of waiting, and cannot.
    if event.get("waited") is False and (until := dataset_files.waiting_until(run, now)):
        ledger.note(run, waits_until=moment(until))
        seconds = ceil((until - now).total_seconds())
        logger.info("waits for other uploads", seconds=seconds)
        return PreparedDataset(verdict="waiting", wait_seconds=seconds).to_json()

    def remaining() -> float:
        return float(context.get_remaining_time_in_millis()) / 1000 - _RESERVED_SECONDS

    with ExitStack() as open_files:
        copies = dataset_files.empty_copies(open_files)
        prepared = dataset_files.prepared(run, settings, copies, open_files, remaining=remaining)
        uris = dataset_files.published(prepared, settings.prepared_bucket, copies)
    uri = dataset_files.write_reports(prepared, run, settings.artifacts_bucket)
    answer = prepared.answer(report_uri=uri, uris=uris)
    ledger.move(run, "checked", dataset=answer)
    metrics.add_metric(name=f"Datasets{prepared.report.verdict.title()}", unit="Count", value=1)
    logger.info("checked", verdict=prepared.report.verdict, counts=dict(prepared.report.counts))
    return answer.to_json()
