"""What an imported model takes and costs, as far as it is known."""

from decimal import Decimal

import pytest

from tuning.models.import_check import facts
from tuning.models.import_units import (
    MOST_UNITS,
    awake_per_minute,
    awake_words,
    expected_units,
    storage_of_units,
)
from tuning.models.prices import AWAKE_UNIT, every_price, prices

GB = 10**9


@pytest.mark.parametrize(
    ("architecture", "gigabytes", "units"),
    [
        ("Qwen3ForCausalLM", 8, 1),
        ("LlamaForCausalLM", 16, 2),
        ("LlamaForCausalLM", 141, 8),
        ("LlamaForCausalLM", 200, None),
        ("GptOssForCausalLM", 60, None),
        (None, 1, None),
    ],
)
def test_units_are_expected_by_size_and_are_unknown_where_nothing_is_known(
    architecture, gigabytes, units
):
    assert expected_units(architecture, gigabytes * GB).units == units


def test_a_larger_model_never_takes_fewer_units_and_the_unknown_reserves_the_most():
    counted = [expected_units("LlamaForCausalLM", size * GB).reserved for size in range(250)]
    assert counted == sorted(counted)
    assert counted[-1] == MOST_UNITS == expected_units("T5ForConditionalGeneration", 1).reserved


def test_what_is_inferred_says_so():
    assert "inferred" in expected_units("LlamaForCausalLM", GB).words
    assert "not known before it is imported" in expected_units("Unknown", GB).words


def test_storage_is_paid_by_the_unit():
    assert storage_of_units(1) == Decimal("1.95")
    assert storage_of_units(8) == Decimal("15.60")


def test_a_minute_awake_has_a_dated_price_where_one_is_known_and_says_so_where_none_is():
    assert awake_per_minute("us-east-1", 2) == Decimal("0.11436")
    assert "0.57" not in awake_words("us-east-1", 1)
    assert "0.05718 USD a minute (3.43 USD an hour)" in awake_words("us-east-1", 1)
    assert "for each of its custom model units" in awake_words("eu-central-1", None)
    assert "not known in us-east-2" in awake_words("us-east-2", 1)
    assert set(prices()[AWAKE_UNIT]) <= set(facts()["regions"])


def test_prices_of_imports_are_listed_with_the_others():
    assert {price.model for price in every_price(prices()) if price.what == AWAKE_UNIT} == set(
        prices()[AWAKE_UNIT]
    )
