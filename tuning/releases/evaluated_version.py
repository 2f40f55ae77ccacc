"""A version that is or was evaluated before it goes live, and the deployment that is removed afterwards."""

from typing import Literal

from tuning.releases.release_steps import ServedBy
from tuning.runs.ledger_item import SCHEMA, Stored

CANDIDATES = "candidate#"
"""What the keys of this file begin with: not as those of what is live, which others write."""
EVALUATING, EVALUATING_KEY = "evaluating", CANDIDATES
"""An item's set of the ids of all candidates that may be deployed, and its key."""

EvaluationState = Literal["evaluating", "released", "held", "passed", "refused", "failed", "lost"]
"""`lost`: its execution ended without a word, as when somebody stops it."""


class EvaluatedVersion(Stored, frozen=True, kw_only=True):
    """One a version; of a second evaluation it has the second one's."""

    recipe: str
    version: int
    execution: str
    """The name of the execution that evaluates it, or did so last."""
    deployment: str
    """The name of the candidate's deployment."""
    begun_at: str
    """ISO 8601, UTC."""
    due: str
    """Until when the deployment may exist, whatever its execution does. ISO 8601, UTC."""
    outcome: EvaluationState = "evaluating"
    summary: str = ""
    """What it came to, in words."""
    evaluation_uri: str | None = None
    """Of every metric and the worst regressions; None until it was decided."""
    provisioned: bool = False
    """Whether its deployment is Provisioned Throughput."""
    schema: int = SCHEMA

    @property
    def served_by(self) -> ServedBy:
        """Imported models are not evaluated: a recipe of method IMPORT has no gate."""
        return "provisioned" if self.provisioned else "on_demand"


def candidate_key(recipe: str, version: int) -> str:
    return f"{CANDIDATES}{recipe}#{version}"
