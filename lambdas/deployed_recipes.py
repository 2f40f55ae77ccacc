"""The recipes of this environment: they lie beside the functions' code, as synth put them there."""

from pathlib import Path

from tuning.evaluation.release_options import ReleaseOptions
from tuning.imports.import_recipe import ImportRecipe
from tuning.imports.import_recipe_files import is_import, load_import
from tuning.runs.recipe_files import load
from tuning.runs.recipes import Recipe
from tuning.runs.run import Run

FOLDER = Path(__file__).parents[1] / "recipes"


def recipe(name: str) -> Recipe:
    """Raises RecipeError when it is not deployed."""
    return load(FOLDER / f"{name}.toml")


def is_deployed(name: str) -> bool:
    return (FOLDER / f"{name}.toml").exists()


def import_recipe(name: str) -> ImportRecipe | None:
    """The recipe of method IMPORT of that name; None where none is deployed."""
    file = FOLDER / f"{name}.toml"
    return load_import(file) if is_deployed(name) and is_import(file) else None


def gate(name: str) -> ReleaseOptions | None:
    """The table [release] of a recipe; None where it has none, imports models, or is not deployed."""
    trains = is_deployed(name) and not is_import(FOLDER / f"{name}.toml")
    return recipe(name).release if trains else None


def of(run: Run) -> Recipe | None:
    """What a run's try trains by, as it is deployed now; None when nothing of it is. It follows from the folder
    of the upload: the recipe that a run brings was given by the caller who started it.
    """
    name = run.upload.recipe_name
    found = recipe(name) if is_deployed(name) else None
    if found is None or run.attempt == 1:
        return found
    return recipe(found.retry.recipe) if found.retry else None
