"""What has had its time is removed, so that nothing is left running: candidates, Provisioned Throughput, and imported
models.
"""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from lambdas.apart import Apart
from lambdas.observe import logger, observed
from tuning.aws.answering_models import AnsweringModels, answering_models
from tuning.aws.candidates import Candidates
from tuning.aws.executions import Executions
from tuning.aws.imported_removal import ImportedRemoval
from tuning.aws.ledger import Ledger
from tuning.aws.live_models import LiveModels
from tuning.aws.model_deployments import DeploymentRefusedError
from tuning.aws.notices_topic import NoticesTopic
from tuning.aws.transient import Transient
from tuning.releases.evaluated_version import EvaluatedVersion
from tuning.releases.live_model import LiveModel
from tuning.releases.release_settings import RemovalSettings
from tuning.releases.release_steps import deployment_name
from tuning.releases.time_to_live import had_its_time, is_over
from tuning.runs.times import utc_time

_settings = cache(RemovalSettings.from_env)


@observed
def handler(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Raises Transient when AWS kept it from one of them, which the next round tries again."""
    settings, apart, removed = _settings(), Apart(what="not removed"), 0
    ledger = Ledger(table=settings.ledger_table)
    candidates, lives = Candidates(ledger=ledger), LiveModels(ledger=ledger)
    for each in candidates.evaluating():
        with apart.each(each):
            candidate = candidates.by_id(each)
            if candidate is None or _over(candidate, settings.release_machine_arn):
                removed += _removed(each, candidate, candidates)
    for recipe in lives.provisioned():
        with apart.each(recipe):
            removed += _stopped(recipe, lives)
    if apart.missed or apart.unreadable:
        raise Transient(f"not removed: {', '.join([*apart.missed, *apart.unreadable])}")
    return {"removed": removed}


def _over(candidate: EvaluatedVersion, machine: str) -> bool:
    late = datetime.now(UTC) > utc_time(candidate.due)
    return late or Executions(machine=machine).has_ended(candidate.execution)


def _removed(candidate_id: str, candidate: EvaluatedVersion | None, candidates: Candidates) -> bool:
    """Whether it is gone; else the next round looks again, since a deletion takes its time."""
    if candidate:
        models = answering_models(candidate.served_by)
        if _is_there(models, candidate.deployment):
            return False
    if candidate and candidate.outcome == "evaluating":
        candidates.end(candidate, "lost", "Its evaluation ended without a decision.")
    candidates.removed(candidate_id, candidate)
    return True


def _stopped(recipe: str, lives: LiveModels) -> bool:
    """Whether what was live is gone. That nothing answers is recorded before it is deleted, so that a release that
    begins meanwhile is not taken for the one that had its time.
    """
    live, settings = lives.read(recipe), _settings()
    executions = Executions(machine=settings.release_machine_arn)
    if not is_over(live, datetime.now(UTC), ended=executions.has_ended):
        return False
    until = live.due if live.version else live.latest
    if live.served_by == "imported" and until is None:  # its recipe had no awake_hours any more
        return lives.removed(live)
    said = had_its_time(live, settings.environment)
    if live.latest and (live.version or live.change):
        if not lives.stop(live, last=said):
            return False
        live = lives.read(recipe)
    if not _is_gone(live, lives.ledger):
        return False
    if live.due:
        what = "imported model" if live.served_by == "imported" else "Provisioned Throughput"
        topic = NoticesTopic(arn=settings.notices_topic_arn)
        topic.publish(f"{recipe}: {what} has ended", said)
    return lives.removed(live)


def _is_gone(live: LiveModel, ledger: Ledger) -> bool:
    name = deployment_name(_settings().environment, live.recipe)
    if live.served_by == "imported":
        return ImportedRemoval(ledger=ledger).step(live, name)
    return not _is_there(answering_models("provisioned"), name)


def _is_there(models: AnsweringModels, name: str) -> bool:
    """Whether it is to be looked for again: a deletion takes its time, and what is changing cannot be deleted."""
    found = models.find(name)
    if found is None:
        return False
    try:
        if not found.mutating:
            models.delete(name)
    except DeploymentRefusedError as error:
        if not error.mutating:
            raise
    logger.warning("removing what has had its time", deployment=found.arn)
    return True
