"""The page that says when to train and when to retrieve has the figures and the advice of the command."""

import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tuning.__main__ import application
from tuning.assistants.advice_case import WANTS
from tuning.models.prices import ALARM_PRICE, ENDPOINT_PRICE, KEY_PRICE, prices

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/train-or-retrieve.md").read_text("utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("| `tuning advise")
]
BLOCKS = re.findall(r"^tuning advise .+$", PAGE, re.MULTILINE)


def advice_of(command):
    words = shlex.split(command.strip("`"))[1:]
    done = CliRunner().invoke(application(["advise"]), [*words, "--format", "json"])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_each_figure_of_the_page_is_that_of_the_command(row):
    command, *figures, advice = row
    said = advice_of(command)
    ways = [said["ways"][way] for way in ("train", "retrieve", "both")]
    totals = [f"${float(way['total_usd']):,.2f}" for way in ways]
    assert figures == totals, f"the page has {figures}, the command {totals}"
    assert advice == said["advice"]["way"]
    assert not any(way["not_known"] for way in ways)


def test_the_page_has_rows_for_each_way_and_want():
    assert {row[-1] for row in ROWS} == {"train", "retrieve", "both"}
    assert {want for want in WANTS if want not in PAGE} <= {"task"}


@pytest.mark.parametrize("command", BLOCKS)
def test_the_commands_of_the_page_run(command):
    assert advice_of(command)["advice"]["reasons"]


def test_what_is_idle_has_one_price_in_both_tables():
    """The review's own table of what costs while nothing runs is no part of the package."""
    table = tomllib.loads((ROOT / "review/idle_prices.toml").read_text("utf-8"))["price"]
    idle = {row["type"]: row["usd"] for row in table}
    same = {
        "AWS::EC2::VPCEndpoint": ENDPOINT_PRICE,
        "AWS::KMS::Key": KEY_PRICE,
        "AWS::CloudWatch::Alarm": ALARM_PRICE,
    }
    assert {what: prices()[ours]["usd"] for what, ours in same.items()} == {
        what: idle[what] for what in same
    }
