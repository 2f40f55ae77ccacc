"""`--recipe` by file, by name from any folder of the project, and by name from an environment."""

import io
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from tuning.cli import environment_recipes
from tuning.cli.aws_errors import AccountError
from tuning.cli.chosen_recipe import wanted
from tuning.errors import OptionError

TEXT = 'description = "x"\nbase_model = "amazon.nova-micro-v1:0:128k"\n'


@pytest.fixture
def code(tmp_path):
    """The address of a function's code with two recipes in it."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as made:
        made.writestr("recipes/support.toml", TEXT)
        made.writestr("recipes/billing.toml", TEXT)
        made.writestr("tuning/recipes/not-one.toml", TEXT)
    file = tmp_path / "code.zip"
    file.write_bytes(held.getvalue())
    return file.as_uri()


def account(code, function="PrepareDatasetFunctionEF2E0CF2"):
    entries = [
        {"ResourceType": "AWS::IAM::Role", "LogicalResourceId": "PrepareDatasetFunctionRole"},
        {
            "ResourceType": "AWS::Lambda::Function",
            "LogicalResourceId": function,
            "PhysicalResourceId": "dev-function",
        },
    ]
    pages = SimpleNamespace(
        paginate=lambda **given: (
            [{"StackResourceSummaries": entries}] if given == {"StackName": "dev-Training"} else []
        )
    )
    services = {
        "cloudformation": SimpleNamespace(get_paginator=lambda _: pages),
        "lambda": SimpleNamespace(
            get_function=lambda **given: (
                {"Code": {"Location": code}} if given == {"FunctionName": "dev-function"} else {}
            )
        ),
    }
    return services.__getitem__


def test_a_name_is_found_in_the_next_folder_above(tmp_path, monkeypatch):
    deep = tmp_path / "data" / "may"
    deep.mkdir(parents=True)
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "support.toml").write_text(TEXT)
    monkeypatch.chdir(deep)
    assert wanted(None, None, Path("support")).name == "support"


def test_a_name_that_is_nowhere_says_what_there_is_and_where_else_to_look(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OptionError, match=r"no folder recipes here.*--environment dev"):
        wanted(None, None, Path("support"))
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "support.toml").write_text(TEXT)
    with pytest.raises(OptionError, match=r"did you mean 'support'.*has: support"):
        wanted(None, None, Path("suport"))


def test_a_name_is_found_in_the_environment_that_was_deployed_with_it(tmp_path, monkeypatch, code):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(environment_recipes, "clients", lambda _: account(code))
    found = wanted(None, None, Path("support"), "dev")
    assert (found.name, found.base_model) == ("support", "amazon.nova-micro-v1:0:128k")


def test_an_environment_without_it_says_what_it_has(code):
    with pytest.raises(OptionError, match=r"did you mean 'support'.*billing, support"):
        environment_recipes.deployed_recipe("suport", "dev", account(code))


def test_an_environment_without_functions_is_a_fault(code):
    with pytest.raises(AccountError, match="deploy the environment again"):
        environment_recipes.deployed_recipe("support", "dev", account(code, function="Other"))
    gone = account(code.replace("code.zip", "gone.zip"))
    with pytest.raises(AccountError, match="cannot be fetched"):
        environment_recipes.deployed_recipe("support", "dev", gone)
