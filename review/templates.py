"""Synthesized templates as plain facts: intrinsic functions read as `{Name}`, imports followed."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

STACKS = ("Network", "Storage", "Training")
OPTED_STACKS = ("Import", "Assistants")
"""Those that an environment has only where a recipe or its Config asks for them."""

_HASH = re.compile(r"[0-9A-F]{8}$")
_PSEUDO = {
    "AWS::AccountId": "{account}",
    "AWS::Region": "{region}",
    "AWS::Partition": "aws",
    "AWS::StackId": "arn:aws:cloudformation:{region}:{account}:stack/{name}/{stack}-id",
}


class AbsentError(AssertionError):
    """A template lacks what was asked for: an answer, not a fault of the asker."""


class Plain(dict[Any, Any]):
    """Facts by name; reading one that is not there raises AbsentError."""

    def __missing__(self, key: Any) -> Any:
        raise AbsentError(key)


@dataclass(frozen=True, kw_only=True)
class Resource:
    stack: str
    id: str
    type: str
    properties: Mapping[str, Any]
    """As in the template, with every intrinsic function replaced by text."""
    depends_on: frozenset[str]
    deletion: str | None
    replacement: str | None

    @cached_property
    def name(self) -> str:
        """The logical id without CDK's hash, such as `JobRoleDataPolicy`."""
        return _HASH.sub("", self.id)

    @cached_property
    def ref(self) -> str:
        """How other resources' properties name this one."""
        return f"{{{self.name}}}"


@dataclass(frozen=True, kw_only=True)
class EnvironmentTemplates:
    """The templates of one Deployment."""

    name: str
    folder: Path
    changed: Mapping[str, dict[str, Any]] = field(default_factory=dict, hash=False)
    """Templates, by stack, to be read in place of those in the folder."""
    altered: dict[str, Any] | None = field(default=None, hash=False)
    """A manifest in place of that in the folder."""

    @classmethod
    def of(cls, assembly: Path, name: str) -> "EnvironmentTemplates":
        return cls(name=name, folder=assembly)

    @cached_property
    def files(self) -> dict[str, Path]:
        opted = {stack: path for stack in OPTED_STACKS if (path := next(self._named(stack), None))}
        return {stack: next(self._named(stack)) for stack in STACKS} | opted

    def _named(self, stack: str) -> Iterator[Path]:
        return self.folder.glob(f"{self.name.replace('-', '')}{stack}*.template.json")

    @cached_property
    def templates(self) -> dict[str, dict[str, Any]]:
        read = {stack: json.loads(path.read_bytes()) for stack, path in self.files.items()}
        return {**read, **self.changed}

    @cached_property
    def manifest(self) -> dict[str, Any]:
        if self.altered is not None:
            return self.altered
        manifest: dict[str, Any] = json.loads((self.folder / "manifest.json").read_bytes())
        return manifest

    @cached_property
    def resources(self) -> list[Resource]:
        return [
            Resource(
                stack=stack,
                id=logical_id,
                type=raw["Type"],
                properties=self.plain(raw.get("Properties", {})),
                depends_on=frozenset(_HASH.sub("", d) for d in raw.get("DependsOn", ())),
                deletion=raw.get("DeletionPolicy"),
                replacement=raw.get("UpdateReplacePolicy"),
            )
            for stack, template in self.templates.items()
            for logical_id, raw in template["Resources"].items()
        ]

    def of_type(self, *types: str) -> list[Resource]:
        return [r for r in self.resources if r.type in types]

    def one(self, resource_type: str, name: str = "") -> Resource:
        """Raises AbsentError unless there is exactly one."""
        return _only([r for r in self.of_type(resource_type) if name in ("", r.name)], name)

    def by_id(self, logical_id: str) -> Resource:
        """Raises AbsentError when there is none."""
        return _only([r for r in self.resources if r.id == logical_id], logical_id)

    def plain(self, value: Any) -> Any:
        """`value` with intrinsic functions as text: `{Prepared}/prepared/*`."""
        match value:
            case {"Ref": str(name)}:
                return _PSEUDO.get(name) or f"{{{_HASH.sub('', name)}}}"
            case {"Fn::GetAtt": [str(name), str(attribute)]}:
                same = attribute in ("Arn", "GroupId")
                return f"{{{_HASH.sub('', name)}{'' if same else f'.{attribute}'}}}"
            case {"Fn::ImportValue": str(export)}:
                return self.plain(self._exports[export])
            case {"Fn::Join": _} | {"Fn::Select": _} | {"Fn::Split": _}:
                return composed(value, self.plain)
            case dict():
                return Plain({key: self.plain(inner) for key, inner in value.items()})
        return list(map(self.plain, value)) if isinstance(value, list) else value

    @cached_property
    def _exports(self) -> Plain:
        return Plain(
            {
                output["Export"]["Name"]: output["Value"]
                for template in self.templates.values()
                for output in template.get("Outputs", {}).values()
                if "Export" in output
            }
        )


def composed(given: Mapping[str, Any], evaluate: Callable[[Any], Any]) -> Any:
    """What a function of CloudFormation makes of texts; `evaluate` does the same for what is inside."""
    ((function, (first, rest)),) = given.items()
    match function:
        case "Fn::Join":
            return first.join(map(evaluate, rest))
        case "Fn::Select":
            return evaluate(rest)[int(first)]
        case "Fn::Split":
            return evaluate(rest).split(first)
    raise NotImplementedError(function)


def _only(found: list[Resource], name: str) -> Resource:
    if len(found) != 1:
        raise AbsentError(f"{len(found)} resources, not one: {name}")
    return found[0]
