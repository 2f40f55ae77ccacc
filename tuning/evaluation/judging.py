"""What a judge model is given of an evaluation, and what it says: figures beside the gate's own, which decide nothing.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-evaluation-prompt-datasets-judge.html
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tuning.evaluation.records import EvaluationPrompt, ModelAnswer, Side
from tuning.runs.json_record import Record

MOST_JUDGED = 1_000
"""Prompts of a dataset. https://docs.aws.amazon.com/general/latest/gr/bedrock.html"""
LONGEST_JUDGED = 4 * 1024
"""Bytes of a prompt, of the same page. UNCONFIRMED that they count bytes and not characters."""
ACROSS = "us."
"""Begins the id of an inference profile that sends what it is asked to other Regions of the United States.
https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html"""

_MODEL = re.compile(
    rf"({re.escape(ACROSS)})?[a-z0-9-]{{1,63}}\.[a-z0-9-]{{1,63}}([.:][a-z0-9-]{{1,63}}){{0,3}}"
)


class JudgeScore(Record, frozen=True, kw_only=True):
    """One metric of the judge over the answers of one side."""

    metric: str
    side: Side
    prompts: int
    """Answers that the judge has rated: it may hold that a metric does not apply."""
    mean: float


class JudgeRating(Record, frozen=True, kw_only=True):
    """What a judge model says of the answers; or why it says nothing."""

    judge: str
    prompts: int = 0
    """The same ones of each side."""
    left_out: int = 0
    """Prompts that are too long for a judge, too many, or without an answer of a side."""
    scores: tuple[JudgeScore, ...] = ()
    why: str = ""
    """Why there is no judgement; empty where there is one."""

    def __str__(self) -> str:
        """One sentence for people."""
        if self.why:
            return f"{self.judge} did not judge the answers, which changes nothing: {self.why}."
        means: dict[str, list[str]] = {}
        for each in self.scores:
            name = each.metric.removeprefix("Builtin.")
            means.setdefault(name, []).append(f"{each.mean:.3f} {each.side}")
        said = "; ".join(f"{name} {', '.join(values)}" for name, values in means.items())
        left = f", {self.left_out:,} left out" if self.left_out else ""
        return f"{self.judge}, a judge that decides nothing, rates {self.prompts:,} prompts{left}: {said}."


def no_judge(name: object) -> str | None:
    """Why a model cannot be a judge, if it cannot by its id."""
    if not isinstance(name, str) or not name:
        return 'must be the id of a model of Bedrock, such as "amazon.nova-pro-v1:0"'
    if "arn:" in name or "custom-model" in name or "/" in name:
        return (
            "must be the id of a model of Bedrock, such as amazon.nova-pro-v1:0, or of its inference profile: models "
            "and deployments of one's own, which have ARNs, cannot be judges"
        )
    if not _MODEL.fullmatch(name):
        return (
            "is no id of a model of Bedrock, such as amazon.nova-pro-v1:0, nor of an inference profile of the United "
            f"States, such as {ACROSS}amazon.nova-pro-v1:0"
        )
    if name.split(".")[0] in ("eu", "apac", "global", "jp", "au", "us-gov", "ca"):
        return f"profiles of other parts of the world are not known here; those that begin with {ACROSS} are"
    return None


def judged_side(sides: Sequence[Side], better_than: Side) -> Side:
    """What the candidate is compared with: without a live model, the base, as the gate has it."""
    return better_than if better_than in sides else "base"


@dataclass(frozen=True, kw_only=True)
class JudgedPrompts:
    """The prompts that a judge is given, the same of each side."""

    prompts: tuple[EvaluationPrompt, ...]
    left_out: int

    @classmethod
    def of(
        cls,
        prompts: Sequence[EvaluationPrompt],
        answers: Mapping[Side, Sequence[ModelAnswer]],
    ) -> "JudgedPrompts":
        """Those that each side has answered, and that a judge takes, in their order."""
        said = [{each.line for each in found if each.failure is None} for found in answers.values()]
        chosen = [
            prompt
            for prompt in prompts
            if all(prompt.line in lines for lines in said)
            and len(asked_text(prompt).encode()) <= LONGEST_JUDGED
        ][:MOST_JUDGED]
        return cls(prompts=tuple(chosen), left_out=len(prompts) - len(chosen))

    def lines(self, answers: Sequence[ModelAnswer], *, source: str) -> Iterator[str]:
        """The dataset of one side: its answers, which Bedrock does not ask for again. `source` names whose they are,
        the same word in every record and in the job.
        """
        said = {each.line: each.text for each in answers}
        for prompt in self.prompts:
            record = {
                "prompt": asked_text(prompt),
                "referenceResponse": prompt.expected,
                "modelResponses": [{"response": said[prompt.line], "modelIdentifier": source}],
            }
            yield json.dumps(record, ensure_ascii=False)


def asked_text(prompt: EvaluationPrompt) -> str:
    """A prompt as one text, since a judge takes no conversation: turns with whose they are, where there is more than
    a question.
    """
    if not prompt.system and len(prompt.messages) == 1:
        return prompt.messages[0].text
    turns = [f"system: {each}" for each in prompt.system]
    return "\n\n".join([*turns, *(f"{each.role}: {each.text}" for each in prompt.messages)])


def scores_in(lines: Iterable[str], side: Side, metrics: Sequence[str]) -> list[JudgeScore]:
    """The means of what a job has written, in the order of `metrics`; of a metric that rates nothing there is none.

    UNCONFIRMED in AWS's own pages, seen in public notebooks and guides: the members' names, and that `result` is null
    where a metric does not apply.
    """
    found: dict[str, list[float]] = {name: [] for name in metrics}
    for line in lines:
        if not line.strip():
            continue
        for score in json.loads(line).get("automatedEvaluationResult", {}).get("scores", []):
            result = score.get("result")
            if score.get("metricName") in found and type(result) in (int, float):
                found[score["metricName"]].append(float(result))
    return [
        JudgeScore(metric=name, side=side, prompts=len(rated), mean=sum(rated) / len(rated))
        for name, rated in found.items()
        if rated
    ]
