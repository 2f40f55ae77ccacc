"""What an environment costs while nothing runs, computed from its templates."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files
from typing import Any

from review.templates import EnvironmentTemplates, Resource
from tuning.models.prices import HOURS


@dataclass(frozen=True, kw_only=True)
class CostLine:
    what: str
    units: int
    usd: Decimal
    per: str
    source: str
    note: str

    @property
    def month(self) -> Decimal:
        return self.units * self.usd * (HOURS if self.per == "hour" else 1)


@dataclass(frozen=True, kw_only=True)
class Bill:
    environment: str
    as_of: str
    lines: tuple[CostLine, ...]
    unpriced: tuple[str, ...]
    """Types of resources of which nobody has said what they cost."""

    @property
    def month(self) -> Decimal:
        return sum((line.month for line in self.lines), Decimal())


def idle(environment: EnvironmentTemplates) -> Bill:
    table = tomllib.loads(files("review").joinpath("idle_prices.toml").read_text("utf-8"))
    priced = {row["type"] for row in table["price"]}
    types = {resource.type for resource in environment.resources}
    return Bill(
        environment=environment.name,
        as_of=table["as_of"],
        lines=tuple(_lines(environment, table["price"])),
        unpriced=tuple(sorted(types - priced - set(table["free"]))),
    )


def _lines(
    environment: EnvironmentTemplates, prices: list[Mapping[str, Any]]
) -> Iterator[CostLine]:
    for row in prices:
        units = sum(_units(r, row["counted"]) for r in environment.of_type(row["type"]))
        rest = {name: row[name] for name in ("what", "per", "source", "note")}
        yield CostLine(units=units, usd=Decimal(row["usd"]), **rest)


def _units(resource: Resource, counted: str) -> int:
    """An interface endpoint is paid for in each of its subnets; a gateway endpoint in none."""
    return len(resource.properties.get("SubnetIds", ())) if counted == "zones" else 1
