"""Configurations drawn at random from all that `Config` lets through, with their recipes.

Each field has values that every sample of some size must hold: its default, its extremes, and what
is odd but lawful. Between them lies anything. A field left out has its default.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from random import Random
from typing import Any

from tuning.constructs import config as settings
from tuning.constructs.config import Config
from tuning.constructs.perimeter import Perimeter
from tuning.models.catalog import Hyperparameter, Model, catalog

Draw = Callable[[Random], Any]


@dataclass(frozen=True, kw_only=True)
class Field:
    telling: tuple[Any, ...]
    """Values that a sample must hold; `DEFAULT` among them."""
    other: Draw | None = None
    """Any value; None when the telling ones are all there are."""

    def draw(self, random: Random) -> Any:
        """A telling value three times out of four."""
        if self.other and random.random() < 0.25:  # noqa: PLR2004 — said above
            return self.other(random)
        return random.choice(self.telling)


class _Default:
    def __repr__(self) -> str:
        return "DEFAULT"


DEFAULT = _Default()


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """One environment, as `app.py` would say it. Its text is what one would write there."""

    name: str
    given: Mapping[str, Any]
    """What `Config` is given."""
    perimeter: Mapping[str, Any] = field(default_factory=dict)
    recipes: Mapping[str, str] = field(default_factory=dict)
    """The text of each file in `recipes/`."""

    def __str__(self) -> str:
        given = [f"{name}={value!r}" for name, value in self.given.items()]
        if self.perimeter:
            inside = ", ".join(f"{name}={value!r}" for name, value in self.perimeter.items())
            given.append(f"perimeter=Perimeter({inside})")
        return f'Deployment(app, "{self.name}", config=Config({", ".join(given)}))'

    def config(self) -> Config:
        """Its recipes are written where `Config` reads them: below the working directory."""
        settings.RECIPES.mkdir()
        for name, text in self.recipes.items():
            (settings.RECIPES / f"{name}.toml").write_text(text, encoding="utf-8")
        given = dict(self.given)
        if self.perimeter:
            given["perimeter"] = Perimeter(**self.perimeter)
        return Config(**given)

    def simpler(self) -> Iterator[tuple[str, "Drawn"]]:
        """The same with one thing less to think about, and which that is."""
        if self.name != "dev":
            yield "name", replace(self, name="dev")
        without = {k: v for k, v in self.given.items() if not k.endswith("zones")}
        if len(without) < len(self.given):  # of the two zones, one may not go without the other
            yield "both zones", replace(self, given=without)
        for name in self.given:
            if name not in ("region", "recipes"):
                rest = {k: v for k, v in self.given.items() if k != name}
                yield name, replace(self, given=rest)
        for name in self.perimeter:
            rest = {k: v for k, v in self.perimeter.items() if k != name}
            yield name, replace(self, perimeter=rest)
        first, *others = self.given["recipes"]
        if others:
            one = {**self.given, "recipes": (first,)}
            yield "recipes", replace(self, given=one, recipes={first: self.recipes[first]})


NAMES = Field(telling=("dev", "p", "A", "x-", "Stage--2", "abcdefghijklmnop", "A-1-b-2-C-3-d-4-"))
FIELDS: Mapping[str, Field] = {
    "cidr": Field(
        telling=(
            *(DEFAULT, "10.0.0.0/16", "10.255.240.0/20", "172.16.0.0/16", "172.31.240.0/20"),
            *("192.168.0.0/16", "192.168.240.0/20", "10.1.128.0/17"),
        ),
        other=lambda random: f"10.{random.randrange(256)}.{random.randrange(16) * 16}.0/20",
    ),
    "job_nodes_talk": Field(telling=(DEFAULT, True)),
    "poll_seconds": Field(telling=(DEFAULT, 60, 61, 900), other=lambda r: r.randint(60, 900)),
    "max_dataset_mb": Field(telling=(DEFAULT, 1, 4864), other=lambda r: r.randint(1, 4864)),
    "monthly_budget_usd": Field(
        telling=(DEFAULT, 1, 10_000_000), other=lambda r: r.randint(1, 10_000_000)
    ),
    "guard_all_jobs": Field(telling=(DEFAULT, True)),
    "notify": Field(
        telling=(
            *(DEFAULT, ("a@b.c",), ("first.last+tag@sub-1.example.com", "bücher@example.org")),
            *(("'o'{}@[192.0.2.1].x",), tuple(f"u{n}@example.com" for n in range(50))),
        ),
        other=lambda r: tuple(f"u{n}@example.com" for n in range(r.randint(1, 5))),
    ),
    "uploader_cidrs": Field(
        telling=(
            *(DEFAULT, ("10.0.0.0/8",), ("203.0.113.7/32", "10.42.0.0/16")),
            tuple(f"192.0.2.{n}/32" for n in range(50)),
        ),
        other=lambda r: tuple(f"10.{n}.{r.randrange(256)}.0/24" for n in range(r.randint(1, 4))),
    ),
    "log_days": Field(telling=(DEFAULT, 400, 3653), other=lambda r: r.choice((731, 1827, 2922))),
    "reserved_concurrency": Field(
        telling=(DEFAULT, None, 2, 1000), other=lambda r: r.randint(2, 1000)
    ),
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
ZONES: Mapping[str, Field] = {
    region: Field(
        telling=(DEFAULT, (letters[0],), (letters[-1], letters[0]), tuple(letters)),
        other=partial(lambda given, r: tuple(r.sample(given, r.randint(1, len(given)))), letters),
    )
    for region, letters in settings.ZONES.items()
}
_RECIPE_NAMES = ("a", "7", "x" * 40, "a-1-b", "support-nova-micro")
_DESCRIPTIONS = ("x", "Ümläute, 'quotes' and \\ more.")
_MOST_RECIPES = 50


def drawn(count: int, *, seed: int) -> list[Drawn]:
    """The same for the same seed."""
    random = Random(seed)  # noqa: S311 — a sample, not a secret
    return [_draw(random) for _ in range(count)]


def _draw(random: Random) -> Drawn:
    region = random.choice(list(settings.ZONES))
    given = _some(FIELDS, random)
    zones = ZONES[region].draw(random)
    if zones is not DEFAULT:
        given["zones"] = zones
    among = Config.zones if zones is DEFAULT else zones
    within = [z for z in Config.endpoint_zones if z in among]
    if len(within) < len(Config.endpoint_zones) or random.random() < 0.5:  # noqa: PLR2004 — half
        given["endpoint_zones"] = tuple(random.sample(among, random.randint(1, len(among))))
    files = _recipes(region, given.get("poll_seconds", Config.poll_seconds), random)
    return Drawn(
        name=NAMES.draw(random),
        given={"region": region, "recipes": tuple(files), **given},
        perimeter=_some(PERIMETER, random),
        recipes=files,
    )


def _some(fields: Mapping[str, Field], random: Random) -> dict[str, Any]:
    values = {name: one.draw(random) for name, one in fields.items()}
    return {name: value for name, value in values.items() if value is not DEFAULT}


def _recipes(region: str, poll_seconds: int, random: Random) -> dict[str, str]:
    count = random.choice((1, 1, 2, 3, len(_RECIPE_NAMES), _MOST_RECIPES))
    names = random.sample(_RECIPE_NAMES, min(count, len(_RECIPE_NAMES)))
    names += [f"{'recipe-' * 5}{n:02}" for n in range(count - len(names))]
    most = min(96, 1500 * poll_seconds // 3600)
    return {name: _recipe(name, region, names, most, random) for name in names}


def _recipe(name: str, region: str, names: Sequence[str], hours: int, random: Random) -> str:
    model = random.choice(trainable(region))
    method = model.methods["FINE_TUNING"]
    policies = ("refused",) if method.validation == "refused" else ("optional", "required")
    lines = [
        f"description = {json.dumps(random.choice(_DESCRIPTIONS))}",
        f"base_model = {json.dumps(model.id)}",
        f"validation = {json.dumps(random.choice(policies))}",
        "[hyperparameters]",
        *_hyperparameters(method.hyperparameters, random),
        "[limits]",
        f"max_hours = {random.choice((1, min(24, hours), hours))}",
    ]
    if random.random() < 0.5:  # noqa: PLR2004 — half of them
        lines += ["approve_above_usd = 0.5", "monthly_usd = 100", "approval_hours = 168"]
    if random.random() < 0.5:  # noqa: PLR2004 — idem
        lines += ["[retry]", f"recipe = {json.dumps(random.choice([name, *names]))}"]
    return "\n".join(lines) + "\n"


def _hyperparameters(known: Mapping[str, Hyperparameter], random: Random) -> Iterator[str]:
    for name, allowed in known.items():
        bounds = (allowed.min, allowed.max, allowed.default, *allowed.values)
        values = [value for value in bounds if value is not None]
        if allowed.required or random.random() < 0.5:  # noqa: PLR2004 — half of them
            yield f"{name} = {json.dumps(random.choice(values))}"


def trainable(region: str) -> list[Model]:
    """The models that a recipe of that Region may name."""
    return [
        model
        for model in catalog().models.values()
        if model.status == "ACTIVE" and region in model.regions and "FINE_TUNING" in model.methods
    ]
