"""The page on converting names all that there is."""

from pathlib import Path

import pytest

from tuning.datasets.convert.conversion_refusals import RULES
from tuning.datasets.convert.detect import CONTAINERS, SHAPES
from tuning.datasets.convert.targets.target import TARGET_FORMATS

PAGE = (Path(__file__).parents[3] / "docs" / "convert.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("rule", "why"), RULES.items())
def test_the_page_lists_every_refusal(rule, why):
    assert f"| {rule} | {why} |" in PAGE


@pytest.mark.parametrize("name", [*CONTAINERS, *SHAPES, *TARGET_FORMATS])
def test_the_page_lists_every_format(name):
    assert f"\n| `{name}` |" in PAGE
