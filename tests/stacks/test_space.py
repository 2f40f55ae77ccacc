"""Whatever `Config` lets through is clean, and can be deployed.

`TUNING_CONFIGURATIONS=200 pytest tests/stacks/test_space.py` draws as many.
"""

import os

import pytest

from review.drawn_assistants import MOST_ASSISTANTS, MOST_TOOLS, knowledge, priced_models
from review.drawn_configs import (
    DEFAULT,
    DRAWN_NAMES,
    DRAWN_ZONES,
    FIELDS,
    PERIMETER,
    trainable,
)
from review.findings import ToolFinding
from review.sampled_configs import covering, drawn
from review.space import SEED, Broken, _search, check_drawn, configurations
from tuning.constructs.config import ZONES as EVERY_ZONE
from tuning.constructs.config import Config
from tuning.constructs.perimeter import Perimeter
from tuning.models.catalog import catalog

COUNT = int(os.environ.get("TUNING_CONFIGURATIONS", "100"))
"""The same ones at each run, a tenth of CI's time. What must be among them comes first."""
BY_ALL_GATES = 6
"""Of these, the first are also held against CDK's validator and Control Tower's rules: seconds each."""


@pytest.fixture(scope="module")
def sample():
    return drawn(COUNT, seed=SEED)


def reported(result):
    return "\n\n".join(map(str, result.findings))


def test_nothing_is_found_in_any_configuration(record_property):
    result = configurations(COUNT)
    record_property("configurations", f"{result.count} in {result.seconds:.0f} s")
    assert result.count >= COUNT
    assert result.findings == (), reported(result)


def test_nor_do_the_validator_and_control_tower_find_anything_in_a_sample(record_property):
    result = configurations(BY_ALL_GATES, templates=True)
    record_property("configurations", f"{result.count} in {result.seconds:.0f} s")
    assert result.count >= BY_ALL_GATES
    assert result.findings == (), reported(result)


@pytest.mark.parametrize("switch", ["vpc_only", "job_outside", "grants_declared"])
def test_that_sample_has_every_switch_of_the_perimeter_both_ways(switch):
    """Its own sample: what must be in one of this size comes first."""
    given = {one.perimeter.get(switch, DEFAULT) for one in drawn(BY_ALL_GATES, seed=SEED)}
    assert given == set(PERIMETER[switch].telling)


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_is_drawn_at_its_default_its_extremes_and_oddly(sample, field):
    given = [one.given.get(field, DEFAULT) for one in sample]
    assert [value for value in FIELDS[field].telling if value not in given] == []
    assert FIELDS[field].other is None or set(given) > set(FIELDS[field].telling)


@pytest.mark.parametrize("switch", PERIMETER)
def test_so_is_every_switch_of_the_perimeter(sample, switch):
    given = [one.perimeter.get(switch, DEFAULT) for one in sample]
    assert [value for value in PERIMETER[switch].telling if value not in given] == []


def test_so_are_names_regions_and_zones(sample):
    assert {one.name for one in sample} == set(DRAWN_NAMES.telling)
    for region, zones in DRAWN_ZONES.items():
        given = [o.given.get("zones", DEFAULT) for o in sample if o.given["region"] == region]
        assert [value for value in zones.telling if value not in given] == []
    placed = [one.given for one in sample if "endpoint_zones" in one.given]
    assert any(
        one["endpoint_zones"] != one.get("zones", tuple(EVERY_ZONE[one["region"]]))
        for one in placed
    )


def test_so_is_every_model_that_can_be_trained(sample):
    for region in DRAWN_ZONES:
        texts = [t for o in sample if o.given["region"] == region for t in o.recipes.values()]
        named = {model.id for model in trainable(region) if any(model.id in t for t in texts)}
        assert named == {model.id for model in trainable(region)}
    assert {1, 50} <= {len(one.recipes) for one in sample}


