"""Configurations drawn at random from all that `Config` lets through, with their recipes.

Each field has values that every sample of some size must hold: its default, its extremes, and what
is odd but lawful. Between them lies anything. A field left out has its default.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hypothesis
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from review.drawn_assistants import DRAWN_GUARDRAIL, drawn_assistants, drawn_zone_ids
from tuning.constructs import config as settings
from tuning.constructs.config import Config
from tuning.constructs.perimeter import Perimeter
from tuning.models.catalog import Hyperparameter, Model, catalog


@dataclass(frozen=True, kw_only=True)
class Field:
    telling: tuple[Any, ...]
    """Values that a sample must hold; `DEFAULT` among them."""
    other: SearchStrategy[Any] | None = None
    """Any value; None when the telling ones are all there are."""

    @property
    def values(self) -> SearchStrategy[Any]:
        """A telling value three times out of four. Simplest first: hypothesis shrinks towards it."""
        telling = st.sampled_from(self.telling)
        if self.other is None:
            return telling
        return st.one_of(telling, telling, telling, self.other)


class _Default:
    def __repr__(self) -> str:
        return "DEFAULT"


DEFAULT = _Default()


_GUARDRAIL = """description = "d"
blocked_input = "no"
blocked_output = "no"
[content]
PROMPT_ATTACK = "HIGH"
[[topics]]
name = "t"
definition = "d"
[words]
profanity = true
blocked = ["word"]
[personal_data]
EMAIL = "ANONYMIZE"
[grounding]
GROUNDING = 0.5
"""
"""One with a policy of each kind."""


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """One environment, as `app.py` would say it. Its text is what one would write there."""

    name: str
    given: Mapping[str, Any]
    """What `Config` is given."""
    perimeter: Mapping[str, Any] = field(default_factory=dict)
    recipes: Mapping[str, str] = field(default_factory=dict)
    """The text of each file in `recipes/`."""
    assistants: Mapping[str, str] = field(default_factory=dict)
    """The same of `assistants/`."""

    def __str__(self) -> str:
        given = [f"{name}={value!r}" for name, value in self.given.items()]
        if self.assistants:
            given.append(f"assistants={tuple(self.assistants)!r}")
        if self.perimeter:
            inside = ", ".join(f"{name}={value!r}" for name, value in self.perimeter.items())
            given.append(f"perimeter=Perimeter({inside})")
        return f'Deployment(app, "{self.name}", config=Config({", ".join(given)}))'

    def config(self) -> Config:
        """Its recipes are written below the working directory."""
        folder = Path("recipes").absolute()
        folder.mkdir()
        for name, text in self.recipes.items():
            (folder / f"{name}.toml").write_text(text, encoding="utf-8")
        if self.assistants or "guardrail" in self.given:
            guardrails = folder.with_name("guardrails")
            guardrails.mkdir()
            (guardrails / f"{DRAWN_GUARDRAIL}.toml").write_text(_GUARDRAIL, "utf-8")
        given = {**self.given, "recipes_folder": folder}
        if self.assistants:
            beside = folder.with_name("assistants")
            beside.mkdir()
            for name, text in self.assistants.items():
                (beside / f"{name}.toml").write_text(text, encoding="utf-8")
            given |= {"assistants": tuple(self.assistants), "assistants_folder": beside}
        if self.perimeter:
            given["perimeter"] = Perimeter(**self.perimeter)
        return Config(**given)


DRAWN_NAMES = Field(
    telling=("dev", "p", "A", "x-", "Stage--2", "abcdefghijklmnop", "A-1-b-2-C-3-d-4-")
)
FIELDS: Mapping[str, Field] = {
    "cidr": Field(
        telling=(
            *(DEFAULT, "10.0.0.0/16", "10.255.240.0/20", "172.16.0.0/16", "172.31.240.0/20"),
            *("192.168.0.0/16", "192.168.240.0/20", "10.1.128.0/17"),
        ),
        other=st.builds(
            "10.{}.{}.0/20".format, st.integers(0, 255), st.sampled_from(range(0, 256, 16))
        ),
    ),
    "job_nodes_talk": Field(telling=(DEFAULT, True)),
    "poll_seconds": Field(telling=(DEFAULT, 60, 61, 900), other=st.integers(60, 900)),
    "max_dataset_mb": Field(telling=(DEFAULT, 1, 4864), other=st.integers(1, 4864)),
    "monthly_budget_usd": Field(telling=(DEFAULT, 1, 10_000_000), other=st.integers(1, 10_000_000)),
    "guard_all_jobs": Field(telling=(DEFAULT, True)),
    "notify": Field(
        telling=(
            *(DEFAULT, ("a@b.c",), ("first.last+tag@sub-1.example.com", "bücher@example.org")),
            *(("'o'{}@[192.0.2.1].x",), tuple(f"u{n}@example.com" for n in range(50))),
        ),
        other=st.integers(1, 5).map(lambda n: tuple(f"u{i}@example.com" for i in range(n))),
    ),
    "uploader_cidrs": Field(
        telling=(
            *(DEFAULT, ("10.0.0.0/8",), ("203.0.113.7/32", "10.42.0.0/16")),
            tuple(f"192.0.2.{n}/32" for n in range(50)),
        ),
        other=st.lists(
            st.builds("10.{}.0.0/24".format, st.integers(0, 255)),
            min_size=1,
            max_size=4,
            unique=True,
        ).map(tuple),
    ),
    "log_days": Field(telling=(DEFAULT, 400, 3653), other=st.sampled_from((731, 1827, 2922))),
    "log_account_prompts": Field(telling=(DEFAULT, True)),
    "guardrail": Field(telling=(DEFAULT, DRAWN_GUARDRAIL)),
    "reserved_concurrency": Field(telling=(DEFAULT, 2, 10, 1000), other=st.integers(2, 1000)),
}
_SSO = "role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_DataTeam_*"
PERIMETER: Mapping[str, Field] = {
    "uploaders": Field(
        telling=(
            *(DEFAULT, (), ("root",), ("role/*",), (_SSO, "user/a+b=c,d.e@f-g_h")),
            tuple(f"role/team/{'x' * 49}{n:03}" for n in range(110)),
        )
    ),
    "break_glass": Field(
        telling=(DEFAULT, ("root",), (_SSO,), tuple(f"role/Emergency{n:02}" for n in range(20)))
    ),
    "vpc_only": Field(telling=(DEFAULT, False)),
    "job_outside": Field(telling=(DEFAULT, True)),
    "grants_declared": Field(telling=(DEFAULT, False)),
}
DRAWN_ZONES: Mapping[str, Field] = {
    region: Field(
        telling=(DEFAULT, (letters[0],), (letters[-1], letters[0]), tuple(letters)),
        other=st.lists(st.sampled_from(letters), min_size=1, unique=True).map(tuple),
    )
    for region, letters in settings.ZONES.items()
}
_RECIPE_NAMES = ("a", "7", "x" * 40, "a-1-b", "support-nova-micro")
_DESCRIPTIONS = ("x", "Ümläute, 'quotes' and \\ more.")
MOST_RECIPES = 50


@st.composite
def _configurations(draw: DrawFn) -> Drawn:
    """Any configuration that `Config` lets through, with its recipes."""
    region = draw(st.sampled_from(list(settings.ZONES)))
    given = _some(FIELDS, draw)
    zones = draw(DRAWN_ZONES[region].values)
    if zones is not DEFAULT:
        given["zones"] = zones
    among = tuple(settings.ZONES[region]) if zones is DEFAULT else zones
    within = [z for z in Config.endpoint_zones if z in among]
    if len(within) < len(Config.endpoint_zones) or draw(st.booleans()):
        some = st.lists(st.sampled_from(among), min_size=1, unique=True)
        given["endpoint_zones"] = tuple(draw(some))
    files = _recipes(region, given.get("poll_seconds", Config.poll_seconds), draw)
    assistants = drawn_assistants(region, files, draw)
    if any("[[tools]]" in text for text in assistants.values()):
        zones = given.get("endpoint_zones", Config.endpoint_zones)
        given["zone_ids"] = drawn_zone_ids(region, zones, draw)
    return Drawn(
        name=draw(DRAWN_NAMES.values),
        given={"region": region, "recipes": tuple(files), **given},
        perimeter=_some(PERIMETER, draw),
        recipes=files,
        assistants=assistants,
    )


def searched(ask: Callable[[Drawn], None], count: int, *, seed: int) -> None:
    """Ask about `count` configurations; one that raises is made as simple as still raises, and raised."""

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(_configurations())
    def asked(one: Drawn) -> None:
        ask(one)

    asked()


def _some(fields: Mapping[str, Field], draw: DrawFn) -> dict[str, Any]:
    values = {name: draw(one.values) for name, one in fields.items()}
    return {name: value for name, value in values.items() if value is not DEFAULT}


def _recipes(region: str, poll_seconds: int, draw: DrawFn) -> dict[str, str]:
    count = draw(st.sampled_from((1, 2, 3, len(_RECIPE_NAMES), MOST_RECIPES)))
    names = draw(st.permutations(_RECIPE_NAMES))[:count]
    names += [f"{'recipe-' * 5}{n:02}" for n in range(count - len(names))]
    most = min(96, 750 * poll_seconds // 3600)  # of each of two tries
    return {name: _recipe(name, region, names, most, draw) for name in names}


def _recipe(name: str, region: str, names: Sequence[str], hours: int, draw: DrawFn) -> str:
    model = draw(st.sampled_from(trainable(region)))
    method = model.methods["FINE_TUNING"]
    policies = ("refused",) if method.validation == "refused" else ("optional", "required")
    lines = [
        f"description = {json.dumps(draw(st.sampled_from(_DESCRIPTIONS)))}",
        f"base_model = {json.dumps(model.id)}",
        f"validation = {json.dumps(draw(st.sampled_from(policies)))}",
        "[hyperparameters]",
        *_hyperparameters(method.hyperparameters, draw),
        "[limits]",
        f"max_hours = {draw(st.sampled_from((1, min(24, hours), hours)))}",
    ]
    if draw(st.booleans()):
        lines += ["approve_above_usd = 0.5", "monthly_usd = 100", "approval_hours = 168"]
    if draw(st.booleans()):
        lines += ["[retry]", f"recipe = {json.dumps(draw(st.sampled_from([name, *names])))}"]
    return "\n".join(lines) + "\n"


def _hyperparameters(known: Mapping[str, Hyperparameter], draw: DrawFn) -> Iterator[str]:
    for name, allowed in known.items():
        bounds = (allowed.min, allowed.max, allowed.default, *allowed.values)
        values = [value for value in bounds if value is not None]
        if allowed.required or draw(st.booleans()):
            yield f"{name} = {json.dumps(draw(st.sampled_from(values)))}"


def trainable(region: str) -> list[Model]:
    """The models that a recipe of that Region may name."""
    return [
        model
        for model in catalog().models.values()
        if model.status == "ACTIVE" and region in model.regions and "FINE_TUNING" in model.methods
    ]
