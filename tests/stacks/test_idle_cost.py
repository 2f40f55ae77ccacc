"""What an environment costs while nothing runs is counted in its templates, and documented as counted."""

import tomllib
from decimal import Decimal

from whole_app import ROOT

from review.costs import idle

PRICES = tomllib.loads((ROOT / "review/idle_prices.toml").read_text("utf-8"))


def test_every_kind_of_resource_has_a_price_or_is_free(environment):
    assert idle(environment).unpriced == ()


def test_the_documents_state_the_sum(dev):
    text = (ROOT / "docs/network.md").read_text("utf-8")
    assert f"**{idle(dev).month:.2f}**" in text


def test_an_interface_costs_in_each_of_its_zones_and_a_gateway_nothing(environment):
    endpoints = environment.of_type("AWS::EC2::VPCEndpoint")
    interfaces = [e for e in endpoints if e.properties["VpcEndpointType"] == "Interface"]
    (line,) = (one for one in idle(environment).lines if "endpoints" in one.what)
    assert len(interfaces) < len(endpoints)
    assert line.units == sum(len(e.properties["SubnetIds"]) for e in interfaces)
    assert line.month == line.units * Decimal("0.01") * 730


def test_every_price_is_dated_and_says_where_it_is_from():
    assert PRICES["as_of"]
    for price in PRICES["price"]:
        assert price["source"].startswith("https://aws.amazon.com/")
        assert price["note"]
