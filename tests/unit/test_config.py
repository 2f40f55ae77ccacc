"""An environment that could not work in AWS is refused when it is made."""

from pathlib import Path

import pytest

from tuning.constructs.config import ZONES, Config
from tuning.errors import ConfigError, TuningError

RECIPES = Path(__file__).parents[2] / "recipes"
NOVA = ("support-nova-micro",)


def any_config(**given):
    return Config(**{"region": "us-east-1", "recipes": NOVA, "recipes_folder": RECIPES, **given})


REFUSALS = [
    pytest.param({"region": "us-eats-1"}, "did you mean 'us-east-1'?", id="near Region"),
    pytest.param({"region": "eu-west-1"}, "us-east-1, us-west-2 only", id="Region"),
    pytest.param({"region": ""}, "region = ''", id="no Region"),
    pytest.param({"recipes": ()}, "without a recipe cannot train anything", id="no recipe"),
    pytest.param({"recipes": NOVA * 2}, "more than once: support-nova-micro", id="twice"),
    pytest.param({"recipes": ("support-nova-mikro",)}, "did you mean 'support-nova-m", id="typo"),
    pytest.param(
        {"recipes": "support-nova-micro"}, "must be a tuple of names", id="a forgotten comma"
    ),
    pytest.param(
        {"region": "us-west-2"},
        "amazon.nova-micro-v1:0:128k can be customized in us-east-1, not in us-west-2",
        id="recipe of another Region",
    ),
    pytest.param({"guardrail": "suport"}, "did you mean 'support'", id="guardrail's typo"),
    pytest.param({"guardrail": ("support",)}, "must be the name of a file", id="guardrails"),
    pytest.param({"guardrail": ""}, "must be the name of a file", id="no guardrail's name"),
    pytest.param({"zones": ()}, "zones = ()", id="no zone"),
    pytest.param({"zones": ("a", "a")}, "different letters of a, b, c, d, e, f", id="zone twice"),
    pytest.param({"zones": ("a", "g")}, "zones = ('a', 'g')", id="no such zone"),
    pytest.param({"zones": ("us-east-1a",)}, "letters of", id="zone with its Region"),
    pytest.param(
        {"zones": ("a", "b"), "endpoint_zones": ("a", "c")},
        "endpoint_zones: c not among zones",
        id="apart",
    ),
    pytest.param({"endpoint_zones": ()}, "endpoint_zones = ()", id="no endpoint zone"),
    pytest.param({"cidr": "10.42.0.0"}, "must look like 10.42.0.0/16", id="no prefix"),
    pytest.param({"cidr": "ten"}, "must look like 10.42.0.0/16", id="no numbers"),
    pytest.param({"cidr": "10.42.0.1/16"}, "has host bits set", id="host bits"),
    pytest.param({"cidr": "10.300.0.0/16"}, "not permitted", id="octet"),
    pytest.param({"cidr": "10.0.0.0/8"}, "/16 to /20", id="too wide"),
    pytest.param({"cidr": "10.42.0.0/21"}, "/16 to /20", id="too narrow"),
    pytest.param({"cidr": "8.8.0.0/16"}, "/16 to /20", id="public"),
    pytest.param({"cidr": "127.0.0.0/16"}, "/16 to /20", id="loopback"),
    pytest.param({"cidr": "169.254.0.0/16"}, "/16 to /20", id="link-local"),
    pytest.param({"cidr": "0.0.0.0/16"}, "/16 to /20", id="this network"),
    pytest.param({"poll_seconds": 59}, "a whole number, 60 to 900", id="too often"),
    pytest.param({"poll_seconds": 901}, "a whole number, 60 to 900", id="too seldom"),
    pytest.param({"poll_seconds": True}, "poll_seconds = True", id="bool"),
    pytest.param({"poll_seconds": 300.0}, "poll_seconds = 300.0", id="float"),
    pytest.param({"max_dataset_mb": 0}, "1 to 4864", id="nothing allowed"),
    pytest.param({"max_dataset_mb": 5001}, "1 to 4864", id="more than one PutObject"),
    pytest.param({"log_days": 31}, "CloudWatch Logs takes: 365, 400", id="log days"),
    pytest.param({"reserved_concurrency": 0}, "2 to 1000", id="nothing would run"),
    pytest.param(
        {"notify": ("a@b.c",) * 2}, "notify: named more than once: a@b.c", id="told twice"
    ),
    pytest.param(
        {"notify": tuple(f"u{n}@b.c" for n in range(51))},
        "51 of them; there is room for 50",
        id="a mailing list",
    ),
    pytest.param(
        {"uploader_cidrs": ("10.0.0.0/8",) * 2}, "more than once: 10.0.0.0/8", id="a rule twice"
    ),
    pytest.param({"uploader_cidrs": ("0.0.0.0/0",)}, "wider than /8", id="everybody"),
    pytest.param({"uploader_cidrs": ("128.0.0.0/1",)}, "wider than /8", id="half of it"),
    pytest.param(
        {"uploader_cidrs": tuple(f"10.{n}.0.0/16" for n in range(51))},
        "room for 50",
        id="more rules than a security group has",
    ),
]


