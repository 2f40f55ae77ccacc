"""What an evaluation of a version is about, and how far it has come; passed between steps of a release."""

from collections.abc import Mapping
from typing import Literal

from tuning.evaluation.records import GateDecision, Side
from tuning.releases.release_steps import ReleaseStart
from tuning.runs.json_record import Record

_SIDES: tuple[Side, ...] = ("candidate", "live", "base")


class EvaluationPlan(Record, frozen=True, kw_only=True):
    """What plan_evaluation answers."""

    state: Literal["planned", "not_needed", "held"] = "held"
    """`not_needed`: the recipe as it is deployed has no table [release]."""
    why: str = ""
    """Of `held`: one sentence."""
    recipe: str = ""
    version: int = 0
    base_model: str = ""
    seen: int = 0
    """The revision of what is live: a change meanwhile makes the evaluation void."""
    candidate: ReleaseStart | None = None
    """The deployment under which the candidate is asked; None unless planned."""
    models: Mapping[Side, str] = {}
    """What the candidate is compared with, as Bedrock's runtime takes it: an ARN or the id of a base model."""
    prompts_uri: str = ""
    """Of the prepared evaluation set."""
    run_id: str = ""
    execution: str = ""
    """The name of the one that evaluates; with the run's id, of the objects in which answers are kept."""
    judge: str | None = None
    """The model that rates the answers beside the gate; None where the recipe asks for none."""

    @property
    def sides(self) -> list[Side]:
        """Those that answer, in the order in which they are asked."""
        return [side for side in _SIDES if side == "candidate" or side in self.models]


class AskedPrompts(Record, frozen=True, kw_only=True):
    """What answer_prompts answers: how far it has come."""

    state: Literal["in_progress", "waiting", "done", "failed"] = "in_progress"
    answered: int = 0
    """Prompts over all sides, one side after the other."""
    stalls: int = 0
    """Invocations since the last answer."""
    why: str = ""
    """Of `waiting` and `failed`: what AWS says."""


GateResult = Literal["promote", "held", "passed"]
"""`passed`: it may go live, and the recipe has a person asked first."""


class GateOutcome(Record, frozen=True, kw_only=True):
    """What decide_release answers."""

    outcome: GateResult
    decision: GateDecision
    summary: str
    uri: str
    """Of the evaluation, with every metric and the worst regressions."""


def promoting(recipe: str, version: int, environment: str) -> str:
    """The command by which a person overrules the gate."""
    return f"tuning promote {recipe} {version} -e {environment}"
