"""An environment that cannot work in AWS is refused at synth: one line that names what is wrong."""

import runpy
import sys
from pathlib import Path

import pytest

from tuning.constructs.config import Config
from tuning.errors import ConfigError, RecipeError
from tuning.models.catalog import catalog

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parents[2] / "recipes"
NOVA = "amazon.nova-micro-v1:0:128k"
RETIRED = next(m.id for m in catalog().models.values() if m.status == "EOL")
LEGACY = next((m.id for m in catalog().models.values() if m.status == "LEGACY"), RETIRED)


def any_config(**changes):
    return Config(
        **{
            "region": "us-east-1",
            "recipes": ("support-nova-micro",),
            "recipes_folder": FOLDER,
            **changes,
        }
    )


def refusal(kind, **changes):
    with pytest.raises(kind) as refused:
        any_config(**changes)
    return str(refused.value)


CONFIGS = [
    pytest.param(
        {"region": "eu-west-1"}, ["region", "'eu-west-1'", "us-east-1"], id="wrong region"
    ),
    pytest.param({"region": "us-east1"}, ["did you mean 'us-east-1'"], id="misspelt region"),
    pytest.param({"recipes": ()}, ["recipes"], id="no recipe"),
    pytest.param({"recipes": ("support-nova-micro",) * 2}, ["more than once"], id="recipe twice"),
    pytest.param({"zones": ()}, ["zones = ()"], id="no zone"),
    pytest.param({"zones": ("a", "a")}, ["zones", "different"], id="zone twice"),
    pytest.param({"zones": ("a", "z")}, ["zones", "a, b, c, d, e, f"], id="unknown zone"),
    pytest.param(
        {"zones": ("a", "b"), "endpoint_zones": ("a", "c")},
        ["endpoint_zones", "c"],
        id="endpoint outside",
    ),
    pytest.param({"cidr": "10.0.0.0"}, ["cidr", "10.42.0.0/16"], id="cidr without length"),
    pytest.param({"cidr": "10.42.0.1/16"}, ["cidr", "host bits"], id="cidr with host bits"),
    pytest.param({"cidr": "10.0.0.0/8"}, ["cidr", "/16 to /20"], id="cidr too large"),
    pytest.param({"cidr": "10.42.0.0/24"}, ["cidr", "/16 to /20"], id="cidr too small"),
    pytest.param({"cidr": "300.0.0.0/16"}, ["cidr"], id="cidr out of range"),
    pytest.param({"cidr": "8.8.0.0/16"}, ["cidr", "192.168.0.0/16"], id="public cidr"),
    pytest.param({"cidr": "127.0.0.0/16"}, ["cidr", "10.0.0.0/8"], id="loopback cidr"),
    pytest.param({"cidr": "169.254.0.0/16"}, ["cidr", "10.0.0.0/8"], id="link-local cidr"),
    pytest.param({"cidr": "fd00::/16"}, ["cidr"], id="ipv6"),
    pytest.param({"poll_seconds": 59}, ["poll_seconds = 59", "60 to 900"], id="polls too often"),
    pytest.param({"poll_seconds": 901}, ["60 to 900"], id="polls too seldom"),
    pytest.param({"poll_seconds": True}, ["whole number"], id="polls a boolean"),
    pytest.param({"max_dataset_mb": 4865}, ["1 to 4864"], id="dataset beyond the storage"),
    pytest.param({"max_dataset_mb": 0}, ["max_dataset_mb = 0"], id="no dataset"),
    pytest.param({"log_days": 366}, ["log_days = 366", "365, 400"], id="retention that logs lack"),
    pytest.param({"log_days": 30}, ["log_days = 30", "a year"], id="logs gone too soon"),
    pytest.param({"reserved_concurrency": 0}, ["reserved_concurrency"], id="no concurrency"),
]

RECIPES = [
    pytest.param('base_model = "{model}"', ["description", "missing"], id="no description"),
    pytest.param('description = "x"', ["base_model", "missing"], id="no model"),
    pytest.param('{sound}\nbase = "x"', ["base", "unknown key"], id="unknown key"),
    pytest.param("{sound}\n[hyperparameters]\nepochCount = 99", ["epochCount = 99"], id="range"),
    pytest.param("{sound}\n[hyperparameters]\nepochCount = 1.5", ["epochCount = 1.5"], id="float"),
    pytest.param(
        "{sound}\n[hyperparameters]\nepochCout = 2",
        ["hyperparameters.epochCout", "did you mean 'epochCount'"],
        id="unknown hyperparameter",
    ),
    pytest.param('{sound}\nvalidation = "maybe"', ["validation", "required"], id="policy"),
    pytest.param('{sound}\nmethod = "DISTILLATION"', ["method", "FINE_TUNING"], id="method"),
    pytest.param("{sound}\n[limits]\nmax_hours = 0", ["limits.max_hours = 0"], id="limits"),
    pytest.param("{sound}\nstrict = 5", ["strict"], id="strict is not a list"),
    pytest.param("{sound}\n[", ["not valid TOML"], id="not TOML"),
    pytest.param(f'description = "x"\nbase_model = "{RETIRED}"', ["EOL since"], id="retired model"),
    pytest.param(
        f'description = "x"\nbase_model = "{LEGACY}"', ["no new job can start"], id="legacy model"
    ),
    pytest.param(
        'description = "x"\nbase_model = "amazon.nova-micro-v1:0"',
        ["customization takes 'amazon.nova-micro-v1:0:128k'"],
        id="model without its context length",
    ),
    pytest.param(
        'description = "x"\nbase_model = "meta.llama3-3-70b-instruct-v1:0:128k"',
        ["us-west-2", "not in us-east-1"],
        id="model of another Region",
    ),
]


