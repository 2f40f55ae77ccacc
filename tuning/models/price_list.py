"""The AWS Price List, read for the prices of this platform: only what can be mapped for certain.

A price is taken when one product bears exactly the usage type of a model, in its Region, with one term on
demand, one dimension that holds from nothing to without end, in US dollars, and a unit that is known.
Everything else is refused with the reason. Retired models keep their prices in the list, so it proves a
price and not that a model can be customized.
https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from tuning.models.catalog import catalog
from tuning.models.prices import PROVISIONED, SERVING, STORAGE, TRAINING

SERVICE = "AmazonBedrock"
_TOKENS = {"1k tokens": Decimal(1), "1m tokens": Decimal(1) / 1000}
"""What makes each unit one of 1,000 tokens."""
# Usage types and units are as people report them who have read the list; no page of AWS names them.
# Not confirmed: that each model has all of them. What is not found stays as it was.
_SUFFIXES: Mapping[tuple[str, str], tuple[str, Mapping[str, Decimal]]] = {
    (TRAINING, "usd"): ("-Customization-Training", _TOKENS),
    (SERVING, "input_usd"): ("-input-tokens-custom-model", _TOKENS),
    (SERVING, "output_usd"): ("-output-tokens-custom-model", _TOKENS),
    (PROVISIONED, "usd"): (
        "-ProvisionedThroughput-NoCommit-ModelUnits",
        {"hour": Decimal(1), "hrs": Decimal(1)},
    ),
    (STORAGE, "usd"): ("-Customization-Storage", {"model/month": Decimal(1)}),
}


class UncertainPriceError(Exception):
    """A product whose price could mean something else than what is wanted."""


@dataclass(frozen=True, kw_only=True)
class Change:
    what: str
    model: str | None
    before: Mapping[str, str] | None
    """The whole row of the table; None when there was none."""
    after: Mapping[str, str]

    @property
    def same_price(self) -> bool:
        """Whether only the date and the source are new."""
        return self.before is not None and _amounts(self.before) == _amounts(self.after)

    def to_dict(self) -> dict[str, Any]:
        return {**vars(self), "same_price": self.same_price}


@dataclass(frozen=True, kw_only=True)
class Refresh:
    table: Mapping[str, Any]
    """The new table of prices, whole."""
    changes: tuple[Change, ...]
    refused: tuple[str, ...]
    """What was found and not taken, and why."""
    missing: tuple[str, ...]
    """Usage types that were looked for and not found."""


@dataclass(frozen=True, kw_only=True)
class _Quote:
    usd: Decimal
    published: str


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """The products by usage type, and what became of those that were wanted."""

    products: Mapping[str, list[Mapping[str, Any]]]
    refused: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def quote(self, usage: str, region: str, units: Mapping[str, Decimal]) -> _Quote | None:
        found = self.products.get(usage, [])
        if not found:
            self.missing.append(usage)
            return None
        try:
            return _quoted(found, region, units)
        except UncertainPriceError as why:
            self.refused.append(f"{usage}: {why}")
            return None


def regions(table: Mapping[str, Any]) -> list[str]:
    """The Regions whose products are wanted."""
    return sorted({catalog().model(model).regions[0] for model in table["price_list"]["families"]})


def refreshed(table: Mapping[str, Any], listed: Iterable[str], *, today: date) -> Refresh:
    """The table with every price that `listed`, the strings of a PriceList, tells for certain."""
    reading = _Reading(products=_by_usage(listed))
    rows = [*_rows(table, reading, today), *_storage(table, reading, today)]
    made = json.loads(json.dumps(table))
    changes = []
    for what, model, row in rows:
        part = made if model is None else made.setdefault(what, {})
        at = what if model is None else model
        changes.append(Change(what=what, model=model, before=part.get(at), after=row))
        part[at] = row
    if changes:
        made["as_of"] = today.isoformat()
    refused, missing = tuple(reading.refused), tuple(reading.missing)
    return Refresh(table=made, changes=tuple(changes), refused=refused, missing=missing)


def _rows(
    table: Mapping[str, Any], reading: _Reading, today: date
) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Of each model; input and output of answers stand or fall together."""
    for model in table["price_list"]["families"]:
        for what, names in (
            (TRAINING, ("usd",)),
            (SERVING, ("input_usd", "output_usd")),
            (PROVISIONED, ("usd",)),
        ):
            asked = [(name, *_wanted(table, model, what, name)) for name in names]
            found = {
                name: quote
                for name, usage, region, units in asked
                if (quote := reading.quote(usage, region, units))
            }
            if len(found) == len(names):
                usages = " and ".join(usage for _, usage, _, _ in asked)
                yield what, model, _row(found, usages, today)