@pytest.mark.parametrize(("given", "expected"), REFUSALS)
def test_an_environment_that_cannot_work_is_refused_in_one_line(given, expected):
    with pytest.raises(TuningError) as refused:
        any_config(**given)
    message = str(refused.value)
    assert expected in message
    assert "\n" not in message


@pytest.mark.parametrize("cidr", ["10.42.0.0/16", "172.31.0.0/20", "192.168.0.0/16"])
def test_private_networks_are_taken(cidr):
    assert any_config(cidr=cidr).cidr == cidr


@pytest.mark.parametrize("region", ZONES)
def test_every_zone_of_a_region_may_be_spanned(region):
    recipes = {"us-east-1": "support-nova-lite", "us-west-2": "support-llama-3-3-70b"}
    config = any_config(region=region, recipes=(recipes[region],), zones=tuple(ZONES[region]))
    assert config.availability_zones == [f"{region}{letter}" for letter in ZONES[region]]


def test_looks_must_fit_into_the_history_of_an_execution(tmp_path):
    """An execution's history ends at 25,000 events; a look takes nine, a thousand waits as many."""
    sound = 'description = "d"\nbase_model = "amazon.nova-micro-v1:0:128k"\n[limits]\n'
    (tmp_path / "long.toml").write_text(sound + "max_hours = 26\n")
    with pytest.raises(ConfigError, match=r"1,560 polls in the 26 hours.*room for 1,500"):
        any_config(recipes_folder=tmp_path, recipes=("long",), poll_seconds=60)
    assert any_config(recipes_folder=tmp_path, recipes=("long",), poll_seconds=63)


def test_a_fallback_is_a_recipe_of_the_same_environment(tmp_path):
    sound = 'description = "d"\nbase_model = "amazon.nova-micro-v1:0:128k"\n'
    (tmp_path / "small.toml").write_text(f'{sound}[retry]\nrecipe = "large"\n')
    (tmp_path / "large.toml").write_text(sound)
    with pytest.raises(ConfigError, match=r"retry.recipe = 'large': not among the recipes"):
        any_config(recipes_folder=tmp_path, recipes=("small",))
    assert any_config(recipes_folder=tmp_path, recipes=("small", "large"))


def test_all_recipes_of_an_environment_are_held_against_the_catalog():
    names = ("support-nova-micro", "support-nova-lite")
    assert tuple(r.name for r in any_config(recipes=names).load_recipes()) == names


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"log_day": 30}, "no setting 'log_day' (did you mean 'log_days'?)"),
        ({"bucket": "b"}, "no setting 'bucket'; there are region, recipes, recipes_folder, zones"),
    ],
)
def test_a_setting_that_does_not_exist_is_refused_in_one_line(given, expected):
    with pytest.raises(ConfigError) as refused:
        Config(region="us-east-1", recipes=("support-nova-micro",), **given)
    assert expected in str(refused.value)


def test_a_setting_that_is_needed_is_asked_for():
    with pytest.raises(ConfigError, match="Config needs recipes"):
        Config(region="us-east-1")


@pytest.mark.parametrize(("reserved", "receivers"), [(10, 10), (2, 2), (None, 2)])
def test_uploads_are_received_by_no_more_functions_than_there_are_for_sure(reserved, receivers):
    """Of a small account's quota, ten, the others are for the steps of runs."""
    assert any_config(reserved_concurrency=reserved).receivers == receivers
