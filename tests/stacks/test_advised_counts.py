"""What `tuning advise` counts of documents while nobody asks is what their environment's templates have more."""

from decimal import Decimal

import pytest
from tested_configs import RICH

from review.costs import idle
from tuning.assistants.advice_case import AdviceCase
from tuning.assistants.vector_costs import (
    DOCUMENT_ALARMS,
    DOCUMENT_ENDPOINTS,
    DOCUMENT_KEYS,
    endpoints_usd,
)
from tuning.models.prices import ALARM_PRICE, KEY_PRICE, prices

ZONES = len(RICH.endpoint_zones)
COUNTED = {
    "Interface endpoints, for each zone": DOCUMENT_ENDPOINTS * ZONES,
    "KMS keys": DOCUMENT_KEYS,
    "Alarms": DOCUMENT_ALARMS,
}


@pytest.fixture(scope="module")
def bills(docs, assisted):
    """(of assistants with documents, of the same without)"""
    return idle(docs), idle(assisted)


def test_documents_are_counted_as_the_templates_have_them(bills):
    documented, plain = bills
    more = {a.what: a.units - b.units for a, b in zip(documented.lines, plain.lines, strict=True)}
    assert {each: units for each, units in more.items() if units} == COUNTED


def test_documents_cost_while_nobody_asks_what_is_advised(bills):
    documented, plain = bills
    key, alarm = (Decimal(prices()[each]["usd"]) for each in (KEY_PRICE, ALARM_PRICE))
    advised = endpoints_usd(AdviceCase(zones=ZONES))
    advised += DOCUMENT_KEYS * key + DOCUMENT_ALARMS * alarm
    assert documented.month - plain.month == advised
