"""A recipe: which base model learns, how, and under which limits. One TOML file each."""

import hashlib
import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Self, get_args

from tuning.datasets.convert.mapping import NAMES
from tuning.datasets.rules import UnknownRuleError, known
from tuning.errors import RecipeError, UnknownModelError, nearest
from tuning.models.catalog import Catalog, Method, Model
from tuning.runs.stored import fields_of

Hyperparameters = Mapping[str, int | float | str]
Policy = Literal["required", "optional", "refused"]
FINE_TUNING = "FINE_TUNING"

_TABLES = ("convert", "hyperparameters", "limits", "retry")
_NOT_IN_A_FILE = ("name", "kept_digest")
_SPENDING = ("approve_above_usd", "monthly_usd", "approval_hours")
_HOURS = {"max_hours": 96, "stall_hours": 96, "approval_hours": 168}
_MAX_NAME = 40  # leaves room for the run id in a job name of 63 characters, see tuning/runs/run.py


@dataclass(frozen=True, kw_only=True)
class Limits:
    max_hours: int = 24
    """A job still in progress after this many hours is stopped. Hours."""
    stall_hours: int = 6
    """A job whose sub-status does not move for this many hours before its training is stopped.
    Hours."""
    approve_above_usd: int | float | None = None
    """A run that may cost more than this waits for a person. None: no run does for its price."""
    monthly_usd: int | float | None = None
    """What all runs of the recipe may cost in a month, beside the environment's own budget."""
    approval_hours: int = 72
    """How long a run waits for a person before it is refused. Hours."""


@dataclass(frozen=True, kw_only=True)
class Conversion:
    """That uploads in other formats become the model's own, and what their columns are called."""

    map: Mapping[str, str] = field(default_factory=dict)
    """The upload's column or field for a name that its dialect expects: `prompt = "question"`."""


@dataclass(frozen=True, kw_only=True)
class Retry:
    """That a job which stalled, or failed by an error inside AWS, before its training began is
    followed by a second and last one. Both are never in progress at once.
    """

    recipe: str
    """What the second job trains by: this recipe's own name, or another recipe of the environment."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    name: str
    """The file's name without `.toml`, and the folder that datasets are uploaded to."""
    description: str
    base_model: str
    method: str = FINE_TUNING
    validation: Policy = "optional"
    """Whether a validation set must, may or must not lie beside the training set."""
    hyperparameters: Hyperparameters = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    strict: tuple[str, ...] = ()
    """Rules whose warnings refuse a dataset like errors, such as `DS702`."""
    convert: Conversion | None = None
    """None: only what is in the model's own format is taken."""
    retry: Retry | None = None
    """None: a job that ended without a model ends its run."""
    kept_digest: str | None = field(default=None, compare=False, repr=False)
    """The digest that a run was started with; None of a recipe that was read from its file."""

    @property
    def digest(self) -> str:
        """SHA-256 of everything that shapes the model or the job: better words in the description
        do not, nor do limits of spending, and 1.0 is the 1 that JSONata makes of it. Hex. That of a
        run is kept: a later version may know of more that shapes a job.
        """
        if self.kept_digest:
            return self.kept_digest
        what = {**self.to_dict(), "hyperparameters": self.wire_hyperparameters}
        del what["description"]
        # What one may spend is no part of what is trained: a raised limit trains nothing again.
        what["limits"] = {k: v for k, v in what["limits"].items() if k not in _SPENDING}
        for table in ("convert", "retry"):
            if what[table] is None:  # a recipe that does not use it has the digest it always had
                del what[table]
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()

    @property
    def wire_hyperparameters(self) -> dict[str, str]:
        """As the API takes them: strings, no exponents."""
        return {k: _plain(v) for k, v in self.hyperparameters.items()}

    def to_dict(self) -> dict[str, Any]:
        """Without the digest, which stands beside it: the first version took no key that it did not
        know.
        """
        return {name: value for name, value in asdict(self).items() if name != "kept_digest"}

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any], *, digest: str | None = None) -> Self:
        """The inverse of `to_dict`, for what was checked before it was written."""
        convert, retry = raw.get("convert"), raw.get("retry")
        typed = {
            "limits": Limits(**fields_of(Limits, raw.get("limits", {}))),
            "strict": tuple(raw.get("strict", ())),
            "convert": None if convert is None else Conversion(**fields_of(Conversion, convert)),
            "retry": None if retry is None else Retry(**fields_of(Retry, retry)),
            "kept_digest": digest,
        }
        return cls(**{**fields_of(cls, raw), **typed})


