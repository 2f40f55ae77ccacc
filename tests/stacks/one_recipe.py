"""`rich`, but for its recipe and without a guardrail: what an environment gets where a recipe asks for it."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from types import MappingProxyType

from stubbed_bundle import reviewed_deployment
from tested_configs import RICH

from review.checks.network_checks import endpoints
from review.synthesis import Reviewed
from review.templates import EnvironmentTemplates


def reviewed_recipe(
    recipe: str,
    folder: Path,
    name: str,
    *,
    beside: Mapping[str, str] = MappingProxyType({}),
    templates: bool = False,
) -> Reviewed:
    """The environment of that name. `beside`: other recipes of it; `templates`: whether the rules that read finished
    templates look, too.
    """
    recipes = {"support": recipe, **beside}
    for each, text in recipes.items():
        (folder / f"{each}.toml").write_text(dedent(text), encoding="utf-8")
    config = replace(RICH, recipes=tuple(recipes), recipes_folder=folder, guardrail=None)
    return reviewed_deployment(folder, name, config, templates=templates)


def endpoint_rights(environment: EnvironmentTemplates, service: str) -> set[tuple[str, str]]:
    """Pairs of what an endpoint lets through, and to what."""
    policy = endpoints(environment, "Interface")[service].properties["PolicyDocument"]
    return {
        (action, resource)
        for statement in policy["Statement"]
        for action in _several(statement["Action"])
        for resource in _several(statement["Resource"])
    }


def _several(value: str | list[str]) -> list[str]:
    """CDK writes a list of one as the one."""
    return [value] if isinstance(value, str) else value
