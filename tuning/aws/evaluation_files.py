"""The objects of an evaluation: its prompts, every answer, and what they come to."""

import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from tuning.aws import s3_objects
from tuning.evaluation.answer_files import answer_line, read_answers
from tuning.evaluation.evaluation_prompts import prompts_in
from tuning.evaluation.records import EvaluationPrompt, ModelAnswer, Side
from tuning.releases.asked_judge import JudgeJob
from tuning.releases.evaluation_plan import EvaluationPlan

if TYPE_CHECKING:
    from tuning.evaluation.gate import Evaluation

_LINES = "application/x-ndjson"


def read_prompts(uri: str, *, base_model: str) -> list[EvaluationPrompt]:
    """Those of a prepared evaluation set, which is in the format of the model.

    Raises NotAPromptError with the first record of which no evaluation can be made.
    """
    content = s3_objects.object_content(uri)
    return prompts_in(io.BytesIO(content), name=uri.rpartition("/")[2], base_model=base_model)


@dataclass(frozen=True, kw_only=True)
class EvaluationFiles:
    bucket: str
    run_id: str
    execution: str

    @classmethod
    def of(cls, plan: EvaluationPlan, bucket: str) -> Self:
        return cls(bucket=bucket, run_id=plan.run_id, execution=plan.execution)

    def keep(self, side: Side, first: int, answers: Iterable[ModelAnswer]) -> None:
        """Answers of one side from its prompt number `first` on, from 0. Written again, they are the later ones."""
        key = f"{self._answers(side)}{first:08d}.jsonl"
        text = b"".join(map(answer_line, answers)).decode()
        s3_objects.put(self.bucket, key, text, _LINES)

    def answers(self, side: Side) -> list[ModelAnswer]:
        """The first answer to each prompt: a function that was given up for dead may have asked on."""
        found: dict[int, ModelAnswer] = {}
        kept = s3_objects.texts(self.bucket, self._answers(side), suffixes=(".jsonl",))
        for key in sorted(kept):
            for answer in read_answers(kept[key].encode().splitlines(), name=key):
                found.setdefault(answer.line, answer)
        return list(found.values())

    def give(self, job: JudgeJob, lines: Iterable[str]) -> None:
        """What a judge is to rate. Written again it is the same."""
        text = "".join(f"{line}\n" for line in lines)
        s3_objects.put(self.bucket, job.dataset_key, text, _LINES)

    def judged(self, job: JudgeJob) -> list[str]:
        """The lines that a judge's job has written. Their folders have names that Bedrock makes.

        UNCONFIRMED in AWS's own pages, seen in public guides and notebooks: that the files' names end so.
        """
        found = s3_objects.texts(self.bucket, job.output_prefix, suffixes=("output.jsonl",))
        return [line for key in sorted(found) for line in found[key].splitlines()]

    def conclude(self, evaluation: "Evaluation") -> str:
        text = json.dumps(evaluation.to_json(), ensure_ascii=False, indent=1)
        return s3_objects.put(self.bucket, self.evaluation_key, text, "application/json")

    @property
    def evaluation_key(self) -> str:
        """Among the reports of the run, which people read from where they are."""
        return f"runs/{self.run_id}/evaluations/{self.execution}.json"

    def _answers(self, side: Side) -> str:
        """To every prompt, so they stay where the data are."""
        return f"evaluations/{self.run_id}/{self.execution}/{side}/"
