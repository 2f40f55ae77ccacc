"""The canary: the smallest dataset that a recipe trains, and what became of it, stage by stage."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tuning.errors import OptionError
from tuning.models.catalog import Method, catalog
from tuning.runs.failures import FAILURE_KINDS
from tuning.runs.recipes import Recipe
from tuning.runs.run_record import RunRecord

_VALIDATION = 1
"""Records of a validation set, where a recipe requires one."""


@dataclass(frozen=True, kw_only=True)
class Dataset:
    training: bytes
    validation: bytes | None
    records: int
    epochs: int | None
    """None: the model's own number."""


def smallest(recipe: Recipe) -> Dataset:
    """Sums, which no two records share; the same each time. JSON Lines.

    Raises OptionError for a model that does not learn from text.
    """
    method = catalog().model(recipe.base_model).methods[recipe.method]
    count = method.min_records
    if method.format not in _RECORDS:
        raise OptionError(
            f"--recipe {recipe.name}: {recipe.base_model} learns from {method.format}, of which there is "
            "no canary; name a recipe of a model that learns from text"
        )
    lines = list(_lines(method, count + _VALIDATION))
    held_out = b"".join(lines[count:]) if recipe.validation == "required" else None
    epochs = recipe.hyperparameters.get("epochCount")
    return Dataset(
        training=b"".join(lines[:count]),
        validation=held_out,
        records=count,
        epochs=None if epochs is None else int(epochs),
    )


def _lines(method: Method, count: int) -> Iterator[bytes]:
    for number in range(count):
        asked = f"What is {number + 2} plus {3 * number + 5}?"
        record = _RECORDS[method.format](asked, f"{number + 2 + 3 * number + 5}.")
        yield json.dumps(record).encode() + b"\n"


def _conversation(asked: str, answered: str) -> dict[str, Any]:
    turns = (("user", asked), ("assistant", answered))
    return {
        "schemaVersion": "bedrock-conversation-2024",
        "messages": [{"role": role, "content": [{"text": text}]} for role, text in turns],
    }


def _pair(asked: str, answered: str) -> dict[str, Any]:
    return {"prompt": asked, "completion": answered}


_RECORDS = {"converse": _conversation, "prompt_completion": _pair}

Reached = Literal["ok", "failed", "not reached"]


@dataclass(frozen=True, kw_only=True)
class Stage:
    name: str
    reached: Reached
    what: str = ""


@dataclass(frozen=True, kw_only=True)
class CanaryVerdict:
    works: bool
    kind: str | None
    """Of a failure of a job, see tuning/runs/failures.py; `not_received`; else what the run's outcome says."""
    why: str
    switch: str | None
    """The setting of the environment's Config to turn, where the failure is one that a setting avoids."""
    fix: str


def stages(record: RunRecord | None) -> list[Stage]:
    """The way of a canary, in order. None: no run was started."""
    marks = _marks(record) if record else {}
    found: list[Stage] = []
    for name in _WAY:
        what = marks.get(name)
        broken = any(each.reached != "ok" for each in found)
        reached: Reached = "ok" if what is not None else "not reached" if broken else "failed"
        found.append(Stage(name=name, reached=reached, what=what or ""))
    return found


_WAY = (
    "Upload received",
    "Dataset accepted",
    "Spend authorized",
    "Job created",
    "Model trained",
    "Outcome sent",
)


def _marks(record: RunRecord) -> Mapping[str, str]:
    """What is known of the stages that a run has passed."""
    marks = {"Upload received": f"run {record.id}"}
    if record.dataset and record.dataset.verdict == "accepted":
        marks["Dataset accepted"] = f"{record.dataset.records} records"
    if record.job_arn or record.reservation:
        usd = record.estimate.training_usd if record.estimate else None
        marks["Spend authorized"] = "no price is known" if usd is None else f"about {usd} USD"
    if record.job_arn:
        marks["Job created"] = record.job_arn
    if record.state == "trained" and record.model_arn:
        marks["Model trained"] = record.model_arn
        if record.open is None:
            marks["Outcome sent"] = "to the topic of notices"
    return marks


def not_received(dead_letters: int) -> CanaryVerdict:
    """Of an upload that has started no run."""
    if dead_letters:
        why = f"The upload was put aside: {dead_letters} messages are in the dead-letter queue."
        fix = "Look for the errors of receive_upload in its log, then tuning redrive."
    else:
        why = "No run was started: S3's event did not come to the queue, or nobody took it from there."
        fix = (
            "Look whether the rule of the intake is enabled and its metrics say Invocations, and "
            "whether the function receive_upload is throttled (tuning doctor, lambda_concurrency)."
        )
    return CanaryVerdict(works=False, kind="not_received", why=why, switch=None, fix=fix)


def canary_verdict(record: RunRecord) -> CanaryVerdict:
    """Of a run that has ended."""
    outcome = record.outcome
    if record.state == "trained":
        sent = record.open is None
        why = (
            "The whole way works." if sent else "A model was trained, but nobody was notified yet."
        )
        fix = "" if sent else "Look at the topic's subscriptions; the reconciler tries it again."
        return CanaryVerdict(works=sent, kind=None, why=why, switch=None, fix=fix)
    summary = (outcome.summary if outcome else "") or f"The run is {record.state}."
    kind = outcome.kind if outcome else None
    if kind is not None and kind in FAILURE_KINDS:
        known = FAILURE_KINDS[kind]
        return CanaryVerdict(
            works=False, kind=kind, why=summary, switch=known.switch, fix=known.fix
        )
    fix = (outcome.fix if outcome else None) or _FIXES.get(record.state, _ELSE)
    return CanaryVerdict(works=False, kind=kind, why=summary, switch=None, fix=fix)


_ELSE = "tuning show RUN has all that is known of it; docs/runbook.md has a row for each error."
_FIXES = {
    "refused": (
        "A canary is sound, so what refused it is a spending limit or a fault of this platform: tuning show "
        "RUN says which; please report a fault."
    ),
    "stopped": "Somebody stopped it, or the guard: tuning show RUN says who. Run tuning canary again.",
}
