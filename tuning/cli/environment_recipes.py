"""The recipes that an environment was deployed with: they are in the code of its functions.

https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html gives a link to the code, for ten
minutes, to anyone who may `lambda:GetFunction`.
"""

import io
import os
import ssl
import tempfile
import tomllib
import zipfile
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from tuning.aws.clients import Clients, clients
from tuning.cli.aws_errors import AccountError, explained_errors
from tuning.errors import OptionError, nearest
from tuning.evaluation.release_options import ReleaseOptions
from tuning.imports.import_recipe import IMPORT, ImportRecipe
from tuning.imports.import_recipe_files import load_import
from tuning.runs.recipe_files import load
from tuning.runs.recipes import Recipe

_FUNCTION = "PrepareDatasetFunction"
"""What the logical id of a function contains that reads recipes; an id of yours may go before it."""
_FOLDER = "recipes/"
_SECONDS = 30


def deployed_recipe(name: str, environment: str, client: Clients | None = None) -> Recipe:
    """The recipe of that name, as the environment reads it.

    Raises OptionError when it has no such recipe, AccountError when AWS does not answer.
    """
    files = _files(client or clients(None), environment)
    if name not in files:
        listed = ", ".join(sorted(files))
        raise OptionError(
            f"--recipe {name}: not in {environment}{nearest(name, files)}; there are: {listed}"
        )
    return _read(name, files[name])


def deployed_gates(environment: str, client: Clients) -> dict[str, ReleaseOptions]:
    """The table [release] of each recipe that has one, by the recipe's name.

    Raises AccountError when AWS does not answer.
    """
    recipes = [
        _read(name, text)
        for name, text in _files(client, environment).items()
        if not _imports(text)
    ]
    return {each.name: each.release for each in recipes if each.release}


def deployed_import(name: str, environment: str, client: Clients) -> ImportRecipe | None:
    """The recipe of method IMPORT of that name, as the environment reads it; None where it has none.

    Raises AccountError when AWS does not answer.
    """
    text = _files(client, environment).get(name)
    if text is None or not _imports(text):
        return None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{name}.toml"
        file.write_bytes(text)
        return load_import(file)


def _imports(text: bytes) -> bool:
    return tomllib.loads(text.decode()).get("method") == IMPORT


def _files(client: Clients, environment: str) -> dict[str, bytes]:
    """By the names of the recipes."""
    with explained_errors():
        code = zipfile.ZipFile(io.BytesIO(_code(client, environment)))
    return {
        Path(entry).stem: code.read(entry)
        for entry in code.namelist()
        if entry.startswith(_FOLDER) and entry.endswith(".toml")
    }


def _read(name: str, text: bytes) -> Recipe:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{name}.toml"
        file.write_bytes(text)
        return load(file)


def _code(client: Clients, environment: str) -> bytes:
    stack = f"{environment}-Training"
    pages = client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
    resources = (entry for page in pages for entry in page["StackResourceSummaries"])
    function = next(filter(_reads_recipes, resources), None)
    if function is None:
        raise AccountError(f"{stack}: no function {_FUNCTION}; deploy the environment again")
    found = client("lambda").get_function(FunctionName=function["PhysicalResourceId"])
    try:
        # The address is AWS's own, or an emulator's; who is trusted is said as for all other calls.
        trust = ssl.create_default_context(cafile=os.environ.get("AWS_CA_BUNDLE"))
        with urlopen(found["Code"]["Location"], timeout=_SECONDS, context=trust) as answer:  # noqa: S310
            code: bytes = answer.read()
    except URLError as error:
        raise AccountError(f"{stack}: the code cannot be fetched: {error.reason}") from None
    except OSError as error:
        raise AccountError(f"{stack}: the code cannot be fetched: {error}") from None
    return code


def _reads_recipes(entry: dict[str, Any]) -> bool:
    kind, name = entry["ResourceType"], entry["LogicalResourceId"]
    return bool(kind == "AWS::Lambda::Function" and _FUNCTION in name)
