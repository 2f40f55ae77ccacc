"""What a recipe asks of a trained model before it goes live, and how long older ones are kept."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from msgspec import Struct, structs

from tuning.evaluation.judge_metrics import USUAL_METRICS
from tuning.runs.json_record import fields_of

Gated = Literal[
    "exact_match",
    "normalised_match",
    "token_f1",
    "rouge_l",
    "chrf",
    "label_accuracy",
    "valid_json",
    "json_schema",
]
Reference = Literal["live", "base"]
Promotion = Literal["automatic", "ask"]


class ReleaseOptions(Struct, frozen=True, kw_only=True):
    """That a trained model is evaluated, and by what it may go live."""

    metric: Gated
    better_than: Reference = "live"
    """What the candidate is compared with. Without a live model it is the base."""
    by_at_least: float = 0.0
    """By how much the mean score must be higher, of a score from 0 to 1."""
    confidence: float = 0.95
    """Of the gate: a candidate that is no better passes in at most 5 % of evaluations."""
    min_prompts: int = 100
    """Fewer different prompts decide nothing: the candidate is held."""
    labels: tuple[str, ...] = ()
    """Of `label_accuracy`: all that an answer may be; by default those in the evaluation set."""
    schema: Mapping[str, Any] | None = None
    """Of `json_schema`: what answers must conform to. JSON Schema, draft 2020-12."""
    promote: Promotion = "automatic"
    """Whether a candidate that passes goes live by itself, or a person is asked."""
    keep_models: int = 5
    """Older models of the recipe beside the live one and the one to roll back to."""
    delete_models: bool = False
    """Whether models beyond `keep_models` are deleted; else they are listed."""
    candidate_hours: int = 6
    """How long a candidate's deployment may exist. Hours."""
    provisioned_hours: int | None = None
    """How long Provisioned Throughput may exist, for a base without on-demand serving. None: not bought."""

    judge: str | None = None
    """A model of Bedrock, or its inference profile, that rates the answers beside the gate, and decides nothing."""
    judge_metrics: tuple[str, ...] = USUAL_METRICS
    """What it rates."""
    judge_leaves_region: bool = False
    """Whether prompts and answers may go to other Regions, as an inference profile sends them."""

    def to_dict(self) -> dict[str, Any]:
        """For JSON; what is None is left out."""
        return {name: value for name, value in structs.asdict(self).items() if value is not None}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Self:
        """The inverse of `to_dict`, for what was checked before it was written."""
        given = fields_of(cls, raw)
        given["labels"] = tuple(given.get("labels", ()))
        given["judge_metrics"] = tuple(given.get("judge_metrics", USUAL_METRICS))
        return cls(**given)
