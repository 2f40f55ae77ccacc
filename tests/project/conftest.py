"""One synthesis of the app for tests that hold documents against templates."""

from pathlib import Path

import pytest

from stacks import diagram, door
from stacks.bundle import Bundle


@pytest.fixture(scope="session")
def templates(tmp_path_factory) -> diagram.Templates:
    """Of the environment that the documents picture. No bundle, no validator, no network."""
    folder = tmp_path_factory.mktemp("pictured")
    code = folder / "functions.zip"
    code.write_bytes(b"stands for the functions")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(door, "build", lambda _target: Bundle(path=code, compiled=True))
        patch.chdir(Path(__file__).parents[2])
        return diagram.synthesize(str(folder / "out"))
