"""Which versions of a recipe are kept, and why; the others are beyond what the recipe keeps.

What is in use is kept whatever the recipe says, and takes up no place among those that it keeps beside.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tuning.evaluation.release_options import ReleaseOptions
from tuning.releases.evaluated_version import EvaluatedVersion
from tuning.releases.live_model import LiveModel
from tuning.releases.model_deletion import ModelDeletion
from tuning.releases.model_version import ModelVersion
from tuning.runs.times import utc_time

RESTS = timedelta(days=1)
"""How long a version is kept that was not evaluated yet: its release may be about to begin."""


@dataclass(frozen=True, kw_only=True)
class KnownVersion:
    """What is known of a version beside what is live of its recipe."""

    model: ModelVersion
    evaluated: EvaluatedVersion | None = None
    deletion: ModelDeletion | None = None
    used_by: str = ""
    """What in the account uses its model, such as a deployment that somebody made by hand."""

    @property
    def gone(self) -> bool:
        return self.deletion is not None and self.deletion.state == "deleted"


@dataclass(frozen=True, kw_only=True)
class Kept:
    version: int
    why: str
    in_use: bool = True
    """Else it is one of those that the recipe keeps beside."""


@dataclass(frozen=True, kw_only=True)
class Keeping:
    """Of a recipe's versions that are not deleted."""

    kept: tuple[Kept, ...] = ()
    beyond: tuple[ModelVersion, ...] = ()
    """The oldest first, in the order in which they are deleted."""
    why: str = ""
    """Of those beyond."""


def keeping(
    known: Sequence[KnownVersion], live: LiveModel, options: ReleaseOptions, now: datetime
) -> Keeping:
    """`known`: all versions of the recipe, in any order."""
    there = sorted((each for each in known if not each.gone), key=_number, reverse=True)
    shown = live_evaluation(known, live)
    used = [
        Kept(version=each.model.version, why=why)
        for each in there
        if (why := in_use(each, live, shown, now))
    ]
    taken = {each.version for each in used}
    rest = [each.model for each in there if each.model.version not in taken]
    newest = [
        Kept(version=each.version, why=f"among the {options.keep_models} newest", in_use=False)
        for each in rest[: options.keep_models]
    ]
    return Keeping(
        kept=(*used, *newest),
        beyond=tuple(reversed(rest[options.keep_models :])),
        why=f"beyond keep_models = {options.keep_models} of its recipe",
    )


def in_use(
    known: KnownVersion, live: LiveModel, shown: EvaluatedVersion | None, now: datetime
) -> str | None:
    """Why a version is never deleted, whatever its recipe keeps; None when nobody uses it. `shown`: the
    evaluation of what is live.
    """
    version, evaluated = known.model.version, known.evaluated
    if standing := live.standing(version):
        return standing
    if live.change and live.change.version == version:
        return f"{live.change.kind} under way"
    if evaluated is None:
        return "new" if _rests(known.model, now) else known.used_by or None
    if evaluated.outcome == "evaluating":
        return "evaluation under way"
    if evaluated.outcome == "passed" and not _overtaken(evaluated, shown):
        return "waits for a person"
    return known.used_by or None


def live_evaluation(known: Sequence[KnownVersion], live: LiveModel) -> EvaluatedVersion | None:
    """None when nothing is live, or what is was never evaluated."""
    return next((each.evaluated for each in known if each.model.version == live.version), None)


def _rests(model: ModelVersion, now: datetime) -> bool:
    """One of which Bedrock did not say when it was trained is never known to be old."""
    return model.trained_at is None or now < utc_time(model.trained_at) + RESTS


def _overtaken(evaluated: EvaluatedVersion, shown: EvaluatedVersion | None) -> bool:
    """Whether what was evaluated later went live meanwhile: then nobody waits for an answer any more."""
    return shown is not None and utc_time(shown.begun_at) > utc_time(evaluated.begun_at)


def _number(known: KnownVersion) -> int:
    return known.model.version
