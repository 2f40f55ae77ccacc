"""Recipes that are deployed as far as functions know, without a file."""

from collections.abc import Mapping

import pytest

from lambdas import deployed_recipes
from tuning.runs.recipes import Recipe


def deploy_recipes(monkeypatch: pytest.MonkeyPatch, recipes: Mapping[str, Recipe]) -> None:
    """These by their names, and those that lie in the folder."""
    load, lies_there = deployed_recipes.load, deployed_recipes.is_deployed
    monkeypatch.setattr(deployed_recipes, "load", lambda path: recipes.get(path.stem) or load(path))
    monkeypatch.setattr(
        deployed_recipes, "is_deployed", lambda name: name in recipes or lies_there(name)
    )
