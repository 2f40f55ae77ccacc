"""What the check of a dataset came to, for the steps that follow."""

import re
from typing import TYPE_CHECKING, Literal, Self

from tuning.runs.json_record import Record
from tuning.runs.uploads import EVALUATION, TRAINING

if TYPE_CHECKING:
    from tuning.datasets.report import Report


class EvaluationSize(Record, frozen=True, kw_only=True):
    """Of an evaluation set, as its check counted it: what its price is estimated by."""

    prompts: int
    tokens: int
    """Of questions and expected answers together, estimated."""
    tokens_at_most: int
    """By the scripts that they are written in."""
    bytes: int
    """Of the file."""

    @classmethod
    def of(cls, report: "Report") -> Self | None:
        """Of the evaluation set that was checked with a dataset; None without one."""
        if (counted := report.statistics.get("evaluation")) is None:
            return None
        return cls(
            prompts=int(counted["records"]),
            tokens=report.tokens("evaluation") or 0,
            tokens_at_most=report.most_tokens("evaluation"),
            bytes=int(counted["bytes"]),
        )


class PreparedDataset(Record, frozen=True, kw_only=True):
    """What prepare_dataset answers the state machine."""

    verdict: Literal["accepted", "refused", "waiting"] = "accepted"
    """`waiting`: it was not checked yet. The ledger never keeps that."""
    wait_seconds: int | None = None
    """Of `waiting`: how long, before the next try."""
    summary: str = ""
    records: int = 0
    training_tokens: int = 0
    """Of the training set, one epoch, estimated."""
    training_tokens_at_most: int | None = None
    """By the scripts that it is written in; None of what a former version checked."""
    training_uri: str | None = None
    """Of the prepared copy; None of a dataset that is refused."""
    validation_uri: str | None = None
    validation_version: str | None = None
    """Of the object that was uploaded."""
    evaluation_uri: str | None = None
    """Of the prepared copy of the evaluation set, which no job reads."""
    evaluation_size: EvaluationSize | None = None
    """None also of what a former version checked."""
    evaluation_version: str | None = None
    report_uri: str | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of the prepared training set, and behind a `+` that of the validation set: prepared
        copies are named by them.
        """
        uris = filter(None, (self.training_uri, self.validation_uri))
        return "+".join(uri.split("/")[-2] for uri in uris)

    def training_key(self, bucket: str) -> str | None:
        """The key of the prepared training set in that bucket; None when it is no prepared copy there."""
        return copy_key(self.training_uri, bucket=bucket, name=TRAINING)

    def evaluation_key(self, bucket: str) -> str | None:
        """The same of the evaluation set."""
        return copy_key(self.evaluation_uri, bucket=bucket, name=EVALUATION)


def copy_key(uri: str | None, *, bucket: str, name: str) -> str | None:
    """The key of what lies at `uri`, if that is where the prepared copy of that name is, in that bucket."""
    found = re.fullmatch(f"s3://{re.escape(bucket)}/(prepared/[0-9a-f]{{64}}/{name})", uri or "")
    return found[1] if found else None
