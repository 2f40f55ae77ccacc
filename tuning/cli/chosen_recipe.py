"""What a command is about: a recipe as it is written, or one supposed from a model's id."""

import os
from pathlib import Path

from msgspec import structs

from tuning.cli.output import say
from tuning.errors import OptionError, nearest
from tuning.models.catalog import Method, catalog
from tuning.runs.recipes import FINE_TUNING, Recipe


def wanted(
    model: str | None, method: str | None, recipe: Path | None, environment: str | None = None
) -> Recipe:
    """The recipe of that file; of that name in the next folder of recipes, here or above; or as an
    environment was deployed with it. `model` and `method` go before it.
    """
    if recipe is None:
        if model is None:
            raise OptionError("say which model the data is for: --model ID (see tuning models)")
        return Recipe(name="", description="", base_model=model, method=method or FINE_TUNING)
    found = _found(recipe, environment)
    return structs.replace(
        found, base_model=model or found.base_model, method=method or found.method
    )


def _found(recipe: Path, environment: str | None) -> Recipe:
    # A tenth of the start of a small check, which one that names a model needs not wait for.
    from tuning.runs import recipe_files  # noqa: PLC0415 — see above

    if recipe.suffix == ".toml" or recipe.parent != Path() or recipe.is_file():
        return recipe_files.load(recipe)
    folder = _folder()
    file = folder / f"{recipe}.toml" if folder else None
    if file and file.is_file():
        return recipe_files.load(file)
    if environment:
        from tuning.cli.environment_recipes import deployed_recipe  # noqa: PLC0415 — imports botocore

        return deployed_recipe(str(recipe), environment)
    names = recipe_names()
    here = f"; {folder} has: {', '.join(names)}" if names else "; there is no folder recipes here"
    raise OptionError(
        f"--recipe {recipe}: no such recipe{nearest(str(recipe), names)}{here}. Name a file, such as "
        f"--recipe folder/{recipe}.toml, or an environment that has it: --environment dev"
    )


def recipe_names() -> list[str]:
    """Of the recipes in the next folder of them, here or above."""
    folder = _folder()
    return sorted(path.stem for path in folder.glob("*.toml")) if folder else []


def nearest_folder(name: str, variable: str = "") -> Path | None:
    """The one that the environment variable names; else the next of that name, here or above."""
    here = Path.cwd()
    said = os.environ.get(variable)
    places = [Path(said)] if said else [place / name for place in (here, *here.parents)]
    return next(filter(Path.is_dir, places), None)


def _folder() -> Path | None:
    return nearest_folder("recipes", "TUNING_RECIPES")


def method_of(recipe: Recipe) -> Method:
    """What its model offers by that method. Says when no job can start on it any more."""
    chosen = catalog().model(recipe.base_model)
    if chosen.status != "ACTIVE":
        gone = chosen.eol_date or chosen.legacy_date
        say(f"tuning: no job can start on {chosen.id}: {chosen.status} since {gone}")
    if recipe.method in chosen.methods:
        return chosen.methods[recipe.method]
    if recipe.method in catalog().historic_methods:
        return catalog().historic_methods[recipe.method]
    offered = ", ".join(chosen.methods)
    hint = nearest(recipe.method, chosen.methods)
    raise OptionError(f"--method {recipe.method}: {chosen.id} offers {offered}{hint}")
