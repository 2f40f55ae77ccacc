"""Recipes of method IMPORT as people write them: read, and held against what Custom Model Import takes."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, get_args

from msgspec import Struct

from tuning.adapters.rounding import Rounding
from tuning.errors import RecipeError, nearest
from tuning.imports.import_recipe import IMPORT, ImportLimits, ImportRecipe, Precision
from tuning.models.import_check import facts
from tuning.runs.recipe_files import check_file_name, recipe_toml
from tuning.toml_files import refuse_unknown_keys

_PLAIN_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "precision": get_args(Precision),
    "rounding": get_args(Rounding),
}
_MOST_HOURS = 8760
"""Of a year."""


def is_import(path: Path) -> bool:
    """Whether the file is of a recipe that imports. What cannot be read is of none: who loads it hears why."""
    try:
        return recipe_toml(path).get("method") == IMPORT
    except RecipeError:
        return False


def load_import(path: Path) -> ImportRecipe:
    """Read the file of one recipe that imports. Raises RecipeError naming file and key."""
    return _ImportReader(path).recipe(recipe_toml(path))


def check_import_recipe(recipe: ImportRecipe, *, region: str, file: str) -> None:
    """Raises RecipeError with the first thing that Custom Model Import would refuse in a Region."""
    regions, page = facts()["regions"], facts()["sources"]["model"]
    if region not in regions:
        raise RecipeError(
            f"{file}: method = {IMPORT!r}: models are imported in {', '.join(regions)}, not in {region}; see {page}"
        )
    architectures = facts()["architectures"]
    known = architectures.get(recipe.architecture)
    if known is None:
        raise RecipeError(
            f"{file}: architecture = {recipe.architecture!r}: not supported by import"
            f"{nearest(recipe.architecture, architectures)}; it takes {', '.join(architectures)}; see {page}"
        )
    if region not in known.get("regions", regions):
        raise RecipeError(
            f"{file}: architecture = {recipe.architecture!r}: {known['family']} is imported in "
            f"{', '.join(known['regions'])} only, not in {region}; see {page}"
        )


@dataclass(frozen=True)
class _ImportReader:
    path: Path

    def recipe(self, raw: Mapping[str, Any]) -> ImportRecipe:
        self._known(raw, ImportRecipe, "")
        check_file_name(self.path)
        for text in ("description", "base", "architecture", "method", *_CHOICES):
            if not isinstance(raw.get(text, ""), str):
                self._refuse(f"{text} = {raw[text]!r}", "must be text in quotes")
        for needed in ("description", "architecture"):
            if not raw.get(needed):
                self._refuse(needed, "missing; every recipe that imports needs it")
        if raw.get("method") != IMPORT:
            self._refuse(f"method = {raw.get('method')!r}", f"must be {IMPORT!r}")
        for key, allowed in _CHOICES.items():
            if key in raw and raw[key] not in allowed:
                self._refuse(f"{key} = {raw[key]!r}", f"must be one of {', '.join(allowed)}")
        if "base" in raw and not _PLAIN_FOLDER.fullmatch(raw["base"]):
            self._refuse(
                f"base = {raw['base']!r}",
                "must be the name of one folder under bases/, of letters, digits, dots, hyphens and underscores",
            )
        limits = self._limits(raw.get("limits", {}))
        return ImportRecipe(**{**raw, "name": self.path.stem, "limits": limits})

    def _limits(self, raw: object) -> ImportLimits:
        if not isinstance(raw, dict):
            self._refuse(f"limits = {raw!r}", "must be a table")
        self._known(raw, ImportLimits, "limits.")
        wholes = {
            "awake_hours": (_MOST_HOURS, "hours"),
            "max_gb": (max(facts()["largest_gb"].values()), "gigabytes"),
        }
        for key, given in raw.items():
            if key in wholes:
                most, unit = wholes[key]
                if type(given) is not int or not 1 <= given <= most:
                    self._refuse(f"limits.{key} = {given!r}", f"must be whole {unit}, 1 to {most}")
            elif type(given) not in (int, float) or not 0 <= given < math.inf:
                self._refuse(f"limits.{key} = {given!r}", "must be US dollars, 0 or more")
        return ImportLimits(**raw)

    def _known(self, raw: Mapping[str, Any], kind: type[Struct], at: str) -> None:
        names = [name for name in kind.__struct_fields__ if name != "name"]
        refuse_unknown_keys(raw, names, at, self._refuse)

    def _refuse(self, what: str, why: str) -> NoReturn:
        raise RecipeError(f"{self.path}: {what}: {why}")
