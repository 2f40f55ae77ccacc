"""Prices from the AWS Price List: only what can be mapped for certain. Products have the shape that
https://docs.aws.amazon.com/cli/latest/reference/pricing/get-products.html shows; no call was recorded.
"""

import json
from datetime import date
from decimal import Decimal

import botocore.session
import pytest
from botocore.stub import Stubber
from cli_world import left

from tuning.aws import clients
from tuning.cli.aws_errors import AccountError
from tuning.cli.refresh_prices_command import refresh
from tuning.errors import OptionError
from tuning.models.catalog import catalog
from tuning.models.price_list import refreshed, regions
from tuning.models.prices import PROVISIONED, SERVING, STORAGE, TRAINING, prices

TODAY = date(2026, 11, 24)
MICRO = "amazon.nova-micro-v1:0:128k"
TRAINED = "USE1-NovaMicro-Customization-Training"


def product(usage, usd, unit="1K tokens", *, region="us-east-1", **given):
    dimension = {
        "unit": unit,
        "endRange": "Inf",
        "description": f"${usd} per {unit} for {usage}",
        "appliesTo": [],
        "rateCode": "3MKHN58N7RDDVGKJ.JRTCKXETXF.6YS6EN2CT7",
        "beginRange": "0",
        "pricePerUnit": {"USD": usd},
        **given.get("dimension", {}),
    }
    dimensions = {f"DIM{n}": dimension for n in range(given.get("dimensions", 1))}
    term = {
        "priceDimensions": dimensions,
        "sku": "3MKHN58N7RDDVGKJ",
        "effectiveDate": "2026-11-01T00:00:00Z",
        "offerTermCode": "JRTCKXETXF",
        "termAttributes": {},
    }
    attributes = {
        "regionCode": region,
        "servicecode": "AmazonBedrock",
        "usagetype": usage,
        "locationType": "AWS Region",
        **given.get("attributes", {}),
    }
    return json.dumps(
        {
            "product": {"attributes": attributes, "sku": "3MKHN58N7RDDVGKJ"},
            "serviceCode": "AmazonBedrock",
            "terms": {"OnDemand": {f"TERM{n}": term for n in range(given.get("terms", 1))}},
            "version": "20261101000000",
            "publicationDate": "2026-11-01T20:50:51Z",
        }
    )


def found(*listed):
    return refreshed(prices(), listed, today=TODAY)


def test_a_price_is_taken_with_its_date_and_its_source():
    (change,) = found(product(TRAINED, "0.0012000000")).changes
    assert (change.what, change.model, change.same_price) == (TRAINING, MICRO, False)
    assert change.after == {
        "usd": "0.0012",
        "date": "2026-11-24",
        "source": f"AWS Price List, AmazonBedrock, {TRAINED}, published 2026-11-01",
    }


def test_the_rest_of_the_table_stays_as_it_was():
    made = found(product(TRAINED, "0.0012")).table
    before = json.loads(json.dumps(prices()))
    before[TRAINING][MICRO] = made[TRAINING][MICRO]
    assert made == {**before, "as_of": "2026-11-24"}


def test_every_part_of_the_table_can_be_refreshed():
    made = found(
        product(TRAINED, "0.002"),
        product("USE1-NovaPro-input-tokens-custom-model", "0.0008"),
        product("USE1-NovaPro-output-tokens-custom-model", "3.2", "1M tokens"),
        product("USE1-NovaLite-ProvisionedThroughput-NoCommit-ModelUnits", "70", "hour"),
        product("USE1-NovaMicro-Customization-Storage", "2.5", "Model/month"),
    )
    assert not made.refused
    assert made.table[TRAINING][MICRO]["usd"] == "0.002"
    served = made.table[SERVING]["amazon.nova-pro-v1:0:300k"]
    assert (served["input_usd"], served["output_usd"]) == ("0.0008", "0.0032")
    assert made.table[PROVISIONED]["amazon.nova-lite-v1:0:300k"]["usd"] == "70"
    assert made.table[STORAGE]["usd"] == "2.5"


def test_a_price_that_is_the_same_gets_a_newer_source():
    (change,) = found(product(TRAINED, "0.0010000000")).changes
    assert change.same_price
    assert change.after["date"] == "2026-11-24"


UNCERTAIN = [
    pytest.param([product(TRAINED, "0.002")] * 2, "2 products bear it", id="two products"),
    pytest.param([product(TRAINED, "0.002", terms=2)], "2 terms on demand", id="two terms"),
    pytest.param([product(TRAINED, "0.002", terms=0)], "0 terms on demand", id="no term"),
    pytest.param([product(TRAINED, "0.002", dimensions=2)], "2 price dimensions", id="tiers"),
    pytest.param(
        [product(TRAINED, "0.002", dimension={"endRange": "100"})], "from 0 to 100", id="range"
    ),
    pytest.param([product(TRAINED, "0.002", "tokens")], "the unit 'tokens'", id="unit"),
    pytest.param([product(TRAINED, "0.002", "hour")], "the unit 'hour'", id="other unit"),
    pytest.param([product(TRAINED, "0.002", region="us-west-2")], "regionCode", id="Region"),
    pytest.param(
        [product(TRAINED, "0.002", attributes={"servicecode": "AmazonEC2"})], "servicecode", id="of"
    ),
    pytest.param(
        [product(TRAINED, "0.002", dimension={"pricePerUnit": {"CNY": "0.01"}})], "CNY", id="CNY"
    ),
    pytest.param([product(TRAINED, "0.0000000000")], "is no price", id="nothing"),
    pytest.param([product(TRAINED, "NaN")], "is no price", id="nan"),
    pytest.param([product(TRAINED, "free")], "is no price", id="words"),
]