@pytest.mark.parametrize(("changes", "words"), CONFIGS)
def test_a_config_that_cannot_work_is_refused_in_one_line(changes, words):
    said = refusal(ConfigError, **changes)
    assert "\n" not in said
    assert [word for word in words if word not in said] == [], said


@pytest.mark.parametrize(("text", "words"), RECIPES)
def test_a_recipe_that_cannot_work_is_refused_with_its_file(tmp_path, text, words):
    sound = f'description = "x"\nbase_model = "{NOVA}"'
    recipe = text.replace("{sound}", sound).replace("{model}", NOVA)
    (tmp_path / "tones.toml").write_text(recipe, encoding="utf-8")
    said = refusal(RecipeError, recipes=("tones",), recipes_folder=tmp_path)
    assert "\n" not in said
    assert "tones.toml" in said
    assert [word for word in words if word not in said] == [], said


def test_the_sound_recipe_of_these_tests_is_sound(tmp_path):
    sound = f'description = "x"\nbase_model = "{NOVA}"'
    (tmp_path / "tones.toml").write_text(sound, encoding="utf-8")
    assert any_config(recipes=("tones",), recipes_folder=tmp_path).recipes == ("tones",)


def test_an_unknown_recipe_is_refused_with_those_there_are():
    said = refusal(RecipeError, recipes=("support-nova-mikro",))
    assert "did you mean 'support-nova-micro'" in said
    assert "support-llama-3-3-70b" in said


def test_a_recipe_whose_name_cannot_be_a_job_name_is_refused(tmp_path):
    (tmp_path / "my_tones.toml").write_text(f'description = "x"\nbase_model = "{NOVA}"')
    assert "part of job names" in refusal(
        RecipeError, recipes=("my_tones",), recipes_folder=tmp_path
    )


def test_polls_that_would_fill_an_executions_history_are_refused(tmp_path):
    long = f'description = "x"\nbase_model = "{NOVA}"\n[limits]\nmax_hours = 96'
    (tmp_path / "long.toml").write_text(long, encoding="utf-8")
    assert "poll_seconds = 60" in refusal(
        ConfigError, recipes=("long",), recipes_folder=tmp_path, poll_seconds=60
    )
    assert (
        any_config(recipes=("long",), recipes_folder=tmp_path, poll_seconds=300).poll_seconds == 300
    )


def test_polls_of_the_job_that_follows_count_as_well(tmp_path):
    """Each of the two tries has its hours in the same execution: 60 hours pass alone, and not twice."""
    lone = f'description = "x"\nbase_model = "{NOVA}"\n[limits]\nmax_hours = 60'
    given = {"recipes": ("long",), "recipes_folder": tmp_path, "poll_seconds": 240}
    (tmp_path / "long.toml").write_text(lone, encoding="utf-8")
    assert any_config(**given).poll_seconds == 240
    (tmp_path / "long.toml").write_text(f'{lone}\n[retry]\nrecipe = "long"', encoding="utf-8")
    assert "1,800 polls in the 120 hours of its two tries" in refusal(ConfigError, **given)


@pytest.mark.parametrize(
    ("sound", "wrong"),
    [
        ('region="us-east-1"', 'region="eu-central-1"'),
        ('"support-nova-lite"', '"support-nova-light"'),
        ("config=Config(", "config=Config(log_days=31,"),
        ("config=Config(", "config=Config(log_account_prompts=True,"),
    ],
)
def test_the_app_says_one_line_and_no_traceback(tmp_path, sound, wrong):
    """`sys.exit` with a text prints it and nothing else, and the exit code is 1."""
    text = (ROOT / "app.py").read_text("utf-8")
    assert sound in text
    wrong_app = tmp_path / "app.py"
    wrong_app.write_text(text.replace(sound, wrong), encoding="utf-8")
    with pytest.raises(SystemExit) as left:
        runpy.run_path(str(wrong_app), run_name="__main__")
    assert isinstance(left.value.code, str)
    assert left.value.code.startswith("refused: ")
    assert "\n" not in left.value.code
    assert sys.exc_info() == (None, None, None)
