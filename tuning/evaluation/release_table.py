"""Reads the recipe's table `[release]`, or says which key is wrong."""

from collections.abc import Callable, Mapping
from typing import Any, NoReturn, get_args

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from tuning.datasets.same import normalised
from tuning.errors import nearest
from tuning.evaluation.judge_metrics import JUDGE_METRICS
from tuning.evaluation.judging import ACROSS, no_judge
from tuning.evaluation.release_options import Gated, Promotion, Reference, ReleaseOptions
from tuning.toml_files import refuse_unknown_keys

FEWEST_PROMPTS = 30
"""Below it not even a gate that says so decides anything."""
_MOST_PROMPTS = 100_000
_MOST_HOURS = 24 * 30
_MOST_MODELS = 100
_CONFIDENCES = (0.9, 0.999)


def read_release(raw: Mapping[str, Any], refuse: Callable[[str, str], NoReturn]) -> ReleaseOptions:
    """The table, or `refuse(what, why)` with the first key that is wrong; it raises."""
    names = ReleaseOptions.__struct_fields__
    refuse_unknown_keys(raw, names, "release.", refuse)
    if "metric" not in raw:
        refuse("release.metric", f"missing; one of {', '.join(get_args(Gated))}")
    for key, kind in (("metric", Gated), ("better_than", Reference), ("promote", Promotion)):
        if key in raw and raw[key] not in get_args(kind):
            near = nearest(raw[key], get_args(kind)) if isinstance(raw[key], str) else ""
            refuse(
                f"release.{key} = {raw[key]!r}", f"must be one of {', '.join(get_args(kind))}{near}"
            )
    for key, value in raw.items():
        if why := _wrong(key, value):
            refuse(f"release.{key} = {value!r}", why)
    _check_belonging(raw, refuse)
    _check_judge(raw, refuse)
    given = {key: tuple(raw[key]) for key in ("labels", "judge_metrics") if key in raw}
    return ReleaseOptions(**{**raw, **given})


def _wrong(key: str, value: Any) -> str | None:
    """What is wrong with the value of a key, if anything."""
    number = type(value) in (int, float)
    least, most = _CONFIDENCES
    why = None
    match key:
        case "by_at_least" if not (number and 0 <= value < 1):
            why = "must be a part of a score from 0 to 1: 0 or more, below 1, such as 0.02"
        case "confidence" if not (number and least <= value <= most):
            why = f"must be {least} to {most}, such as 0.95"
        case "min_prompts":
            why = _whole(value, FEWEST_PROMPTS, _MOST_PROMPTS, "prompts")
        case "keep_models":
            why = _whole(value, 0, _MOST_MODELS, "models")
        case "candidate_hours" | "provisioned_hours":
            why = _whole(value, 1, _MOST_HOURS, "hours")
        case "delete_models" | "judge_leaves_region" if not isinstance(value, bool):
            why = "must be true or false"
        case _ if key in _CHECKS:
            why = _CHECKS[key](value)
    return why


def _whole(value: object, least: int, most: int, unit: str) -> str | None:
    if type(value) is int and least <= value <= most:
        return None
    return f"must be whole {unit}, {least} to {most}"


def _labels(value: object) -> str | None:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        return 'must be a list of texts, such as ["refund", "complaint"]'
    plain = [normalised(each) for each in value]
    if not all(plain) or len(set(plain)) < max(len(plain), 2):
        return "must be two labels or more, none empty, and different in more than case and white space"
    return None


def _schema(value: object) -> str | None:
    if not isinstance(value, dict) or not value:
        return "must be a JSON Schema, as a table: [release.schema]"
    try:
        Draft202012Validator.check_schema(value)
    except SchemaError as error:
        at = "".join(f".{step}" for step in error.absolute_path)
        return f"not a JSON Schema (draft 2020-12){f', at {at[1:]}' if at else ''}: {error.message}"
    return None


def _metrics(value: object) -> str | None:
    known = (
        f"must be a list of one to {len(JUDGE_METRICS)} of {', '.join(JUDGE_METRICS)}, each once"
    )
    if not isinstance(value, list) or not value:
        return known
    unknown = [each for each in value if each not in JUDGE_METRICS]
    return known if unknown or len(set(value)) < len(value) else None


def _check_judge(raw: Mapping[str, Any], refuse: Callable[[str, str], NoReturn]) -> None:
    """Data leave the Region by a plain word alone."""
    if "judge" not in raw:
        for key in ("judge_metrics", "judge_leaves_region"):
            if key in raw:
                refuse(f"release.{key}", "of no use without a judge")
        return
    leaves = raw["judge"].startswith(ACROSS)
    if leaves and not raw.get("judge_leaves_region"):
        refuse(
            f"release.judge = {raw['judge']!r}",
            "is an inference profile, which sends prompts and answers to other Regions of the United States: "
            "allow it with judge_leaves_region = true, or name a model that your Region has",
        )
    if raw.get("judge_leaves_region") and not leaves:
        refuse(
            "release.judge_leaves_region",
            f"of no use with {raw['judge']}, which is no inference profile",
        )


def _check_belonging(raw: Mapping[str, Any], refuse: Callable[[str, str], NoReturn]) -> None:
    """Keys that mean nothing beside the others are a mistake: they would be passed over in silence."""
    metric = raw["metric"]
    if metric == "json_schema" and "schema" not in raw:
        refuse("release.schema", 'missing; metric = "json_schema" needs what to conform to')
    for key, needed in (("schema", "json_schema"), ("labels", "label_accuracy")):
        if key in raw and metric != needed:
            refuse(f"release.{key}", f'of no use with metric = "{metric}"; it is for "{needed}"')


_CHECKS: Mapping[str, Callable[[object], str | None]] = {
    "labels": _labels,
    "schema": _schema,
    "judge": no_judge,
    "judge_metrics": _metrics,
}