def load(path: Path) -> Recipe:
    """Read one recipe file. Raises RecipeError naming file and key."""
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        known = sorted(p.stem for p in path.parent.glob("*.toml"))
        there = f"there are: {', '.join(known)}" if known else f"{path.parent}/ holds no *.toml"
        raise RecipeError(f"{path}: no such recipe{nearest(path.stem, known)}; {there}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path}: not valid TOML: {error}") from None
    return _Reader(path).recipe(raw)


def check(recipe: Recipe, *, region: str, catalog: Catalog, file: str) -> None:
    """Hold a recipe against the catalog. Raises RecipeError with the first thing AWS would refuse."""
    try:
        model = catalog.model(recipe.base_model)
    except UnknownModelError as error:
        raise RecipeError(f"{file}: base_model: {error}") from None
    _check_life(model, file, catalog)
    if region not in model.regions:
        raise RecipeError(
            f"{file}: base_model: {model.id} can be customized in {', '.join(model.regions)}, "
            f"not in {region}; see {catalog.sources['fine_tuning']}"
        )
    method = _method(recipe, model, file)
    if recipe.validation != "refused" and method.validation == "refused":
        raise RecipeError(
            f"{file}: validation = {recipe.validation!r}: {model.id} takes no validation set; "
            f'set validation = "refused"; see {catalog.sources["dataset_limits"]}'
        )
    _check_hyperparameters(recipe, method, file, catalog)


def _check_life(model: Model, file: str, catalog: Catalog) -> None:
    if model.status == "ACTIVE":
        return
    since = model.eol_date if model.status == "EOL" else model.legacy_date
    raise RecipeError(
        f"{file}: base_model: {model.id} is {model.status} since {since}: no new job can start on "
        f"it; choose an active model, see {catalog.sources['lifecycle']}"
    )


def _method(recipe: Recipe, model: Model, file: str) -> Method:
    if recipe.method != FINE_TUNING:
        raise RecipeError(
            f"{file}: method = {recipe.method!r}: this platform starts FINE_TUNING jobs; "
            "data for other methods can be checked, not trained"
        )
    if recipe.method not in model.methods:
        raise RecipeError(
            f"{file}: method = {recipe.method!r}: {model.id} offers {', '.join(model.methods)}"
        )
    return model.methods[recipe.method]


def _check_hyperparameters(recipe: Recipe, method: Method, file: str, catalog: Catalog) -> None:
    known, source = method.hyperparameters, catalog.sources["hyperparameters"]
    for name, value in recipe.hyperparameters.items():
        if name not in known:
            raise RecipeError(
                f"{file}: hyperparameters.{name}: unknown for {recipe.base_model}"
                f"{nearest(name, known)}; it takes {', '.join(known)}; see {source}"
            )
        if why := known[name].refusal(value):
            raise RecipeError(f"{file}: hyperparameters.{name} = {value!r}: {why}; see {source}")
    for name, allowed in known.items():
        if allowed.required and name not in recipe.hyperparameters:
            raise RecipeError(
                f"{file}: hyperparameters.{name}: required, {allowed.allowed}; see {source}"
            )