def _storage(
    table: Mapping[str, Any], reading: _Reading, today: date
) -> Iterator[tuple[str, None, dict[str, str]]]:
    """One price for all models, as long as all that are listed agree."""
    quotes = {}
    for model in table["price_list"]["families"]:
        usage, region, units = _wanted(table, model, STORAGE, "usd")
        if quote := reading.quote(usage, region, units):
            quotes[usage] = quote
    if len({quote.usd for quote in quotes.values()}) > 1:
        told = ", ".join(f"{usage} {quote.usd:f}" for usage, quote in quotes.items())
        reading.refused.append(f"storage: models differ, and the table has one price: {told}")
    elif quotes:
        usage, quote = next(iter(quotes.items()))
        yield STORAGE, None, _row({"usd": quote}, usage, today)


def _wanted(
    table: Mapping[str, Any], model: str, what: str, name: str
) -> tuple[str, str, Mapping[str, Decimal]]:
    known, region = table["price_list"], catalog().model(model).regions[0]
    suffix, units = _SUFFIXES[(what, name)]
    return f"{known['prefixes'][region]}-{known['families'][model]}{suffix}", region, units


def _row(quotes: Mapping[str, _Quote], usage: str, today: date) -> dict[str, str]:
    published = max(quote.published for quote in quotes.values())
    return {
        **{name: f"{quote.usd.normalize():f}" for name, quote in quotes.items()},
        "date": today.isoformat(),
        "source": f"AWS Price List, {SERVICE}, {usage}, published {published}",
    }


def _by_usage(listed: Iterable[str]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for text in listed:
        product = json.loads(text)
        usage = product["product"]["attributes"].get("usagetype", "")
        found.setdefault(usage, []).append(product)
    return found


def _quoted(found: list[Mapping[str, Any]], region: str, units: Mapping[str, Decimal]) -> _Quote:
    if len(found) > 1:
        raise UncertainPriceError(f"{len(found)} products bear it")
    (product,) = found
    attributes = product["product"]["attributes"]
    for name, wanted in (("regionCode", region), ("servicecode", SERVICE)):
        if attributes.get(name) != wanted:
            raise UncertainPriceError(f"{name} is {attributes.get(name)!r}, not {wanted!r}")
    term = _one(product.get("terms", {}).get("OnDemand", {}), "terms on demand")
    dimension = _one(term.get("priceDimensions", {}), "price dimensions")
    bounds = (dimension.get("beginRange", "0"), dimension.get("endRange", "Inf"))
    if bounds != ("0", "Inf"):
        raise UncertainPriceError(f"the price holds from {bounds[0]} to {bounds[1]} only")
    unit = str(dimension.get("unit", ""))
    if (factor := units.get(unit.lower())) is None:
        raise UncertainPriceError(f"the unit {unit!r} is none of {', '.join(units)}")
    return _Quote(
        usd=_dollars(dimension.get("pricePerUnit", {})) * factor,
        published=str(product.get("publicationDate", "at an unknown date"))[:10],
    )


def _one(found: Mapping[str, Any], what: str) -> Mapping[str, Any]:
    if len(found) != 1:
        raise UncertainPriceError(f"{len(found)} {what}, and one is expected")
    one: Mapping[str, Any] = next(iter(found.values()))
    return one


def _dollars(price: Mapping[str, str]) -> Decimal:
    if list(price) != ["USD"]:
        raise UncertainPriceError(f"the currency is {', '.join(price) or 'not told'}")
    try:
        usd = Decimal(price["USD"])
    except InvalidOperation:
        usd = Decimal(0)
    if not (usd.is_finite() and usd > 0):
        raise UncertainPriceError(f"{price['USD']!r} is no price")
    return usd


def _amounts(row: Mapping[str, str]) -> dict[str, Decimal]:
    return {name: Decimal(usd) for name, usd in row.items() if name.endswith("usd")}
