"""What a job leaves in its output bucket. Every figure is invented, and says so.

Paths and columns: https://docs.aws.amazon.com/bedrock/latest/userguide/model-customization-analyze.html
and, for the inner `validation/` and `input_status/`, as public field reports saw them (the exact
sub-path of input_status is UNCONFIRMED).
"""

import hashlib
import json
import math
import random
from collections.abc import Iterable, Iterator

from emulator.bedrock.emulated_jobs import EmulatedJob

NOTICE = (
    "Written by an emulator. No model was trained: the losses are a synthetic curve derived from "
    "the job's name, and mean nothing."
)
STEPS_SHOWN = 200


def losses(job: EmulatedJob, series: str, steps: int) -> list[float]:
    """A curve that falls and wobbles; the same for the same job name, on any machine."""
    seed = hashlib.sha256(f"{job.name}/{series}".encode()).digest()
    noise = random.Random(seed)  # noqa: S311 -- decoration, not a secret
    start, floor = 2.0 + noise.random(), 0.4 + 0.3 * noise.random()
    fall = 5 / max(steps, 1)
    return [
        round(floor + (start - floor) * math.exp(-fall * step) + 0.02 * noise.random(), 6)
        for step in range(steps)
    ]


def write_losses(job: EmulatedJob, records: dict[str, int]) -> None:
    """Invent the curves of the training set and of each validation set, of which each epoch's last value is kept."""
    epochs = _epochs(job)
    steps = min(max(records[job.training_uri] * epochs, epochs), STEPS_SHOWN)
    job.losses["training"] = losses(job, "training", steps)
    epoch = _steps_per_epoch(job)
    for position, _ in enumerate(job.validation_uris):
        name = f"validation-{position}"
        job.losses[name] = losses(job, name, steps)[epoch - 1 :: epoch][:epochs]


def files(job: EmulatedJob, records: dict[str, int]) -> Iterator[tuple[str, bytes]]:
    """Path below the output prefix, and content."""
    root = f"model-customization-job-{job.id}/"
    training = job.losses["training"]
    epoch = _steps_per_epoch(job)
    yield (
        root + "training_artifacts/step_wise_training_metrics.csv",
        _table("training_loss", enumerate(training), epoch),
    )
    for name, points in job.losses.items():
        if name == "validation-0":
            folder = "validation_artifacts/post_fine_tuning_validation/validation/"
            ends = enumerate(points, start=1)
            steps = [(number * epoch - 1, point) for number, point in ends]
            yield root + folder + "validation_metrics.csv", _table("validation_loss", steps, epoch)
    for kind, uris in (("training", [job.training_uri]), ("validation", job.validation_uris)):
        for uri in uris:
            yield root + f"input_status/{kind}/manifest.report.csv", _manifest(uri, records[uri])
    yield (
        root + "EMULATED.json",
        json.dumps(
            {"emulated": True, "notice": NOTICE, "jobName": job.name, "jobArn": job.arn}, indent=1
        ).encode(),
    )


def _epochs(job: EmulatedJob) -> int:
    given = job.hyperparameters.get("epochCount", "1")
    return int(given) if given.isdigit() else 1


def _steps_per_epoch(job: EmulatedJob) -> int:
    return max(len(job.losses["training"]) // _epochs(job), 1)


def _table(column: str, points: Iterable[tuple[int, float]], steps_per_epoch: int) -> bytes:
    """Steps are those of the training, also in the validation's file.
    https://docs.aws.amazon.com/bedrock/latest/userguide/model-customization-analyze.html
    """
    rows = [
        f"{step},{step // steps_per_epoch},{point:.6f},{math.exp(point):.6f}"
        for step, point in points
    ]
    return "\n".join([f"step_number,epoch_number,{column},perplexity", *rows, ""]).encode()


def _manifest(uri: str, count: int) -> bytes:
    header = "fileName,totalProcessedRecordCount,acceptedRecordCount,partiallyAcceptedRecordCount,rejectedRecordCount"
    return f"{header}\n{uri.rsplit('/', 1)[-1]},{count},{count},0,0\n".encode()