def test_so_are_assistants_of_recipes_and_of_base_models(sample):
    texts = [text for one in sample for text in one.assistants.values()]
    assert any(text.startswith("recipe = ") for text in texts)
    assert {each.id for each in priced_models("us-east-1")} == {
        each for each in catalog().models for text in texts if text.startswith(f'model = "{each}"')
    }
    assert {1, MOST_ASSISTANTS} <= {len(one.assistants) for one in sample}
    assisted = [one for one in sample if one.assistants]
    assert {"guardrail" in one.given for one in assisted} == {True, False}
    assert len(assisted) >= COUNT // 20


def test_so_are_assistants_with_tools_from_one_to_as_many_as_there_may_be(sample):
    tooled = [one for one in sample if "zone_ids" in one.given]
    counts = {text.count("[[tools]]") for one in tooled for text in one.assistants.values()}
    assert {0, 1, MOST_TOOLS} <= counts
    assert {True, False} == {"guardrail" in one.given for one in tooled}
    assert MOST_ASSISTANTS in {len(one.assistants) for one in tooled}
    assert all(
        "zone_ids" in one.given
        for one in sample
        if any("[[tools]]" in text for text in one.assistants.values())
    )


def test_so_are_assistants_with_documents_reranked_searched_by_a_tool_and_neither(sample):
    texts = [text for one in sample for text in one.assistants.values()]
    documented = [text for text in texts if "[knowledge_base]" in text]
    searched = [text for text in documented if 'kind = "documents"' in text]
    assert {each for each in catalog().rerankers for text in documented if each in text}
    assert {True, False} == {"function = " in text for text in searched}
    assert len(documented) - len(searched) >= len(knowledge("us-east-1")) - 1
    assert not [text for text in texts if "rerank = " in text and "[[tools]]" in text]


def test_no_setting_is_left_out():
    elsewhere = {"region", "recipes", "recipes_folder", "zones", "endpoint_zones", "perimeter"}
    elsewhere |= {"assistants", "assistants_folder"}  # their files are drawn with them
    elsewhere |= {"zone_ids"}  # drawn where an assistant has tools
    assert set(FIELDS) | elsewhere == set(Config.__dataclass_fields__)
    perimeter = Perimeter
    assert set(PERIMETER) == set(perimeter.__dataclass_fields__)


def test_what_must_be_among_them_leaves_a_third_for_any_others(sample):
    """Whoever adds a setting sees it here; what is drawn is what nobody has thought of."""
    assert sample[: len(covering())] == covering()
    assert len(covering()) <= 2 * COUNT // 3


def test_a_sample_is_the_same_for_the_same_seed(sample):
    assert drawn(COUNT, seed=SEED) == sample
    assert drawn(COUNT, seed=SEED + 1) != sample


def test_a_configuration_that_breaks_is_reported_whole_with_what_it_breaks(sample):
    """It can be pasted into `app.py`."""
    one = sample[0]
    found = ToolFinding(tool="t", rule="t::R1", environment=one.name, path="Storage/X", text="bad")
    said = str(Broken(configuration=one, findings=(found,), stale=(("Network/Y", "t::R2"),)))
    assert f"region={one.given['region']!r}" in said
    assert "t::R1 on Storage/X: bad" in said
    assert "stale: t::R2 on Network/Y" in said


def test_an_error_is_reported_with_its_configuration(sample, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise ValueError("no")

    monkeypatch.setattr("review.space.synthesize", broken)
    found = check_drawn(sample[0])
    assert found is not None
    assert found.error == "ValueError: no"
    assert found.configuration == sample[0]


def test_what_breaks_is_made_as_simple_as_it_can_be(monkeypatch):
    def synthesized(one, **_):
        wrong = one.given.get("job_nodes_talk") and one.perimeter.get("vpc_only") is False
        finding = ToolFinding(tool="t", rule="t::R1", environment=one.name, path="X", text="bad")
        return Broken(configuration=one, findings=(finding,), stale=()) if wrong else None

    monkeypatch.setattr("review.space.check_drawn", synthesized)
    _, broken = _search([], 200, SEED, templates=False)
    assert set(broken.configuration.given) == {"region", "recipes", "job_nodes_talk"}
    assert broken.configuration.perimeter == {"vpc_only": False}
    assert len(broken.configuration.recipes) == 1
