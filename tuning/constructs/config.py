"""What may differ between environments. Typed, frozen, checked when it is made."""

import ipaddress
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self

from tuning.assistants.assistant import Assistant
from tuning.constructs.config_assistants import assistants_of
from tuning.constructs.perimeter import Perimeter
from tuning.errors import ConfigError, nearest
from tuning.guardrails.guardrail import Guardrail
from tuning.guardrails.guardrail_files import load_guardrail
from tuning.imports.import_recipe import ImportRecipe
from tuning.imports.import_recipe_files import check_import_recipe, is_import, load_import
from tuning.models.catalog import catalog
from tuning.runs.recipe_files import check_recipe, load
from tuning.runs.recipes import Recipe

# Prefix lists of the gateway endpoints: the only way to say "S3 and nothing else" in a security
# group. AWS keeps one id a Region; a lookup would need credentials at synth. To check one:
# aws ec2 describe-managed-prefix-lists --filters Name=prefix-list-name,Values=com.amazonaws.us-east-1.s3
# https://docs.aws.amazon.com/vpc/latest/userguide/working-with-aws-managed-prefix-lists.html
PREFIX_LISTS: Mapping[str, Mapping[str, str]] = {
    "us-east-1": {"s3": "pl-63a5400a", "dynamodb": "pl-02cd2c6b"},
    "us-west-2": {"s3": "pl-68a54001", "dynamodb": "pl-00a54069"},
}

# Where Bedrock customizes models today, and the zones of each Region.
# https://docs.aws.amazon.com/bedrock/latest/userguide/custom-model-fine-tuning.html
ZONES: Mapping[str, str] = {"us-east-1": "abcdef", "us-west-2": "abcd"}

# Python's `is_private` counts loopback and link-local networks too, which a VPC refuses.
# https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
_PRIVATE = tuple(map(ipaddress.IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))

# A training and a validation set, both at the limit, beside 512 MB for everything else, in the
# 10,240 MB that a function can have. https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html
_MAX_DATASET_MB = 4864

# Of what CloudWatch Logs takes, a year or more: what happened must be known for as long as anyone
# may ask. https://docs.aws.amazon.com/controltower/latest/controlreference/cloudwatch-rules.html
_RETENTION_DAYS = (365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)

# Names of recipes share the 4 KB of a function's variables; a security group takes 60 rules.
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
# https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
_MOST = 50

# An execution's history ends at 25,000 events; a poll takes nine of them, and so does each of the
# thousand waits for room that may come before.
# https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
_MAX_POLLS = 1_500

# https://docs.aws.amazon.com/lambda/latest/api/API_ScalingConfig.html
_FEWEST_RECEIVERS = 2


def _beside_the_program() -> Path:
    program: str | None = getattr(sys.modules["__main__"], "__file__", None)
    if program is None:
        raise ConfigError("recipes_folder: must be given where Python runs no file")
    return Path(program).resolve().parent / "recipes"


