"""Every security property of the templates, taken away, is noticed by a gate."""

import pytest

from review.gates import weakened
from review.weaken import Weakening, WeakeningError, weakenings


@pytest.fixture(scope="module")
def results(dev):
    return weakened(dev, region="us-east-1")


def test_every_weakened_template_is_caught(results, capsys):
    with capsys.disabled():
        for result in results:
            print(f"\n{result.property:<70} {result.gate or 'NOBODY'}", end="")  # noqa: T201 — the proof
    assert [result.property for result in results if result.gate is None] == []


def test_the_table_is_long_and_its_rows_are_different(results):
    assert len({result.property for result in results}) == len(results) == len(weakenings())
    assert len(results) >= 100


def test_every_weakened_guardrail_is_caught(rich, capsys):
    """`dev` has none."""
    found = weakened(rich, region="us-west-2", only="rich")
    with capsys.disabled():
        for result in found:
            print(f"\n{result.property:<70} {result.gate or 'NOBODY'}", end="")  # noqa: T201 — the proof
    assert [result.property for result in found if result.gate is None] == []
    assert len({result.property for result in found}) == len(weakenings("rich")) >= 20


def test_gates_of_several_kinds_are_needed(results):
    kinds = {(result.gate or "").partition(":")[0] for result in results}
    assert {"check", "decision table"} < kinds


def test_nothing_is_caught_that_was_not_weakened(dev):
    change = {"property": "Keys rotate", "of": "DataKey", "part": "Properties.EnableKeyRotation"}
    with pytest.raises(WeakeningError, match="is so already"):
        Weakening(**change, to=True).apply(dev)
    with pytest.raises(WeakeningError, match="NoKey: 0 resources"):
        Weakening(**{**change, "of": "NoKey"}).apply(dev)


def test_the_real_templates_stay_as_they_are(dev):
    before = str(dev.templates)
    for one in weakenings():
        one.apply(dev)
    assert str(dev.templates) == before
