"""What a person asks for, and what an execution of the Release state machine is started with."""

import hashlib
from typing import Self

from tuning.errors import TuningError
from tuning.releases.go_ahead import GoAhead
from tuning.releases.live_model import Kind, LiveModel
from tuning.releases.model_version import ModelVersion
from tuning.runs.json_record import Record

_VERSION = 1
"""Of the input: additive changes leave it as it is."""


class NotReleasableError(TuningError):
    """What was asked for makes no sense, whatever AWS says to it."""


class ReleaseRequest(Record, frozen=True, kw_only=True):
    recipe: str
    version: int
    seen: int | None = None
    """The revision of what was live as it was asked for: a change meanwhile makes it void. None of the first
    release of a run, which compares with whatever is live as it begins.
    """
    kind: Kind
    go_ahead: GoAhead
    attempt: int = 1
    """Of this change at this revision: an execution that ended without making it leaves its name taken."""
    schema: int = _VERSION

    @property
    def execution(self) -> str:
        """The name of its execution. The same change of the same revision has the same name: of two people
        who ask for it one starts it. At most 80 characters, as a recipe's name has at most 40.
        https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
        """
        what = f"{self.recipe} {self.seen} {self.version} {self.attempt}"
        return f"{self.recipe}-{hashlib.sha256(what.encode()).hexdigest()[:20]}"

    @property
    def token(self) -> str:
        """`clientRequestToken` of the deployment: a retried call is the same request."""
        return hashlib.sha256(f"deploy {self.execution}".encode()).hexdigest()

    @property
    def candidate_token(self) -> str:
        """Of the deployment for its evaluation."""
        return hashlib.sha256(f"evaluate {self.execution}".encode()).hexdigest()

    @classmethod
    def of_model(cls, model: ModelVersion, *, by: str | None = None) -> Self:
        """The release of a run's model, asked for by a person, or by nobody as the run has ended."""
        go_ahead = GoAhead.of_a_person(by) if by else GoAhead()
        return cls(recipe=model.recipe, version=model.version, kind="release", go_ahead=go_ahead)

    @classmethod
    def promotion(cls, live: LiveModel, version: int, *, kind: Kind, by: str) -> Self:
        return cls(
            recipe=live.recipe,
            version=version,
            seen=live.revision,
            kind=kind,
            go_ahead=GoAhead.of_a_person(by),
        )

    @classmethod
    def rollback(cls, live: LiveModel, version: int | None, *, by: str) -> Self:
        """To `version`, else to what answered before. Raises NotReleasableError when nothing did, or when
        it is what answers.
        """
        target = version if version is not None else live.before
        if live.version is None:
            raise NotReleasableError(
                f"{live.recipe}: nothing is live, so there is nothing to roll back"
            )
        if target is None:
            raise NotReleasableError(
                f"{live.recipe}: version {live.version} is the first that was live; name a version"
            )
        if target == live.version:
            raise NotReleasableError(f"{live.recipe}: version {target} is live already")
        return cls.promotion(live, target, kind="rollback", by=by)
