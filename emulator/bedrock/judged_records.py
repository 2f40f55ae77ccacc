"""The records that a judge is given, as strictly as Bedrock is known to read them, and what an emulated one says.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-evaluation-prompt-datasets-judge.html
"""

import json
from collections.abc import Iterator
from typing import Any

from emulator.bedrock.api_errors import JobFailed
from emulator.bedrock.nearest_example import plain_words

_MOST_PROMPTS, _LONGEST_PROMPT = 1_000, 4 * 1024
"""Of a dataset, and bytes: https://docs.aws.amazon.com/general/latest/gr/bedrock.html"""


def judged_records(lines: Iterator[bytes], source: str) -> Iterator[dict[str, Any]]:
    """UNCONFIRMED texts."""
    count = 0
    for number, line in enumerate(lines, start=1):
        count = number
        try:
            record = json.loads(line)
            (said,) = record["modelResponses"]
            fits = isinstance(record["prompt"], str) and isinstance(said["response"], str)
        except (ValueError, KeyError, TypeError):
            fits, record, said = False, {}, {}
        if not fits:
            raise JobFailed(f"Record {number} needs a prompt and exactly one model response.")
        if said.get("modelIdentifier") != source:
            raise JobFailed(f"Record {number}: its modelIdentifier is not {source}.")
        if len(record["prompt"].encode()) > _LONGEST_PROMPT:
            raise JobFailed(f"Record {number}: its prompt is longer than 4 KB.")
        if number > _MOST_PROMPTS:
            raise JobFailed(f"The dataset has more than {_MOST_PROMPTS} prompts.")
        yield record
    if not count:
        raise JobFailed("The dataset is empty.")


def judged(record: dict[str, Any], judge: str, metrics: list[str]) -> dict[str, Any]:
    """A line of a job's results. No model is asked: a score is the share of the expected words in the answer."""
    answer = record["modelResponses"][0]["response"]
    wanted = set(plain_words(record.get("referenceResponse") or record["prompt"]))
    had = len(wanted & set(plain_words(answer))) / len(wanted) if wanted else 1.0
    score = round(had, 4)
    explained = "Emulated: no model was asked. The share of the reference's words in the answer."
    details = [{"modelIdentifier": judge, "explanation": explained}]
    scores = [
        {"metricName": name, "result": score, "evaluatorDetails": details} for name in metrics
    ]
    return {"automatedEvaluationResult": {"scores": scores}, "inputRecord": record}
