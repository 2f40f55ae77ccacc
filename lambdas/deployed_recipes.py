"""The recipes of this environment: they lie beside the functions' code, as synth put them there."""

from pathlib import Path

from tuning.evaluation.release_options import ReleaseOptions
from tuning.runs.recipe_files import load
from tuning.runs.recipes import Recipe
from tuning.runs.run import Run

FOLDER = Path(__file__).parents[1] / "recipes"


def recipe(name: str) -> Recipe:
    """Raises RecipeError when it is not deployed."""
    return load(FOLDER / f"{name}.toml")


def is_deployed(name: str) -> bool:
    return (FOLDER / f"{name}.toml").exists()


def gate(name: str) -> ReleaseOptions | None:
    """The table [release] of a recipe; None where it has none, or is not deployed."""
    return recipe(name).release if is_deployed(name) else None


def of(run: Run) -> Recipe | None:
    """What a run's try trains by, as it is deployed now; None when nothing of it is. It follows from the folder
    of the upload: the recipe that a run brings is the word of whoever started it.
    """
    name = run.upload.recipe_name
    found = recipe(name) if is_deployed(name) else None
    if found is None or run.attempt == 1:
        return found
    return recipe(found.retry.recipe) if found.retry else None
