"""Recipes: what ships is legal, what changes a model changes the digest, numbers survive JSON."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from domain_builders import any_recipe, any_run
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from tuning.models.catalog import catalog
from tuning.runs.recipe_files import check_recipe, load
from tuning.runs.recipes import ConversionOptions, Limits, Recipe, Retry
from tuning.runs.run import Run

RECIPES = Path(__file__).parents[2] / "recipes"
SHIPPED = sorted(RECIPES.glob("*.toml"))

numbers = st.integers(-(10**12), 10**12) | st.floats(allow_nan=False, allow_infinity=False)


def test_a_team_finds_a_recipe_for_each_of_three_models():
    assert {load(path).base_model for path in SHIPPED} == {
        "amazon.nova-micro-v1:0:128k",
        "amazon.nova-lite-v1:0:300k",
        "meta.llama3-3-70b-instruct-v1:0:128k",
    }


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_recipe_is_legal_in_every_region_of_its_model(path):
    recipe = load(path)
    for region in catalog().model(recipe.base_model).regions:
        check_recipe(recipe, region=region, catalog=catalog(), file=path.name)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_recipe_says_what_its_file_says(path):
    raw, recipe = tomllib.loads(path.read_text("utf-8")), load(path)
    assert recipe.name == path.stem
    assert recipe.hyperparameters == raw["hyperparameters"]
    assert recipe.limits == Limits(**raw["limits"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("[convert]", ConversionOptions()),
        (
            'convert.map = { prompt = "question", completion = "the answer" }',
            ConversionOptions(map={"prompt": "question", "completion": "the answer"}),
        ),
        ('[convert.map]\n"image-ref" = "a.b"', ConversionOptions(map={"image-ref": "a.b"})),
    ],
)
def test_a_recipe_says_whether_uploads_are_converted(tmp_path, text, expected):
    path = tmp_path / "tiny.toml"
    path.write_text(f'description = "d"\nbase_model = "amazon.nova-micro-v1:0:128k"\n{text}\n')
    assert load(path).convert == expected


def test_a_recipe_of_three_lines_takes_the_defaults(tmp_path):
    path = tmp_path / "tiny.toml"
    path.write_text('description = "d"\nbase_model = "amazon.nova-micro-v1:0:128k"\n')
    assert load(path) == any_recipe(name="tiny", description="d")


@pytest.mark.parametrize(
    "limits",
    [
        Limits(max_hours=1, stall_hours=1, approval_hours=1, approve_above_usd=0, monthly_usd=0.0),
        Limits(max_hours=96, stall_hours=96, approval_hours=168, approve_above_usd=0.5),
    ],
    ids=["the least", "the most hours, and cents"],
)
def test_a_limit_may_be_as_low_and_as_high_as_its_refusal_says(tmp_path, limits):
    path = tmp_path / "tiny.toml"
    lines = [
        f"{key} = {value}" for key, value in structs.asdict(limits).items() if value is not None
    ]
    text = 'description = "d"\nbase_model = "amazon.nova-micro-v1:0:128k"\n[limits]\n'
    path.write_text(text + "\n".join(lines))
    assert load(path).limits == limits


@pytest.mark.parametrize("said", [True, False])
def test_a_recipe_says_whether_a_newer_upload_supersedes(tmp_path, said):
    path = tmp_path / "tiny.toml"
    path.write_text(f'description = "d"\nbase_model = "b"\nsupersede = {str(said).lower()}\n')
    assert load(path).supersede is said


CHANGES: dict[str, Any] = {
    "name": "other",
    "base_model": "amazon.nova-lite-v1:0:300k",
    "method": "DISTILLATION",
    "validation": "required",
    "hyperparameters": {"epochCount": 3},
    "limits": Limits(max_hours=2),
    "strict": ("DS702",),
    "convert": ConversionOptions(),
    "retry": Retry(recipe="support"),
}


@pytest.mark.parametrize("field", CHANGES)
def test_whatever_shapes_model_or_money_changes_the_digest(field):
    recipe = any_recipe(hyperparameters={"epochCount": 2})
    assert structs.replace(recipe, **{field: CHANGES[field]}).digest != recipe.digest


def test_better_words_do_not_make_another_recipe():
    assert any_recipe(description="better").digest == any_recipe(description="good").digest


def test_another_name_of_a_column_is_another_recipe():
    one, other = (
        any_recipe(convert=ConversionOptions(map={"prompt": c})) for c in ("question", "query")
    )
    assert one.digest != other.digest != any_recipe(convert=ConversionOptions()).digest


def test_every_field_is_known_to_matter_or_not():
    neither = {
        "description",
        "kept_digest",
        "same_data",
        "supersede",
        "wait_for_validation_minutes",
        "release",
    }
    assert set(Recipe.__struct_fields__) == {*CHANGES, *neither}


def test_the_order_of_keys_in_the_file_does_not_matter():
    one = any_recipe(hyperparameters={"epochCount": 2, "learningRate": 1e-5})
    other = any_recipe(hyperparameters={"learningRate": 1e-5, "epochCount": 2})
    assert one.digest == other.digest


@given(
    st.dictionaries(st.sampled_from("abcd"), numbers | st.just("auto"), max_size=3),
    st.lists(st.sampled_from(["DS101", "DS702"]), unique=True),
    st.none() | st.dictionaries(st.sampled_from(["prompt", "completion"]), st.text()),
)
@settings(max_examples=15)
def test_a_recipe_goes_through_json_and_comes_back_the_same(hyperparameters, strict, columns):
    convert = None if columns is None else ConversionOptions(map=columns)
    recipe = any_recipe(hyperparameters=hyperparameters, strict=tuple(strict), convert=convert)
    returned = Recipe.from_dict(json.loads(json.dumps(recipe.to_dict())))
    assert returned == recipe
    assert returned.digest == recipe.digest


@given(st.integers(-(2**53), 2**53))
@settings(max_examples=15)
def test_a_whole_number_that_lost_its_point_on_the_way_is_the_same(whole):
    """JavaScript's JSON, and so JSONata's, writes 1.0 as 1."""
    pointed, plain = ({"learningRate": n} for n in (float(whole), whole))
    assert any_recipe(hyperparameters=pointed).digest == any_recipe(hyperparameters=plain).digest


@given(numbers)
@settings(max_examples=25)
def test_a_number_goes_on_the_wire_whole_and_without_exponent(number):
    text = any_recipe(hyperparameters={"learningRate": number}).wire_hyperparameters["learningRate"]
    assert re.fullmatch(r"-?\d+(\.\d+)?", text)
    assert float(text) == number


@pytest.mark.parametrize(
    ("value", "text"),
    [(1e-5, "0.00001"), (2, "2"), (100, "100"), (1.0, "1"), (0.0, "0"), ("auto", "auto")],
)
def test_what_goes_on_the_wire(value, text):
    assert any_recipe(hyperparameters={"x": value}).wire_hyperparameters == {"x": text}


def test_how_uploads_become_runs_is_no_part_of_what_is_trained_and_is_kept_with_the_run():
    plain = any_recipe()
    recipe = any_recipe(supersede=True, wait_for_validation_minutes=30)
    assert recipe.digest == plain.digest
    assert recipe.to_dict() == plain.to_dict()  # the first version took no key that it did not know
    kept = Run.from_dict(json.loads(json.dumps(any_run(recipe=recipe).to_dict())))
    assert kept.recipe == recipe
