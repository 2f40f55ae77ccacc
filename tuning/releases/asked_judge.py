"""How far a judge of an evaluation has come: what judge_answers is given, and answers."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Self

from tuning.evaluation.judging import JudgeRating
from tuning.evaluation.records import Side
from tuning.releases.evaluation_plan import EvaluationPlan
from tuning.runs.json_record import Record
from tuning.runs.times import utc_time

LONGEST_JUDGING = timedelta(hours=2)
"""A judge that takes longer is not waited for: a candidate is deployed meanwhile."""


class AskedJudge(Record, frozen=True, kw_only=True):
    state: Literal["in_progress", "done"] = "in_progress"
    since: str
    """When it was asked first."""
    jobs: Mapping[Side, str] = {}
    """The ARN of each side's job."""
    why: str = ""
    """Of `in_progress`: what AWS says, where it has to be waited for."""
    judgement: JudgeRating | None = None
    """Of `done`."""

    def late(self, now: datetime) -> bool:
        return now - utc_time(self.since) > LONGEST_JUDGING


@dataclass(frozen=True, kw_only=True)
class JudgeJob:
    """The job of one side: the same plan has the same names, so that it is started once."""

    name: str
    source: str
    """Whose answers they are, in the records and in the job."""
    dataset_key: str
    output_prefix: str

    @classmethod
    def of(cls, plan: EvaluationPlan, side: Side) -> Self:
        """Names of jobs have lower-case letters, digits and hyphens, 63 at most, and are unique in the account's Region.
        https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateEvaluationJob.html
        """
        place = f"{plan.run_id}/{plan.execution}/{side}"
        digest = hashlib.sha256(place.encode()).hexdigest()[:32]
        return cls(
            name=f"tuning-{digest}-{side}",
            source=side,
            dataset_key=f"judge/input/{place}.jsonl",
            output_prefix=f"judge/output/{place}/",
        )
