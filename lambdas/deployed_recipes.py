"""The recipes of this environment: they lie beside the functions' code, as synth put them there."""

from pathlib import Path

from tuning.runs.recipe_files import load
from tuning.runs.recipes import Recipe

FOLDER = Path(__file__).parents[1] / "recipes"


def recipe(name: str) -> Recipe:
    """Raises RecipeError when it is not deployed."""
    return load(FOLDER / f"{name}.toml")


def is_deployed(name: str) -> bool:
    return (FOLDER / f"{name}.toml").exists()
