"""What is known of a job from the metrics files that it left: `metrics_files.py` reads them."""

from tuning.reports.series import Point
from tuning.runs.json_record import Record


class Curve(Record, frozen=True, kw_only=True):
    """One loss over the steps of training."""

    steps: int
    first: float
    last: float
    lowest: float
    points: tuple[Point, ...] = ()
    """Steps with their losses, as many as a chart shows; none of a run that ended before they were kept."""


class Results(Record, frozen=True, kw_only=True):
    """What the files of a job say of its training."""

    training: Curve | None = None
    validation: Curve | None = None
    rejected_records: int | None = None
    """By Bedrock, of its own manifest; None when there is none."""

    @property
    def sentence(self) -> str:
        if self.training is None:
            return "Bedrock left no training metrics."
        text = f"training loss {self.training.first:g} to {self.training.last:g}"
        if self.validation:
            text += f", validation loss {self.validation.last:g}"
        return f"{text} after {self.training.steps:,} steps."


class Collected(Record, frozen=True, kw_only=True):
    """What collect_results answers the state machine."""

    model_arn: str | None = None
    results: Results | None = None
    summary: str = ""
    version: int | None = None
    """Of the model within its recipe."""
    release: str | None = None
    """Of a run whose recipe has a gate: the name of the execution that evaluates the version."""