@dataclass(frozen=True, kw_only=True)
class Config:
    """One environment. Raises ConfigError, or RecipeError, when it could not work in AWS."""

    region: str
    """us-east-1 or us-west-2: Bedrock customizes models nowhere else."""
    recipes: tuple[str, ...]
    """Names of files in `recipes_folder`; each becomes a folder under `datasets/`, or, where its method is IMPORT,
    under `adapters/` and `models/`."""
    recipes_folder: Path | None = None
    """Where the recipes are. None: in `recipes` beside the program that makes this, such as app.py."""
    zones: tuple[str, ...] | None = None
    """Zones the VPC spans; a job gets a subnet in each. None is every zone of the Region: AWS recommends it,
    subnets cost nothing, and one field report says that jobs failed without. See docs/network.md."""
    endpoint_zones: tuple[str, ...] = ("a", "b")
    """Zones with PrivateLink endpoints and functions; each endpoint is billed per zone and hour.
    Letters mean other places in each account, and some lack a service: see docs/network.md."""
    cidr: str = "10.42.0.0/16"
    """The VPC's addresses; it is connected to nothing unless you connect it. /16 to /20."""
    job_nodes_talk: bool = True
    """Whether the job's security group allows all traffic to itself: see docs/network.md."""
    poll_seconds: int = 300
    """How often a job in progress is polled. Seconds, 60 to 900."""
    max_dataset_mb: int = 2048
    """Uploads larger than this are refused unread, and those that become larger when they are
    unpacked or converted. Megabytes, up to 4,864: the prepared copies must fit beside each other
    into the storage of a function."""
    monthly_budget_usd: int | None = None
    """What all runs together may cost in a month; runs that do not fit wait for a person who raises
    it. US dollars; None sets no limit."""
    guard_all_jobs: bool = False
    """Whether the guard also stops customization jobs that have nothing to do with this platform, in
    the same account and Region, when they lack a VPC or a customer managed key. Jobs that use its
    role, data or key without its VPC and key are stopped always: see docs/operations.md."""
    notify: tuple[str, ...] = ()
    """E-mail addresses that hear of every end and every alarm; each must confirm to AWS once."""
    uploader_cidrs: tuple[str, ...] = ()
    """Networks, such as one on premises, that may upload through the S3 endpoint: docs/network.md."""
    perimeter: Perimeter = field(default_factory=Perimeter)
    """Who may reach data without coming through the VPC: `tuning/constructs/perimeter.py`."""
    log_days: int = 365
    """How long logs are kept. Days, a year or more, a value that CloudWatch Logs takes."""
    log_account_prompts: bool = False
    """Whether Bedrock keeps what models are asked and answer in a log group of this environment. **Of everybody in
    the account and Region**, not of this environment alone, for AWS has one such setting for all of them; one
    that somebody else has made is never overwritten: the deployment is refused. Text only: docs/security.md."""
    guardrail: str | None = None
    """Name of a file in `guardrails` beside `recipes_folder`: what callers of the live models may ask and be answered.
    None: no guardrail, and calls without one are let through. Nothing is paid while nobody asks: docs/guardrails.md."""
    assistants: tuple[str, ...] = ()
    """Names of files in `assistants_folder`, asked through one private API. Without any there is no stack of them:
    docs/assistants.md."""
    assistants_folder: Path | None = None
    """Where the assistants are. None: in `assistants` beside `recipes_folder`."""
    zone_ids: Mapping[str, str] = field(default_factory=dict)
    """Ids of `endpoint_zones` in the account, such as `{"a": "use1-az4"}`: said where an assistant has tools."""
    reserved_concurrency: int | None = None
    """Concurrent executions that each function is promised and held to, 2 to 1,000. None reserves
    nothing, which every account can deploy: a new account's quota is 10 or 50, and Lambda refuses any
    reservation that leaves less than 100 unreserved. With the usual quota of 1,000, 10 is a good value.
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html"""

    def __new__(cls, **given: Any) -> Self:
        """Names are checked before Python does, whose answer would be a traceback."""
        known = [f.name for f in fields(cls)]
        for name in given:
            if name not in known:
                hint = nearest(name, known) or f"; there are {', '.join(known)}"
                raise ConfigError(f"Config has no setting {name!r}{hint}")
        for name in ("region", "recipes"):
            if name not in given:
                raise ConfigError(f"Config needs {name}: every environment must set it")
        return super().__new__(cls)

    def __post_init__(self) -> None:
        self._check_place()
        self._check_network()
        self._within("poll_seconds", self.poll_seconds, 60, 900)
        self._within("max_dataset_mb", self.max_dataset_mb, 1, _MAX_DATASET_MB)
        if self.log_days not in _RETENTION_DAYS:
            days = ", ".join(map(str, _RETENTION_DAYS))
            why = "a year or more that CloudWatch Logs takes"
            raise ConfigError(f"log_days = {self.log_days}: {why}: {days}")
        self._few("notify")
        for address in self.notify:
            if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", address):
                raise ConfigError(f"notify: {address!r} is not an e-mail address")
        self._few("uploader_cidrs")
        for cidr in self.uploader_cidrs:
            if self._network("uploader_cidrs", cidr).prefixlen < 8:  # noqa: PLR2004 — said below
                why = "is wider than /8; name the networks that uploads come from"
                raise ConfigError(f"uploader_cidrs: {cidr!r} {why}")
        if self.monthly_budget_usd is not None:
            self._within("monthly_budget_usd", self.monthly_budget_usd, 1, 10_000_000)
        if self.reserved_concurrency is not None:
            self._within("reserved_concurrency", self.reserved_concurrency, 2, 1000)
        self.load_recipes()
        self.load_imports()
        self.load_guardrail()
        self.load_assistants()

    @property
    def receivers(self) -> int:
        """How many batches of uploads are received at once: no more than the function may run, and
        where nothing is reserved the fewest that Lambda takes, so that a small account's quota is
        left to the runs. Lambda would throttle the rest, and count a receive for each of their
        messages. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
        """
        return self.reserved_concurrency or _FEWEST_RECEIVERS

    @property
    def recipe_files(self) -> list[Path]:
        return [self.folder / f"{name}.toml" for name in self.recipes]

    @property
    def folder(self) -> Path:
        return self.recipes_folder or _beside_the_program()

    def load_recipes(self) -> tuple[Recipe, ...]:
        """The recipes of this environment that train, each held against the model catalog."""
        if isinstance(self.recipes, str):  # ("x") is text, ("x",) is a tuple
            raise ConfigError(f"recipes = {self.recipes!r}: must be a tuple of names: add a comma")
        if not self.recipes:
            raise ConfigError("recipes: an environment without a recipe cannot train anything")
        self._few("recipes")
        files = [path for path in self.recipe_files if not is_import(path)]
        if not files:
            raise ConfigError("recipes: all of them import models; name one that trains as well")
        loaded = tuple(map(load, files))
        for recipe, path in zip(loaded, files, strict=True):
            file = str(path)
            check_recipe(recipe, region=self.region, catalog=catalog(), file=file)
            self._check_retry(recipe, file)
            self._check_polls(recipe, file, {one.name: one.limits.max_hours for one in loaded})
        return loaded

    def load_imports(self) -> list[ImportRecipe]:
        """The recipes of this environment that import, each held against what its Region imports."""
        loaded = []
        for path in filter(is_import, self.recipe_files):
            loaded.append(load_import(path))
            check_import_recipe(loaded[-1], region=self.region, file=str(path))
        return loaded

    def load_assistants(self) -> tuple[Assistant, ...]:
        """Each held against the models and guardrails."""
        return assistants_of(self)

    def load_guardrail(self) -> Guardrail | None:
        """The guardrail of this environment, held against what Bedrock takes. Raises GuardrailError."""
        if self.guardrail is None:
            return None
        if not isinstance(self.guardrail, str) or not self.guardrail:
            raise ConfigError(
                f"guardrail = {self.guardrail!r}: must be the name of a file, without .toml"
            )
        return load_guardrail(self.folder.parent / "guardrails" / f"{self.guardrail}.toml")

    @property
    def availability_zones(self) -> list[str]:
        return [f"{self.region}{zone}" for zone in self._zones]

    @property
    def _zones(self) -> tuple[str, ...]:
        return tuple(ZONES[self.region]) if self.zones is None else self.zones

    def _check_place(self) -> None:
        if self.region not in ZONES:
            raise ConfigError(
                f"region = {self.region!r}: Bedrock customizes models in {', '.join(ZONES)} only"
                f"{nearest(self.region, ZONES)}; see {catalog().sources['fine_tuning']}"
            )
        for name in ("zones", "endpoint_zones"):
            given: tuple[str, ...] = self._zones if name == "zones" else self.endpoint_zones
            if not given or len(set(given)) != len(given) or set(given) - set(ZONES[self.region]):
                raise ConfigError(
                    f"{name} = {given!r}: must be one or more different letters of "
                    f"{', '.join(ZONES[self.region])} in {self.region}"
                )
        if outside := set(self.endpoint_zones) - set(self._zones):
            raise ConfigError(f"endpoint_zones: {', '.join(sorted(outside))} not among zones")

    def _check_network(self) -> None:
        network = self._network("cidr", self.cidr)
        private = any(network.subnet_of(block) for block in _PRIVATE)
        if not private or not 16 <= network.prefixlen <= 20:  # noqa: PLR2004 — said below
            raise ConfigError(
                f"cidr = {self.cidr!r}: must be a network of /16 to /20 within "
                f"{', '.join(map(str, _PRIVATE))}"
            )

    def _check_polls(self, recipe: Recipe, file: str, max_hours: Mapping[str, int]) -> None:
        """A job that [retry] lets follow is polled in the same execution."""
        hours, tries = recipe.limits.max_hours, "hours"
        if recipe.retry:
            hours, tries = hours + max_hours[recipe.retry.recipe], "hours of its two tries"
        polls = hours * 3600 // self.poll_seconds
        if polls > _MAX_POLLS:
            raise ConfigError(
                f"poll_seconds = {self.poll_seconds}: {polls:,} polls in the {hours} {tries} "
                f"that {file} allows; an execution has room for {_MAX_POLLS:,}"
            )

    def _check_retry(self, recipe: Recipe, file: str) -> None:
        names = [path.stem for path in self.recipe_files if not is_import(path)]
        if recipe.retry and recipe.retry.recipe not in names:
            raise ConfigError(
                f"{file}: retry.recipe = {recipe.retry.recipe!r}: not among the recipes of this "
                f"environment{nearest(recipe.retry.recipe, names)}; there are: "
                f"{', '.join(names)}"
            )

    def _few(self, name: str) -> None:
        given: tuple[str, ...] = getattr(self, name)
        if twice := {one for one in given if given.count(one) > 1}:
            raise ConfigError(f"{name}: named more than once: {', '.join(sorted(twice))}")
        if len(given) > _MOST:
            raise ConfigError(f"{name}: {len(given)} of them; there is room for {_MOST}")

    @staticmethod
    def _network(name: str, text: str) -> ipaddress.IPv4Network:
        if not re.fullmatch(r"\d+(\.\d+){3}/\d+", text):
            raise ConfigError(f"{name} = {text!r}: must look like 10.42.0.0/16")
        try:
            return ipaddress.IPv4Network(text)
        except ValueError as error:
            raise ConfigError(f"{name} = {text!r}: {error}") from None

    @staticmethod
    def _within(name: str, value: object, low: int, high: int) -> None:
        if type(value) is not int or not low <= value <= high:
            raise ConfigError(f"{name} = {value!r}: must be a whole number, {low} to {high}")
