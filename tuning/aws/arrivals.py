"""What arrived is written down once, and one execution brings it to its outcome."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tuning.aws.executions import Executions
from tuning.aws.ledger import Ledger
from tuning.runs.newest_version import NewestVersion, OvertakenError
from tuning.runs.run import Misdirected, Run, received


def begin(
    arrived: Run | Misdirected, ledger: Ledger, executions: Executions
) -> tuple[Run | Misdirected, bool] | None:
    """Start what its upload has become, which anyone may have written before, and whether that was new to
    Step Functions. None when its version has begun already.
    """
    if (given := _arrived(arrived, ledger)) is None:
        return None
    run = received(given)
    new = executions.start(run.id, given)
    ledger.move(run, "started")  # or the execution is ahead of us already
    return run, new


def _arrived(arrived: Run | Misdirected, ledger: Ledger) -> Mapping[str, Any] | None:
    """Where the recipe has older versions of an object give way, the run knows which one it supersedes,
    or that it is overtaken, since it is older than one that was received before it.
    """
    if not isinstance(arrived, Run) or not arrived.recipe.supersede:
        return ledger.arrive(arrived)
    while True:  # who is overtaken looks again: each time one more version was received
        newest = ledger.newest_version(arrived.upload)
        if newest and newest.run_id == arrived.id:
            return ledger.arrive(arrived)
        if newest and newest.follows(arrived.upload):
            return ledger.arrive(replace(arrived, overtaken_by=newest.run_id))
        before = newest.run_id if newest else None
        own = NewestVersion.of(arrived.upload, arrived.id, before=before)
        try:
            return ledger.arrive(replace(arrived, supersedes=before), newest=own)
        except OvertakenError:
            continue