@pytest.mark.parametrize(("listed", "why"), UNCERTAIN)
def test_what_is_not_certain_is_refused_with_the_reason(listed, why):
    made = found(*listed)
    assert made.changes == ()
    assert made.table == prices()
    (refusal,) = made.refused
    assert refusal.startswith(TRAINED)
    assert why in refusal


def test_half_a_price_of_answers_is_none():
    made = found(product("USE1-NovaMicro-input-tokens-custom-model", "0.00004"))
    assert made.changes == ()
    assert "USE1-NovaMicro-output-tokens-custom-model" in made.missing


def test_prices_of_storage_that_differ_are_not_made_one():
    made = found(
        product("USE1-NovaMicro-Customization-Storage", "1.95", "Model/month"),
        product("USE1-NovaPro-Customization-Storage", "3", "Model/month"),
    )
    assert made.changes == ()
    assert "models differ" in made.refused[0]


@pytest.mark.parametrize(
    "usage",
    [f"{TRAINED}-batch", "NovaMicro-Customization-Training", "USE1-NovaMicro-input-tokens"],
)
def test_a_usage_type_that_is_only_alike_is_not_it(usage):
    assert found(product(usage, "9")).changes == ()


def test_every_family_belongs_to_a_model_of_one_region():
    for model in prices()["price_list"]["families"]:
        assert len(catalog().model(model).regions) == 1
    assert set(regions(prices())) <= set(prices()["price_list"]["prefixes"])


@pytest.fixture
def listing(monkeypatch):
    """The real client of the pricing service, its answers prepared; one Region after another."""
    keys = {"aws_access_key_id": "x", "aws_secret_access_key": "x"}
    client = botocore.session.get_session().create_client("pricing", "us-east-1", **keys)
    stub = Stubber(client)

    def create(service, region):
        assert (service, region) == ("pricing", "us-east-1")
        return client

    monkeypatch.setattr(clients, "create", create)

    def answers(**pages):
        for region in regions(prices()):
            asked = {
                "ServiceCode": "AmazonBedrock",
                "Filters": [{"Type": "TERM_MATCH", "Field": "regionCode", "Value": region}],
            }
            texts = pages.get(region.replace("-", "_"), [])
            for number, text in enumerate([*texts, None]):
                page = {"FormatVersion": "aws_v1", "PriceList": [text] if text else []}
                more = {"NextToken": f"t{number}"} if text else {}
                token = {"NextToken": f"t{number - 1}"} if number else {}
                stub.add_response("get_products", page | more, asked | token)

    with stub:
        yield answers


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "prices.json"
    path.write_text(json.dumps(prices()))
    return path


def test_the_difference_is_shown_and_nothing_written_without_a_yes(listing, table, capsys):
    listing(us_east_1=[product(TRAINED, "0.002"), product("USE1-Other", "1")])
    assert left(refresh, file=table, shown="text") == 0
    captured = capsys.readouterr()
    assert "- usd 0.001 (2026-04-16)\n+ usd 0.002 (" in captured.out
    assert "not listed: USW2-Llama3-3-70B-Customization-Training" in captured.out
    assert "nothing was written" in captured.err
    assert json.loads(table.read_text()) == prices()


def test_a_yes_writes_what_every_page_of_every_region_told(listing, table, capsys):
    west = product("USW2-Llama3-3-70B-Customization-Training", "0.0079", region="us-west-2")
    storage = product("USE1-NovaMicro-Customization-Storage", "1.95", "Model/month")
    listing(us_east_1=[product(TRAINED, "0.002"), storage], us_west_2=[west])
    assert left(refresh, file=table, yes=True, shown="json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["written"], len(told["changes"])) == (True, 3)
    written = json.loads(table.read_text())
    training = written[TRAINING]
    assert Decimal(training["meta.llama3-3-70b-instruct-v1:0:128k"]["usd"]) == Decimal("0.0079")
    assert written["as_of"] == training[MICRO]["date"]


def test_a_list_that_tells_nothing_is_a_fault_and_writes_nothing(listing, table):
    listing()
    with pytest.raises(AccountError, match="no price that can be mapped"):
        refresh(file=table, yes=True, shown="text")
    assert json.loads(table.read_text()) == prices()


@pytest.mark.parametrize(("text", "words"), [("{", "is no JSON"), ("{}", "no table of prices")])
def test_a_file_that_is_no_table_is_told(tmp_path, text, words):
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(OptionError, match=words):
        refresh(file=path, shown="text")
