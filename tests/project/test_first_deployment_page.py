"""docs/first-deployment.md names every check of the doctor and every setting of the canary."""

import re
from dataclasses import fields

from test_docs import text

from tuning.constructs.config import Config
from tuning.constructs.perimeter import Perimeter
from tuning.preflight.finding import CHECKS
from tuning.runs.failures import FAILURE_KINDS

PAGE = text("docs/first-deployment.md")
SETTINGS = {kind.name: kind.switch for kind in FAILURE_KINDS.values() if kind.switch}


def test_every_check_of_the_doctor_has_its_row():
    table = PAGE.partition("What each check examines")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ((?:`\w+` ?)+)\|", table, re.MULTILINE)
    assert [name for row in rows for name in re.findall(r"`(\w+)`", row)] == list(CHECKS)


def test_every_setting_that_a_canary_names_is_on_the_page():
    assert dict(re.findall(r"^\| `(\w+)` \| `([^`]+)` \|$", PAGE, re.MULTILINE)) == SETTINGS


def test_every_setting_that_a_canary_names_is_one():
    known = {each.name for kind in (Config, Perimeter) for each in fields(kind)}
    assert SETTINGS
    for setting in SETTINGS.values():
        assert set(re.findall(r"(\w+)=", setting)) <= known
        assert eval(f"dict({setting})", {"Perimeter": Perimeter})  # noqa: S307 — our own words
