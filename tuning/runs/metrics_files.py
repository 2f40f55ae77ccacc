"""The metrics files a job leaves behind, read into a summary.

Columns: https://docs.aws.amazon.com/bedrock/latest/userguide/model-customization-analyze.html
"""

import csv
import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from tuning.reports.series import Point, drawable, thinned
from tuning.runs.training_metrics import Curve, Results

# Looked up by suffix: AWS pages and field reports differ in the folders above.
TRAINING_SUFFIX = "step_wise_training_metrics.csv"
VALIDATION_SUFFIX = "validation_metrics.csv"
MANIFEST_SUFFIX = "manifest.report.csv"

KEPT_POINTS = 120
"""Of a curve, in the ledger: people see it from where they are, while Bedrock's files are read from inside of
the VPC only. Two curves take about 5 KB of the 400 that an item may have.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""


def curve(text: str, column: str) -> Curve | None:
    """The curve of `column` (`training_loss`, `validation_loss`); None when no row has a number."""
    rows = [(row, loss) for row in _rows(text) if (loss := _number(row.get(column))) is not None]
    if not rows:
        return None
    losses = [loss for _, loss in rows]
    return Curve(
        steps=len(losses),
        first=losses[0],
        last=losses[-1],
        lowest=min(losses),
        points=_kept([_number(row.get("step_number")) for row, _ in rows], losses),
    )


def _kept(numbers: Sequence[float | None], losses: Sequence[float]) -> tuple[Point, ...]:
    """By the file's own steps where they rise from row to row, else by the order of its rows."""
    steps = [number for number in numbers if number is not None]
    rising = len(steps) == len(losses) and all(a < b for a, b in pairwise(steps))
    points = list(zip(steps if rising else map(float, range(len(losses))), losses, strict=True))
    drawn = [point for point in thinned(points, KEPT_POINTS) if drawable(point)]
    return tuple((step, float(f"{loss:.6g}")) for step, loss in drawn)


def rejected_records(manifest: str) -> int:
    """How many records Bedrock itself rejected, over all files of its manifest."""
    return sum(int(_number(row.get("rejectedRecordCount")) or 0) for row in _rows(manifest))


def _rows(text: str) -> list[Mapping[str, str]]:
    try:
        return list(csv.DictReader(text.removeprefix("\ufeff").splitlines()))
    except csv.Error:  # a model that is trained is not failed by a metrics file that is not a CSV
        return []


def _number(text: str | None) -> float | None:
    """A finite number: JSON has no other, and the answer to the state machine is JSON."""
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def summarize(texts: Mapping[str, str]) -> Results:
    """Of a job's files by key: the curves, and what Bedrock rejected."""
    training = _first(texts, TRAINING_SUFFIX)
    validation = _first(texts, VALIDATION_SUFFIX)
    manifest = _first(texts, MANIFEST_SUFFIX)
    return Results(
        training=curve(training, "training_loss") if training is not None else None,
        validation=curve(validation, "validation_loss") if validation is not None else None,
        rejected_records=rejected_records(manifest) if manifest is not None else None,
    )


def _first(texts: Mapping[str, str], suffix: str) -> str | None:
    return next((text for key, text in sorted(texts.items()) if key.endswith(suffix)), None)
