"""What an environment will ask of an account: read from its synthesized templates, before they are deployed."""

import json
import tomllib
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tuning.errors import OptionError, nearest
from tuning.imports.import_recipe import IMPORT
from tuning.models.catalog import catalog
from tuning.runs.recipes import FINE_TUNING

LOG_RESOURCE = "Custom::ModelInvocationLog"
"""Type of the resource that sets the account's log of models; its physical id is the name of our log group."""
GUARDRAIL = "AWS::Bedrock::Guardrail"
_RECIPES = "recipes/"
_STACK, _NESTED = "aws:cloudformation:stack", "cdk:cloud-assembly"
_NOT_OF_THE_CDK = (AttributeError, KeyError, TypeError, ValueError, zipfile.BadZipFile)
_DEFAULT_BOOTSTRAP = "/cdk-bootstrap/hnb659fds/version"


@dataclass(frozen=True, kw_only=True)
class NeededGuardrail:
    name: str
    """In the account and Region."""
    profile: str = ""
    """Of cross-Region inference; empty where texts are judged in the Region."""


@dataclass(frozen=True, kw_only=True)
class Needs:
    environment: str
    region: str
    stacks: tuple[str, ...]
    models: Mapping[str, tuple[str, ...]]
    """Base models, each with the recipes that train it."""
    methods: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Base models, each with the methods of those recipes."""
    provisioned: tuple[str, ...] = ()
    """Recipes that have Provisioned Throughput bought for their models."""
    imports: tuple[str, ...] = ()
    """Recipes that import models."""
    zones: tuple[str, ...] = ()
    """Names of the zones that subnets are made in."""
    endpoints: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Services of interface endpoints, each with its zones; `lambda` with those of the functions: no API says
    where functions may be, and where Lambda has an endpoint they are taken to (inferred)."""
    prefix_lists: tuple[str, ...] = ()
    """Ids that security groups name."""
    gateways: tuple[str, ...] = ()
    """Services of gateway endpoints, which are the names of those prefix lists."""
    functions: int = 0
    reserved: int = 0
    """Executions that the functions reserve together."""
    vpcs: int = 0
    logs_prompts: bool = False
    """Whether it asks for the account's log of what models are asked."""
    guardrail: NeededGuardrail | None = None
    bootstrap: int = 0
    """The version of the bootstrap stack that deploying takes."""
    bootstrap_parameter: str = _DEFAULT_BOOTSTRAP
    synthesized: bool = True
    """Whether there were templates to read."""

    @classmethod
    def without_templates(cls, environment: str, region: str) -> Self:
        """What every environment there needs: stacks by their usual names, and of the models that can be
        customized in the Region, those that cost nothing idle.
        """
        offered = [
            model.id
            for model in catalog().models.values()
            if region in model.regions and model.on_demand and FINE_TUNING in model.methods
        ]
        return cls(
            environment=environment,
            region=region,
            stacks=tuple(f"{environment}-{name}" for name in ("Network", "Storage", "Training")),
            models=dict.fromkeys(offered, ()),
            methods=dict.fromkeys(offered, (FINE_TUNING,)),
            vpcs=1,
            synthesized=False,
        )

    @classmethod
    def of(cls, environment: str, assembly: Path) -> Self:
        """Of the stacks that begin with the environment's name, in the folder that `cdk synth` made.

        Raises OptionError when there are none, or when the CDK has not made what is in it.
        """
        try:
            return cls._read(environment, assembly)
        except _NOT_OF_THE_CDK as error:
            raise OptionError(
                f"{assembly}: is not what the CDK makes ({type(error).__name__}: {error}); remove it "
                "and run make synth again"
            ) from None

    @classmethod
    def _read(cls, environment: str, assembly: Path) -> Self:
        found = list(_stacks(assembly))
        mine = [each for each in found if each.name.startswith(f"{environment}-")]
        if not mine:
            there = sorted({each.name.rpartition("-")[0] for each in found} - {""})
            known = f"; there are: {', '.join(there)}" if there else "; it holds no stacks"
            hint = nearest(environment, there)
            raise OptionError(
                f"--environment {environment}: no such environment in {assembly}{hint}{known}"
            )
        resources = [each for stack in mine for each in stack.resources]
        written = {name: each for stack in mine for name, each in stack.recipes()}
        recipes = {n: each for n, each in written.items() if each["method"] != IMPORT}
        region = mine[0].region
        return cls(
            environment=environment,
            region=region,
            stacks=tuple(each.name for each in mine),
            models=_by_model(recipes, "name"),
            methods=_by_model(recipes, "method"),
            provisioned=tuple(sorted(n for n, each in recipes.items() if each["provisioned"])),
            imports=tuple(sorted(set(written) - set(recipes))),
            **_network(mine, region),
            functions=sum(kind == "AWS::Lambda::Function" for kind, _ in resources),
            reserved=sum(int(p.get("ReservedConcurrentExecutions", 0)) for _, p in resources),
            logs_prompts=any(kind == LOG_RESOURCE for kind, _ in resources),
            guardrail=next(
                (_guardrail(said) for kind, said in resources if kind == GUARDRAIL), None
            ),
            bootstrap=max(each.bootstrap for each in mine),
            bootstrap_parameter=mine[0].bootstrap_parameter,
        )


