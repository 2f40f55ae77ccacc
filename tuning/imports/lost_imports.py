"""Imports whose execution ended without recording how: stopped by somebody, too old, or unable to record."""

from datetime import timedelta

from tuning.imports.import_run import ImportRecord
from tuning.runs.rebuild import Execution

LONGEST = timedelta(days=30)
"""That an execution may take: longer than a wait for other imports, and retries for ten days of a job that may be
there."""
LOOKED_BACK = timedelta(days=7)
"""For how long after that an import is still found, should nobody have looked in between."""
CLOSERS = 3
"""Executions that are started to record an outcome. Each that fails raises the alarm FailedImports."""
_HOW = {"ABORTED": "was stopped", "TIMED_OUT": "took longer than 30 days"}


def lost_because(execution: Execution, record: ImportRecord) -> str:
    """For the person who waits for the import. `execution` is the one that lost it."""
    how = _HOW.get(execution.status, "ended before it could record how")
    said = f"Its execution {how} while the import was in state {record.state}."
    if record.job_arn and not (record.model_arn or record.no_model):
        said += f" Its job {record.job_arn} may go on; its model will not become a version."
    return f"{said} To import it anyway, upload {record.upload.uri} again."
