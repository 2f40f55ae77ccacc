"""A sample of the configurations: first what must be in it, then any."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import cycle

from review.drawn_assistants import DRAWN_GUARDRAIL, telling_assistants
from review.drawn_configs import (
    DEFAULT,
    DRAWN_NAMES,
    DRAWN_ZONES,
    FIELDS,
    MOST_RECIPES,
    PERIMETER,
    Drawn,
    searched,
    trainable,
)
from tuning.constructs import config as settings
from tuning.constructs.config import Config
from tuning.models.catalog import Model

_TEXT = 'description = "x"\nbase_model = "amazon.nova-micro-v1:0:128k"\n'
_BASE = Drawn(name="dev", given={"region": "us-east-1", "recipes": ("a",)}, recipes={"a": _TEXT})


def covering() -> list[Drawn]:
    """Each telling value of each setting once, everything else at its default; the switches of the perimeter first.
    Then each name, all zones, assistants and every model.
    """
    perimeters = [
        replace(_BASE, perimeter={name: value})
        for name, one in sorted(PERIMETER.items(), key=lambda item: len(item[1].telling))
        for value in one.telling
        if value is not DEFAULT
    ]
    fields = [
        replace(_BASE, given={**_BASE.given, name: value})
        for name, one in FIELDS.items()
        for value in one.telling
        if value is not DEFAULT
    ]
    return [*perimeters, *fields, *_assisted(), *_placed(), *_of_every_model()]


def drawn(count: int, *, seed: int) -> list[Drawn]:
    """What must be in a sample, and then any; the same for the same seed and count."""
    found = covering()[:count]
    if len(found) < count:
        searched(found.append, count - len(found), seed=seed)
    return found[:count]


def _assisted() -> Iterator[Drawn]:
    """With the environment's own guardrail, and without, in turn."""
    guarded = cycle(({}, {"guardrail": DRAWN_GUARDRAIL}))
    for assistants in telling_assistants(_BASE.given["region"], _BASE.recipes):
        given = {**_BASE.given, **next(guarded), **_zone_ids(assistants)}
        yield replace(_BASE, given=given, assistants=assistants)


def _zone_ids(assistants: Mapping[str, str]) -> dict[str, Mapping[str, str]]:
    """Said where one has tools; the second zone is one in which no agent runs."""
    tooled = any("[[tools]]" in text for text in assistants.values())
    return {"zone_ids": {"a": "use1-az4", "b": "use1-az3"}} if tooled else {}


def _placed() -> Iterator[Drawn]:
    """In each Region, in all telling zones; by the names in turn."""
    names = cycle(DRAWN_NAMES.telling)
    for region, one in DRAWN_ZONES.items():
        for zones in one.telling:
            given = {**_base(region).given}
            if zones is not DEFAULT:
                given["zones"] = zones
                if not set(Config.endpoint_zones) <= set(zones):
                    given["endpoint_zones"] = zones[-1:]
            yield replace(_base(region), name=next(names), given=given)


def _of_every_model() -> Iterator[Drawn]:
    """One environment a Region, of as many recipes as it may have."""
    for region in settings.ZONES:
        models = cycle(trainable(region))
        texts = {f"recipe-{n:02}": _recipe(next(models)) for n in range(MOST_RECIPES)}
        yield _with(texts, region)


def _base(region: str) -> Drawn:
    return _with({"a": _recipe(trainable(region)[0])}, region)


def _with(texts: dict[str, str], region: str) -> Drawn:
    return replace(_BASE, given={"region": region, "recipes": tuple(texts)}, recipes=texts)


def _recipe(model: Model) -> str:
    """No more than it must say."""
    method = model.methods["FINE_TUNING"]
    lines = ['description = "x"', f"base_model = {json.dumps(model.id)}", "[hyperparameters]"]
    if method.validation == "refused":
        lines.insert(2, 'validation = "refused"')
    for name, allowed in method.hyperparameters.items():
        if allowed.required:
            known = (allowed.default, allowed.min, *allowed.values)
            value = next(value for value in known if value is not None)
            lines.append(f"{name} = {json.dumps(value)}")
    return "\n".join(lines) + "\n"
