"""What arrived is written down once, and one execution brings it to its outcome."""

from tuning.aws.executions import Executions
from tuning.aws.ledger import Ledger
from tuning.runs.run import Misdirected, Run, received


def begin(
    arrived: Run | Misdirected, ledger: Ledger, executions: Executions
) -> tuple[Run | Misdirected, bool] | None:
    """Start what its upload has become, which anyone may have written before, and whether that was new to
    Step Functions. None when its version has begun already.
    """
    if (given := ledger.arrive(arrived)) is None:
        return None
    run = received(given)
    new = executions.start(run.id, given)
    ledger.move(run, "started")  # or the execution is ahead of us already
    return run, new
