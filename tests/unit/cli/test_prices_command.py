"""The prices command: each price with its date and its source."""

import json

from typer.testing import CliRunner

from tuning.__main__ import application
from tuning.models.prices import every_price, prices


def test_every_price_is_shown_with_its_date_and_its_source():
    result = CliRunner().invoke(application(), ["prices"], terminal_width=200)
    assert result.exit_code == 0
    for price in every_price(prices()):
        assert price.source in result.stdout
        assert price.date in result.stdout
        assert all(usd in result.stdout for usd in price.amounts.values())


def test_programs_get_the_table_itself():
    result = CliRunner().invoke(application(), ["prices", "--format", "json"])
    assert json.loads(result.stdout) == prices()