@dataclass(frozen=True, kw_only=True)
class _Stack:
    name: str
    region: str
    folder: Path
    template: Mapping[str, Any]
    bootstrap: int
    bootstrap_parameter: str
    assets: tuple[str, ...]

    @property
    def resources(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for each in self.template.get("Resources", {}).values():
            yield each["Type"], each.get("Properties", {})

    def recipes(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        """They are in the code of the functions."""
        for name in self.assets:
            if (path := self.folder / name).suffix == ".zip" and path.is_file():
                with zipfile.ZipFile(path) as code:
                    for entry in code.namelist():
                        if entry.startswith(_RECIPES) and entry.endswith(".toml"):
                            recipe = tomllib.loads(code.read(entry).decode())
                            method = recipe.get("method", FINE_TUNING)
                            said = {
                                "name": Path(entry).stem,
                                "model": "" if method == IMPORT else recipe["base_model"],
                                "method": method,
                                # The table is checked as it is synthesized.
                                "provisioned": str(
                                    recipe.get("release", {}).get("provisioned_hours", "")
                                ),
                            }
                            yield said["name"], said


def _stacks(folder: Path) -> Iterator[_Stack]:
    """Those of an assembly and of the assemblies in it, which a cdk.Stage makes."""
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    except FileNotFoundError:
        raise OptionError(
            f"{folder}: holds no synthesized templates; run make synth (npx cdk synth), or name the "
            "folder with --assembly"
        ) from None
    for artifact in manifest.get("artifacts", {}).values():
        said = artifact.get("properties", {})
        if artifact["type"] == _NESTED:
            yield from _stacks(folder / said["directoryName"])
        elif artifact["type"] == _STACK:
            yield _Stack(
                name=said.get("stackName", ""),
                region=artifact["environment"].rpartition("/")[2],
                folder=folder,
                template=json.loads((folder / said["templateFile"]).read_text("utf-8")),
                bootstrap=int(said.get("requiresBootstrapStackVersion", 0)),
                bootstrap_parameter=said.get("bootstrapStackVersionSsmParameter")
                or _DEFAULT_BOOTSTRAP,
                assets=tuple(_assets(folder, manifest, said)),
            )


def _assets(folder: Path, manifest: Mapping[str, Any], stack: Mapping[str, Any]) -> Iterator[str]:
    for name in stack.get("additionalDependencies", ()):
        listed = manifest["artifacts"].get(name, {}).get("properties", {}).get("file")
        if listed:
            files = json.loads((folder / listed).read_text("utf-8")).get("files", {})
            yield from (each["source"]["path"] for each in files.values())


def _guardrail(said: Mapping[str, Any]) -> NeededGuardrail:
    profile = said.get("CrossRegionConfig", {}).get("GuardrailProfileArn", "")
    # An ARN whose account is not known yet is a list of pieces; the profile is the last of them.
    last = profile["Fn::Join"][1][-1] if isinstance(profile, dict) else profile
    return NeededGuardrail(name=said["Name"], profile=last.rpartition("/")[2])


def _by_model(recipes: Mapping[str, Mapping[str, str]], member: str) -> dict[str, tuple[str, ...]]:
    """What the recipes of each model have under that name."""
    models = sorted({each["model"] for each in recipes.values()})
    return {
        model: tuple(sorted({r[member] for r in recipes.values() if r["model"] == model}))
        for model in models
    }


def _network(stacks: list[_Stack], region: str) -> dict[str, Any]:
    subnets: dict[str, str] = {}
    endpoints: dict[str, tuple[str, ...]] = {}
    gateways: set[str] = set()
    lists: set[str] = set()
    functions: set[str] = set()
    vpcs = 0
    for stack in stacks:
        for logical_id, each in stack.template.get("Resources", {}).items():
            if each["Type"] == "AWS::EC2::Subnet":
                subnets[logical_id] = _text(each["Properties"].get("AvailabilityZone"), region)
        for output in stack.template.get("Outputs", {}).values():
            if zone := _placed(output["Value"], subnets):
                subnets[output.get("Export", {}).get("Name", "")] = zone
    for kind, said in (each for stack in stacks for each in stack.resources):
        vpcs += kind == "AWS::EC2::VPC"
        if kind == "AWS::EC2::VPCEndpoint":
            service = _text(said["ServiceName"], region)
            if said.get("VpcEndpointType") == "Interface":
                used = {_placed(each, subnets) for each in said.get("SubnetIds", [])}
                endpoints[service] = tuple(sorted(used - {""}))
            else:
                gateways.add(service)
        functions |= {
            _placed(each, subnets) for each in said.get("VpcConfig", {}).get("SubnetIds", [])
        }
        rules = [said, *said.get("SecurityGroupEgress", [])] if "SecurityGroup" in kind else []
        lists |= {
            str(r["DestinationPrefixListId"]) for r in rules if "DestinationPrefixListId" in r
        }
    if in_zones := functions - {""}:
        endpoints.setdefault(f"com.amazonaws.{region}.lambda", tuple(sorted(in_zones)))
    return {
        "zones": tuple(sorted({zone for zone in subnets.values() if zone})),
        "endpoints": endpoints,
        "gateways": tuple(sorted(gateways)),
        "prefix_lists": tuple(sorted(lists)),
        "vpcs": vpcs,
    }


def _placed(subnet: Any, zones: Mapping[str, str]) -> str:
    """The zone of a subnet that is named by its own template or through an export; empty when it is none."""
    match subnet:
        case {"Ref": str(name)} | {"Fn::ImportValue": str(name)}:
            return zones.get(name, "")
    return ""


def _text(value: Any, region: str) -> str:
    """A value of a template, where the Region is all that is left open in it."""
    match value:
        case str():
            return value
        case {"Ref": "AWS::Region"}:
            return region
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(_text(part, region) for part in parts)
    return ""
