"""What a command is about: a recipe as it is written, or one supposed from a model's id."""

import os
from dataclasses import replace
from pathlib import Path

import typer

from tuning.errors import OptionError, nearest
from tuning.models.catalog import Method, catalog
from tuning.runs import recipes
from tuning.runs.recipes import Recipe


def wanted(model: str | None, method: str | None, recipe: Path | None) -> Recipe:
    """The recipe of that file, or of that name in the folder of recipes; `model` and `method` go before it."""
    if recipe is None:
        if model is None:
            raise OptionError("say which model the data is for: --model ID (see tuning models)")
        return Recipe(
            name="", description="", base_model=model, method=method or recipes.FINE_TUNING
        )
    named = recipe.suffix != ".toml" and recipe.parent == Path() and not recipe.exists()
    found = recipes.load(_folder() / f"{recipe}.toml" if named else recipe)
    return replace(found, base_model=model or found.base_model, method=method or found.method)


def _folder() -> Path:
    """`TUNING_RECIPES`, or `recipes` where the command runs."""
    return Path(os.environ.get("TUNING_RECIPES") or "recipes")


def method_of(recipe: Recipe) -> Method:
    """What its model offers by that method. Says when no job can start on it any more."""
    chosen = catalog().model(recipe.base_model)
    if chosen.status != "ACTIVE":
        gone = chosen.eol_date or chosen.legacy_date
        typer.echo(
            f"tuning: no job can start on {chosen.id}: {chosen.status} since {gone}", err=True
        )
    if recipe.method in chosen.methods:
        return chosen.methods[recipe.method]
    if recipe.method in catalog().historic_methods:
        return catalog().historic_methods[recipe.method]
    offered = ", ".join(chosen.methods)
    hint = nearest(recipe.method, chosen.methods)
    raise OptionError(f"--method {recipe.method}: {chosen.id} offers {offered}{hint}")
