"""The plan command and the price in every form of a check: one estimate, the house's exit codes."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tuning.__main__ import application
from tuning.errors import TuningError

SAMPLES = Path(__file__).parents[3] / "samples"
SOUND, BROKEN = SAMPLES / "support" / "train.jsonl", SAMPLES / "broken" / "train.jsonl"
MICRO = "amazon.nova-micro-v1:0:128k"


def _run(*arguments):
    return CliRunner().invoke(application(), [str(a) for a in arguments])


def _planned(*arguments):
    result = _run("plan", SOUND, "--model", MICRO, "--format", "json", *arguments)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_plan_and_check_give_the_same_estimate():
    checked = _run("check", SOUND, "--model", MICRO, "--format", "json")
    assert json.loads(checked.stdout)["estimate"] == _planned()["options"][0]["estimate"]


def test_the_table_has_a_row_for_each_number_of_epochs():
    result = _run("plan", SOUND, "--model", MICRO, "--epochs", 1, "--epochs", 3)
    assert result.exit_code == 0, result.output
    rows = [line.split() for line in result.stdout.splitlines()]
    assert ["1", "$0.04", "$0.06", "$0.13"] in rows
    assert ["3", "$0.12", "$0.18", "$0.38"] in rows


def test_what_is_not_known_is_said_in_words():
    result = _run("plan", SOUND, "--model", "amazon.nova-lite-v1:0:300k")
    assert "Not known  Not known  Not known" in result.stdout
    assert "no dated price is known for amazon.nova-lite" in result.stdout


def test_the_validation_set_is_counted_apart():
    made = _planned("--validation", SAMPLES / "support" / "validation.jsonl")
    assert made["validation_tokens"] > 0
    assert made["options"][0]["estimate"]["tokens"] == made["tokens"]


GATED = (
    f'description = "d"\nbase_model = "{MICRO}"\n[release]\nmetric = "token_f1"\nmin_prompts = 30\n'
)


def test_a_plan_by_a_recipe_with_a_gate_has_the_price_of_its_evaluation(tmp_path):
    recipe = tmp_path / "gated.toml"
    recipe.write_text(GATED)
    asked = ("plan", SOUND, "--recipe", recipe)
    without = _run(*asked)
    assert "what its evaluation costs: --evaluation FILE names the set" in without.stdout
    held_out = tmp_path / "evaluation.jsonl"
    held_out.write_text(
        SOUND.read_text().replace("?", " today?").replace('"text": "', '"text": "Say: ')
    )
    planned = _run(*asked, "--evaluation", held_out)
    assert planned.exit_code == 0, planned.output
    assert "To evaluate the model, 345 prompts: $0.04 expected, $0." in planned.stdout
    assert "what its evaluation costs" not in planned.stdout


def test_a_refused_dataset_is_planned_with_exit_1():
    result = _run("plan", BROKEN, "--model", MICRO)
    assert result.exit_code == 1
    assert "Nothing would be trained" in result.stdout


def test_a_budget_is_held_against_the_price():
    assert _planned("--monthly-budget", "3")["options"][0]["limits"] == []
    (met,) = _planned("--monthly-budget", "1.95")["options"][0]["limits"]
    assert (
        "with the first month of its model's storage, and the whole of the environment's budget"
        in met
    )


WRONG = [
    pytest.param(["--model", MICRO, "--monthly-budget", "much"], "US dollars", id="no number"),
    pytest.param(["--model", MICRO, "--monthly-budget", "NaN"], "US dollars", id="nan"),
    pytest.param(["--model", "amazon.nova-micro"], "did you mean", id="unknown model"),
    pytest.param(["--model", MICRO, "--method", "TUNING"], "offers FINE_TUNING", id="method"),
    pytest.param(["--recipe", "support-nova-mcro"], "did you mean", id="unknown recipe"),
    pytest.param([], "say which model", id="nothing"),
]


@pytest.mark.parametrize(("arguments", "words"), WRONG)
def test_a_wrong_option_is_reported(arguments, words, monkeypatch):
    monkeypatch.chdir(SAMPLES.parent)
    result = _run("plan", SOUND, *arguments)
    assert isinstance(result.exception, TuningError)
    assert words in str(result.exception)


def test_a_recipe_is_found_by_its_name_and_by_its_file(monkeypatch):
    monkeypatch.chdir(SAMPLES.parent)
    for recipe in ("support-nova-micro", "recipes/support-nova-micro.toml"):
        result = _run("plan", SOUND, "--recipe", recipe, "--format", "json")
        assert json.loads(result.stdout)["recipe"] == "support-nova-micro"


def test_a_recipe_is_found_from_anywhere_where_its_folder_is_configured(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TUNING_RECIPES", str(SAMPLES.parent / "recipes"))
    result = _run("plan", SOUND, "--recipe", "support-nova-micro", "--format", "json")
    assert json.loads(result.stdout)["recipe"] == "support-nova-micro"


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_each_form_of_a_report_shows_low_expected_high_storage_and_serving(form):
    result = _run("check", SOUND, "--model", MICRO, "--format", form)
    reported = result.stdout_bytes.decode().replace("\\", "")
    figures = ("$0.08", "$0.12", "$0.25", "$1.95", "$0.035 for a million", "no dated price")
    assert [figure for figure in figures if figure not in reported] == []


@pytest.mark.parametrize("form", ["text", "markdown", "html", "json"])
def test_what_is_refused_has_no_price(form):
    reported = _run("check", BROKEN, "--model", MICRO, "--format", form).stdout_bytes.decode()
    assert "1.95" not in reported
