"""One change of a synthesized template that takes a security property away: `weakened.toml`.

A change is to the template and not to our code: a gate that catches it would catch it however it came.
"""

import tomllib
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

from review.templates import EnvironmentTemplates, Resource


class WeakeningError(Exception):
    """A row of the table that changes nothing, or does not know what."""


@dataclass(frozen=True, kw_only=True)
class Weakening:
    """Either `without` a part, or with a part `to` be something else, or the whole resource gone."""

    property: str
    """What would hold no longer, in words."""
    of: str
    """The resource, as tests name it; for one that is `added`, the stack that gets it."""
    part: str = ""
    """Where, by names with dots. Of a list: a number, `+` for one more, or what an element's Sid is."""
    to: Any = None
    """None takes the part away."""
    added: Mapping[str, Any] | None = None
    """A resource that was not there."""
    only: str = ""
    """The environment that has it, of those that are tested, where `dev` has not."""

    def apply(self, environment: EnvironmentTemplates) -> tuple[str, EnvironmentTemplates]:
        """The stack that it changes, and the environment with it changed."""
        if self.of == "manifest":
            return "Storage", _manifest(environment, self.part, self.to)
        if self.added is not None:
            stack, template = self.of, deepcopy(environment.templates[self.of])
            template["Resources"]["Added"] = deepcopy(dict(self.added))
        else:
            stack, template = self._changed(environment)
        if template == environment.templates[stack]:
            raise WeakeningError(f"{self.property}: {self.part} of {self.of} is so already")
        return stack, replace(environment, changed={**environment.changed, stack: template})

    def _changed(self, environment: EnvironmentTemplates) -> tuple[str, dict[str, Any]]:
        found = _named(environment, self.of)
        template = deepcopy(environment.templates[found.stack])
        if self.part:
            _put(template["Resources"][found.id], self.part.split("."), deepcopy(self.to))
        else:
            del template["Resources"][found.id]
        return found.stack, template


def weakenings(only: str = "") -> list[Weakening]:
    """Of `dev`, and of every environment like it; or what is `only` in another."""
    text = files("review").joinpath("weakened.toml").read_text("utf-8")
    known = [Weakening(**row) for row in tomllib.loads(text)["weakened"]]
    return [one for one in known if one.only == only]


def _named(environment: EnvironmentTemplates, name: str) -> Resource:
    found = [resource for resource in environment.resources if resource.name == name]
    if len(found) != 1:
        raise WeakeningError(f"{name}: {len(found)} resources of this name")
    return found[0]


def _put(within: Any, path: list[str], value: Any) -> None:
    *ahead, last = path
    for step in ahead:
        within = within[_key(within, step)]
    key = _key(within, last)
    if value is None:
        del within[key]
    elif key == "+":
        within.append(value)
    else:
        within[key] = value


def _key(within: Any, step: str) -> Any:
    """The name or number of what is meant by `step`."""
    if isinstance(within, dict) or step == "+":
        return step
    if step.isdigit():
        return int(step)
    return next(n for n, element in enumerate(within) if element.get("Sid") == step)


def _manifest(environment: EnvironmentTemplates, part: str, to: Any) -> EnvironmentTemplates:
    manifest = deepcopy(environment.manifest)
    (storage,) = (
        artifact
        for name, artifact in manifest["artifacts"].items()
        if artifact["type"] == "aws:cloudformation:stack"
        and environment.files["Storage"].name.startswith(name)
    )
    _put(storage["properties"], part.split("."), to)
    return replace(environment, altered=manifest)
