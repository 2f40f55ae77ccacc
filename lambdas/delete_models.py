"""Models beyond what their recipes keep are deleted, where the recipe says so: nothing that is in use is."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any

from lambdas import deployed_recipes
from lambdas.apart import Apart
from lambdas.observe import logger, observed
from tuning.aws.known_versions import KnownVersions
from tuning.aws.ledger import Ledger
from tuning.aws.model_removal import ModelNotDeletedError, ModelRemoval
from tuning.aws.notices_topic import NoticesTopic
from tuning.aws.transient import Transient
from tuning.models.prices import storage_per_month
from tuning.releases.deletion_notice import deletion_notice
from tuning.releases.kept_versions import Keeping, KnownVersion, in_use, keeping
from tuning.releases.live_model import LiveModel
from tuning.releases.model_deletion import ModelDeletion
from tuning.releases.release_settings import DeleterSettings
from tuning.runs.json_record import RecordError

_settings = cache(DeleterSettings.from_env)
_NOT_ASKED = "its recipe no longer asks for it"


@observed
def handler(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """Raises Transient when something kept it from one of them, which the next round tries again."""
    apart, deleted = Apart(what="not deleted"), dict[str, list[int]]()
    versions = KnownVersions(ledger=Ledger(table=_settings().ledger_table))
    for recipe in versions.registry.recipes():
        with apart.each(recipe):
            if done := _round(recipe, versions, apart):
                deleted[recipe] = done
    if missed := [*apart.missed, *apart.unreadable]:
        raise Transient(f"not deleted: {', '.join(missed)}")
    return {"deleted": deleted}


def _round(recipe: str, versions: KnownVersions, apart: Apart) -> list[int]:
    """The versions of a recipe that were deleted."""
    known = list(_readable(recipe, versions, apart))
    not_notified = [d for each in known if each.gone and (d := each.deletion) and not d.notified]
    new = []
    for each, why in _due(recipe, known, versions.live(recipe)):
        with apart.each(each.model.id):
            if deletion := _treated(each, why, versions):
                new.append(deletion)
    if notified := [*not_notified, *new]:
        subject, message = deletion_notice(notified, storage_per_month())
        NoticesTopic(arn=_settings().notices_topic_arn).publish(subject, message)
        for deletion in notified:
            versions.deletions.record_notice(deletion)
    return [each.version for each in new]


def _readable(recipe: str, versions: KnownVersions, apart: Apart) -> Iterator[KnownVersion]:
    """What cannot be read is reported, and kept."""
    for each in versions.of(recipe):
        if isinstance(each, KnownVersion):
            yield each
        else:
            with apart.each(each.id):
                raise RecordError(each.why)


def _due(
    recipe: str, known: list[KnownVersion], live: LiveModel
) -> Iterator[tuple[KnownVersion, str]]:
    """What is to be deleted, and why; and, without a reason, what a round that died has claimed and is not to be
    deleted any more. While a release is under way it is not certain what will be live: then nothing is deleted.
    """
    now, options = datetime.now(UTC), deployed_recipes.gate(recipe)
    asked = options if options and options.delete_models and live.change is None else None
    found = keeping(known, live, asked, now) if asked else Keeping()
    beyond = {model.version for model in found.beyond}
    for each in sorted(known, key=lambda one: one.model.version):
        if each.model.imported:
            continue  # a claim on it is of lambdas/remove_candidates.py
        claim = each.deletion if each.deletion and each.deletion.state == "claimed" else None
        if claim and claim.is_held(now):
            continue
        if each.model.version in beyond:
            yield each, found.why
        elif claim:
            yield each, ""


def _treated(known: KnownVersion, why: str, versions: KnownVersions) -> ModelDeletion | None:
    """The deletion, if it came to one. Who begins a release says so before it looks for a claim; here the claim comes
    before the look at releases: of the two that meet one gives way, or both.
    """
    model, seen, removal = known.model, known.deletion, ModelRemoval()
    kept = removal.used_by(model.model_arn)
    if kept and not (seen and seen.bars):
        logger.info("kept", model=model.id, why=kept)
        return None
    claim = ModelDeletion.of(model, why or _NOT_ASKED, datetime.now(UTC))
    if not versions.deletions.claim(claim, instead_of=seen):
        return None
    kept = kept or _needed(known, versions) or removal.used_by(model.model_arn)
    kept, refusal = kept or ("" if why else _NOT_ASKED), None
    if not kept and (refusal := _refused(model.model_arn, removal)):
        kept = f"Bedrock keeps it: {refusal.code}: {refusal.message}"
    # A round that died may have deleted it, and a refusal may be one of what is gone.
    gone = not kept or removal.is_gone(model.model_arn)
    logger.warning("model deleted" if gone else "model kept", model=model.id, why=kept or why)
    settled = versions.deletions.settle(
        claim, "deleted" if gone else "withdrawn", claim.why if gone else kept, datetime.now(UTC)
    )
    if refusal and refusal.denied and not gone:
        raise Transient(refusal.message)  # somebody has to look at it
    return settled if gone else None


def _needed(known: KnownVersion, versions: KnownVersions) -> str | None:
    """Why it is kept after all, as things are now that it is claimed."""
    recipe = known.model.recipe
    live = versions.live(recipe)
    if live.change is not None:
        return f"a {live.change.kind} of version {live.change.version} is under way"
    shown = versions.evaluated(recipe, live.version)
    return in_use(versions.again(known), live, shown, datetime.now(UTC))


def _refused(model_arn: str, removal: ModelRemoval) -> ModelNotDeletedError | None:
    """None when it is gone."""
    try:
        removal.delete(model_arn)
    except ModelNotDeletedError as error:
        return error
    return None
