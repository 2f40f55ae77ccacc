"""Candidates whose evaluation has ended, or takes too long, are removed: nothing is left running."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from lambdas.apart import Apart
from lambdas.observe import logger, observed
from tuning.aws.candidates import Candidates
from tuning.aws.executions import Executions
from tuning.aws.ledger import Ledger
from tuning.aws.model_deployments import ModelDeployments
from tuning.aws.transient import Transient
from tuning.releases.evaluated_version import EvaluatedVersion
from tuning.runs.function_settings import ReleaseSettings
from tuning.runs.times import utc_time

_settings = cache(ReleaseSettings.from_env)


@observed
def handler(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Raises Transient when AWS kept it from one of them, which the next round tries again."""
    settings, apart, removed = _settings(), Apart(what="not removed"), 0
    candidates = Candidates(ledger=Ledger(table=settings.ledger_table))
    for each in candidates.evaluating():
        with apart.each(each):
            candidate = candidates.by_id(each)
            if candidate is None or _over(candidate, settings.release_machine_arn):
                removed += _removed(each, candidate, candidates)
    if apart.missed or apart.unreadable:
        raise Transient(f"not removed: {', '.join([*apart.missed, *apart.unreadable])}")
    return {"removed": removed}


def _over(candidate: EvaluatedVersion, machine: str) -> bool:
    late = datetime.now(UTC) > utc_time(candidate.due)
    return late or Executions(machine=machine).has_ended(candidate.execution)


def _removed(candidate_id: str, candidate: EvaluatedVersion | None, candidates: Candidates) -> bool:
    """Whether it is gone; else the next round looks again, since a deletion takes its time."""
    found = ModelDeployments().find(candidate.deployment) if candidate else None
    if candidate and found:
        if not found.mutating:
            ModelDeployments().delete(candidate.deployment)
        logger.warning("removing a candidate", candidate=candidate_id, deployment=found.arn)
        return False
    if candidate and candidate.outcome == "evaluating":
        candidates.end(candidate, "lost", "Its evaluation ended without a decision.")
    candidates.removed(candidate_id)
    return True
