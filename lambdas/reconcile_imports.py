"""Find imports whose execution ended without recording how, and have another execution record it."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from lambdas.apart import Apart, NotReconciled
from lambdas.observe import logger, observed
from tuning.aws.executions import Executions
from tuning.aws.import_ledger import Imports
from tuning.aws.ledger import Ledger
from tuning.imports.import_settings import ImportReconcilerSettings
from tuning.imports.lost_imports import CLOSERS, LONGEST, LOOKED_BACK, lost_because
from tuning.runs.rebuild import Execution, execution_name, run_of

_settings = cache(ImportReconcilerSettings.from_env)


@observed
def handler(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """What one import raises hides no other; a fault of AWS is raised once all are treated."""
    settings, apart = _settings(), Apart(what="not reconciled")
    imports = Imports(ledger=Ledger(table=settings.ledger_table))
    executions = Executions(machine=settings.state_machine_arn)
    since = datetime.now(UTC) - LONGEST - LOOKED_BACK
    closed = []
    for import_id in sorted({run_of(name) for name in executions.unsuccessful(since)}):
        with apart.each(import_id):
            if _close(import_id, imports, executions):
                closed.append(import_id)
    if apart.missed:
        raise NotReconciled(", ".join(apart.missed))
    return {"closed": closed, "unreadable": apart.unreadable}


def _close(import_id: str, imports: Imports, executions: Executions) -> bool:
    """Whether an execution was started to record the outcome of an import that has none."""
    record = imports.find(import_id)
    if record is None or record.ended:
        return False
    tried = _executions(import_id, executions)
    if not tried or tried[-1].status == "RUNNING":
        return False
    if len(tried) > CLOSERS:
        logger.error("not closed", import_id=import_id, executions=len(tried))
        return False
    given = {"import_id": import_id, "lost": lost_because(tried[0], record)}
    started = executions.start(execution_name(import_id, len(tried) + 1), given)
    logger.warning("closed", import_id=import_id, started=started, why=given["lost"])
    return started


def _executions(import_id: str, executions: Executions) -> list[Execution]:
    """The import's own, and those that were started to close it, in order."""
    found = []
    for number in range(1, CLOSERS + 2):
        one = executions.described(execution_name(import_id, number))
        if one is None:
            break
        found.append(one)
    return found
