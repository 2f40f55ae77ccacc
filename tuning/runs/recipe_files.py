"""Recipes as people write them: one TOML file each, read and held against the catalog of models."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, get_args

from msgspec import Struct

from tuning.datasets.convert.mapping import MAPPED_NAMES
from tuning.errors import RecipeError, UnknownModelError, nearest
from tuning.imports.import_recipe import IMPORT
from tuning.runs.recipes import (
    FINE_TUNING,
    ConversionOptions,
    Limits,
    Recipe,
    Retry,
    SameDataPolicy,
    ValidationPolicy,
)
from tuning.toml_files import read_toml, refuse_unknown_keys

if TYPE_CHECKING:
    from tuning.evaluation.release_options import ReleaseOptions
    from tuning.models.catalog import Catalog, Method, Model

_IMAGES = "image_caption"
"""The format of what models of images are customized with."""
_TABLES = ("convert", "hyperparameters", "limits", "release", "retry")
_NOT_IN_A_FILE = ("name", "kept_digest")
_HOURS = {"max_hours": 96, "stall_hours": 96, "approval_hours": 168}
_MOST_MINUTES = 24 * 60
_MAX_NAME = 40  # leaves room for the run id in a job name of 63 characters, see tuning/runs/run.py


def load(path: Path) -> Recipe:
    """Read the file of one recipe that trains. Raises RecipeError naming file and key."""
    raw = recipe_toml(path)
    if raw.get("method") == IMPORT:
        raise RecipeError(
            f"{path}: method = {IMPORT!r}: it imports what was trained elsewhere, and checks, estimates or "
            f"trains nothing: upload to adapters/{path.stem}/ or models/{path.stem}/, see tuning imports"
        )
    return _Reader(path).recipe(raw)


def recipe_toml(path: Path) -> dict[str, Any]:
    """A recipe file as it is written, of either kind. Raises RecipeError naming the file."""
    return read_toml(path, "recipe", RecipeError)


def check_file_name(path: Path) -> None:
    """Raises RecipeError when no folder or job could bear it."""
    name = path.stem
    plain = name.replace("-", "").isalnum() and name.isascii() and name == name.lower()
    if not plain or "--" in name or name.strip("-") != name or len(name) > _MAX_NAME:
        raise RecipeError(
            f"{path}: a recipe's file name becomes part of job names: use lower-case "
            f"letters, digits and single hyphens, at most {_MAX_NAME} characters"
        )


def check_recipe(recipe: Recipe, *, region: str, catalog: "Catalog", file: str) -> None:
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
    if recipe.release:
        _check_serving(recipe, model, file, catalog)
    _check_hyperparameters(recipe, method, file, catalog)


def _check_life(model: "Model", file: str, catalog: "Catalog") -> None:
    if model.status == "ACTIVE":
        return
    since = model.eol_date if model.status == "EOL" else model.legacy_date
    raise RecipeError(
        f"{file}: base_model: {model.id} is {model.status} since {since}: no new job can start on "
        f"it; choose an active model, see {catalog.sources['lifecycle']}"
    )


def _check_serving(recipe: Recipe, model: "Model", file: str, catalog: "Catalog") -> None:
    """What [release] asks for must be possible, and mean something."""
    from tuning.models.serving import not_served  # noqa: PLC0415 — few recipes have the table

    hours = recipe.provisioned_hours
    if model.methods[recipe.method].format == _IMAGES:
        raise RecipeError(
            f"{file}: release: models customized from {model.id} do not answer with text, and nothing else can "
            "be evaluated; leave the table out, or choose another base_model"
        )
    if why := not_served(model, hours):
        raise RecipeError(
            f"{file}: release: {why}. Without it none could be evaluated: set it, leave the table out, or choose "
            f"another base_model; see {catalog.sources['on_demand']}"
        )
    if hours and model.on_demand:
        raise RecipeError(
            f"{file}: release.provisioned_hours = {hours}: of no use: models customized from {model.id} are "
            f"deployed on demand; leave it out; see {catalog.sources['on_demand']}"
        )


def _method(recipe: Recipe, model: "Model", file: str) -> "Method":
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


def _check_hyperparameters(recipe: Recipe, method: "Method", file: str, catalog: "Catalog") -> None:
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
        check_file_name(self.path)
        for table in _TABLES:
            self._is(raw.get(table, {}), dict, table)
        for text in ("description", "base_model", "method", "validation", "same_data"):
            self._is(raw.get(text, ""), str, text)
        for needed in ("description", "base_model"):
            if not raw.get(needed):
                self._refuse(needed, "missing; every recipe needs it")
        for key, kind in (("validation", ValidationPolicy), ("same_data", SameDataPolicy)):
            if key in raw and raw[key] not in get_args(kind):
                self._refuse(f"{key} = {raw[key]!r}", f"must be one of {', '.join(get_args(kind))}")
        self._options(raw)
        limits = self._limits(raw.get("limits", {}))
        strict = self._strict(raw.get("strict", []))
        convert = self._conversion(raw["convert"]) if "convert" in raw else None
        retry = self._retry(raw["retry"]) if "retry" in raw else None
        release = self._release(raw["release"]) if "release" in raw else None
        typed = {"limits": limits, "strict": strict, "convert": convert, "retry": retry}
        return Recipe(**{**raw, "name": self.path.stem, "release": release, **typed})

    def _options(self, raw: Mapping[str, Any]) -> None:
        if "supersede" in raw and not isinstance(raw["supersede"], bool):
            self._refuse(f"supersede = {raw['supersede']!r}", "must be true or false")
        minutes, key = raw.get("wait_for_validation_minutes", 0), "wait_for_validation_minutes"
        if type(minutes) is not int or not 0 <= minutes <= _MOST_MINUTES:
            self._refuse(f"{key} = {minutes!r}", f"must be whole minutes, 0 to {_MOST_MINUTES}")
        if minutes and raw.get("validation") == "refused":
            self._refuse(key, 'the recipe takes no validation set: validation = "refused"')

    def _conversion(self, raw: Mapping[str, Any]) -> ConversionOptions:
        self._known(raw, ConversionOptions, "convert.")
        mapping = raw.get("map", {})
        self._is(mapping, dict, "convert.map")
        for name, column in mapping.items():
            at = f"convert.map.{name}"
            if name not in MAPPED_NAMES:
                hint = nearest(name, MAPPED_NAMES) or f"; known: {', '.join(MAPPED_NAMES)}"
                self._refuse(at, f"unknown name{hint}")
            self._is(column, str, at)
            if not column.strip():
                self._refuse(f"{at} = {column!r}", "must name a column or field of the upload")
            if list(mapping.values()).count(column) > 1:
                self._refuse(f"{at} = {column!r}", "this column is mapped twice")
        return ConversionOptions(map=mapping)

    def _retry(self, raw: Mapping[str, Any]) -> Retry:
        """Whether an environment has that recipe is for its Config to say."""
        self._known(raw, Retry, "retry.")
        if not raw.get("recipe"):
            self._refuse("retry.recipe", f"missing; name {self.path.stem!r} or another recipe")
        self._is(raw["recipe"], str, "retry.recipe")
        return Retry(**raw)

    def _release(self, raw: Mapping[str, Any]) -> "ReleaseOptions":
        from tuning.evaluation.release_table import read_release  # noqa: PLC0415 — few recipes have one

        return read_release(raw, self._refuse)

    def _strict(self, raw: object) -> tuple[str, ...]:
        if not isinstance(raw, list) or not all(isinstance(rule, str) for rule in raw):
            self._refuse("strict", 'must be a list of rules, such as ["DS702"]')
        from tuning.datasets.rules import UnknownRuleError, known_rule  # noqa: PLC0415 — few recipes name any

        try:
            return tuple(sorted(known_rule(rule) for rule in raw))
        except UnknownRuleError as error:
            raise RecipeError(f"{self.path}: strict: {error}") from None

    def _limits(self, raw: Mapping[str, Any]) -> Limits:
        self._known(raw, Limits, "limits.")
        for key, given in raw.items():
            whole, most = type(given) is int, _HOURS.get(key)
            if most:
                if not (whole and 1 <= given <= most):
                    self._refuse(f"limits.{key} = {given!r}", f"must be whole hours, 1 to {most}")
            elif not ((whole or type(given) is float) and 0 <= given < math.inf):
                self._refuse(f"limits.{key} = {given!r}", "must be US dollars, 0 or more")
        return Limits(**raw)

    def _known(self, raw: Mapping[str, Any], kind: type[Struct], at: str) -> None:
        names = [name for name in kind.__struct_fields__ if name not in _NOT_IN_A_FILE]
        refuse_unknown_keys(raw, names, at, self._refuse)

    def _is(self, value: object, kind: type, key: str) -> None:
        if not isinstance(value, kind):
            wanted = "a table" if kind is dict else "text in quotes"
            self._refuse(f"{key} = {value!r}", f"must be {wanted}")

    def _refuse(self, what: str, why: str) -> NoReturn:
        raise RecipeError(f"{self.path}: {what}: {why}")
