"""The account's log of models, asked for: by one environment of an account and Region, and clean."""

import aws_cdk as cdk
import pytest
from tested_configs import DEV
from whole_app import ROOT

from review.drawn_configs import Drawn
from review.space import check_drawn
from stacks.deployment import Deployment
from tuning.constructs.config import Config
from tuning.constructs.network import Network
from tuning.errors import ConfigError

EAST = Config(
    region="us-east-1",
    recipes=DEV.recipes,
    recipes_folder=DEV.recipes_folder,
    log_account_prompts=True,
)
WEST = Config(
    region="us-west-2",
    recipes=("support-llama-3-3-70b",),
    recipes_folder=ROOT / "recipes",
    log_account_prompts=True,
)


def test_two_environments_of_an_account_and_region_cannot_both_have_it():
    app = cdk.App()
    Deployment(app, "first", config=EAST)
    with pytest.raises(
        ConfigError, match="first-Network and second-Network both ask for it in us-east-1"
    ):
        Deployment(app, "second", config=EAST)


def test_each_region_has_its_own():
    app = cdk.App()
    Deployment(app, "east", config=EAST)
    Deployment(app, "west", config=WEST)


def test_so_has_each_account_that_is_named():
    app = cdk.App()
    for account in ("111111111111", "222222222222"):
        place = cdk.Environment(account=account, region="us-east-1")
        stack = cdk.Stack(app, f"In{account}", env=place)
        Network(stack, "Network", config=EAST, storage_name="storage")
    again = cdk.Stack(app, "Again", env=place)
    with pytest.raises(ConfigError, match="In222222222222 and Again"):
        Network(again, "Network", config=EAST, storage_name="storage")


def test_one_that_does_not_ask_may_be_beside_it():
    app = cdk.App()
    Deployment(app, "first", config=EAST)
    Deployment(app, "second", config=DEV)


def test_no_tool_finds_anything_in_it_that_is_not_accepted():
    text = 'description = "x"\nbase_model = "amazon.nova-micro-v1:0:128k"\n'
    given = {"region": "us-east-1", "recipes": ("a",), "log_account_prompts": True}
    asked_for = Drawn(name="dev", given=given, recipes={"a": text})
    broken = check_drawn(asked_for, templates=True)
    assert broken is None, str(broken)