@dataclass(frozen=True)
class _Reader:
    """Turns raw TOML into a Recipe, or says which key is wrong."""

    path: Path

    def recipe(self, raw: Mapping[str, Any]) -> Recipe:
        self._known(raw, Recipe, "")
        self._named()
        for table in _TABLES:
            self._is(raw.get(table, {}), dict, table)
        for text in ("description", "base_model", "method", "validation"):
            self._is(raw.get(text, ""), str, text)
        for needed in ("description", "base_model"):
            if not raw.get(needed):
                self._refuse(needed, "missing; every recipe says it")
        if (policy := raw.get("validation", "optional")) not in get_args(Policy):
            self._refuse(
                f"validation = {policy!r}", f"must be one of {', '.join(get_args(Policy))}"
            )
        limits = self._limits(raw.get("limits", {}))
        strict = self._strict(raw.get("strict", []))
        convert = self._conversion(raw["convert"]) if "convert" in raw else None
        retry = self._retry(raw["retry"]) if "retry" in raw else None
        typed = {"limits": limits, "strict": strict, "convert": convert, "retry": retry}
        return Recipe(**{**raw, "name": self.path.stem, **typed})

    def _conversion(self, raw: Mapping[str, Any]) -> Conversion:
        self._known(raw, Conversion, "convert.")
        mapping = raw.get("map", {})
        self._is(mapping, dict, "convert.map")
        for name, column in mapping.items():
            at = f"convert.map.{name}"
            if name not in NAMES:
                hint = nearest(name, NAMES) or f"; known: {', '.join(NAMES)}"
                self._refuse(at, f"unknown name{hint}")
            self._is(column, str, at)
            if not column.strip():
                self._refuse(f"{at} = {column!r}", "must name a column or field of the upload")
            if list(mapping.values()).count(column) > 1:
                self._refuse(f"{at} = {column!r}", "this column is mapped twice")
        return Conversion(map=mapping)

    def _retry(self, raw: Mapping[str, Any]) -> Retry:
        """Whether an environment has that recipe is for its Config to say."""
        self._known(raw, Retry, "retry.")
        if not raw.get("recipe"):
            self._refuse("retry.recipe", f"missing; name {self.path.stem!r} or another recipe")
        self._is(raw["recipe"], str, "retry.recipe")
        return Retry(**raw)

    def _strict(self, raw: object) -> tuple[str, ...]:
        if not isinstance(raw, list) or not all(isinstance(rule, str) for rule in raw):
            self._refuse("strict", 'must be a list of rules, such as ["DS702"]')
            return ()
        try:
            return tuple(sorted(known(rule) for rule in raw))
        except UnknownRuleError as error:
            raise RecipeError(f"{self.path}: strict: {error}") from None

    def _limits(self, raw: Mapping[str, Any]) -> Limits:
        self._known(raw, Limits, "limits.")
        for key, given in raw.items():
            whole, most = type(given) is int, _HOURS.get(key)
            if most and not (whole and 1 <= given <= most):
                self._refuse(f"limits.{key} = {given!r}", f"must be whole hours, 1 to {most}")
            if not most and not ((whole or type(given) is float) and 0 <= given < math.inf):
                self._refuse(f"limits.{key} = {given!r}", "must be US dollars, 0 or more")
        return Limits(**raw)

    def _named(self) -> None:
        name = self.path.stem
        plain = name.replace("-", "").isalnum() and name.isascii() and name == name.lower()
        if not plain or "--" in name or name.strip("-") != name or len(name) > _MAX_NAME:
            raise RecipeError(
                f"{self.path}: a recipe's file name becomes part of job names: use lower-case "
                f"letters, digits and single hyphens, at most {_MAX_NAME} characters"
            )

    def _known(self, raw: Mapping[str, Any], kind: type, at: str) -> None:
        names = [f.name for f in fields(kind) if f.name not in _NOT_IN_A_FILE]
        for key in raw:
            if key not in names:
                hint = nearest(key, names) or f"; known: {', '.join(names)}"
                self._refuse(f"{at}{key}", f"unknown key{hint}")

    def _is(self, value: object, kind: type, key: str) -> None:
        if not isinstance(value, kind):
            wanted = "a table" if kind is dict else "text in quotes"
            self._refuse(f"{key} = {value!r}", f"must be {wanted}")

    def _refuse(self, what: str, why: str) -> None:
        raise RecipeError(f"{self.path}: {what}: {why}")


def _plain(value: float | str) -> str:
    return value if isinstance(value, str) else f"{Decimal(repr(value)):f}".removesuffix(".0")
