"""One synthesis of the app for tests that hold documents against templates, and a browser for pages."""

from pathlib import Path

import pytest
from chromium import Chromium, found

from diagrams import draw as diagram
from tuning.constructs import function
from tuning.constructs.functions_code import Bundle


@pytest.fixture(scope="session")
def templates(tmp_path_factory) -> diagram.Templates:
    """Of the environment that the documents picture. No bundle, no validator, no network."""
    folder = tmp_path_factory.mktemp("pictured")
    code = folder / "functions.zip"
    code.write_bytes(b"stands for the functions")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(function, "with_recipes", lambda *_given: Bundle(path=code, compiled=True))
        patch.chdir(Path(__file__).parents[2])
        return diagram.pictured_templates(str(folder / "out"))


@pytest.fixture(scope="module")
def browser():
    path = found()
    if path is None:
        pytest.skip("no Chromium: `apt-get install chromium`, or any Chrome on the PATH")
    with Chromium(path) as browser:
        yield browser
