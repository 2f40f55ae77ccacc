"""A zip in the place of the functions' code: these tests are of templates, not of what is in the zip."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tuning.constructs import agent_runtime, function
from tuning.constructs.functions_code import Bundle, BundleContents, BundleTarget


def stub_bundle(patch: pytest.MonkeyPatch, folder: Path) -> None:
    def stubbed(
        target: BundleTarget,
        _recipes: object,
        contents: BundleContents = "functions",
        assistants: Sequence[Path] = (),
    ) -> Bundle:
        name = target if contents == "functions" else f"{target}-{contents}"
        name += "-assistants" if assistants else ""
        path = folder / f"{name}.zip"
        path.write_bytes(name.encode())
        return Bundle(path=path, compiled=True)

    def agent(target: BundleTarget, assistant: Path) -> Bundle:
        path = folder / f"{target}-agent-{assistant.stem}.zip"
        path.write_bytes(assistant.read_bytes())
        return Bundle(path=path, compiled=True)

    patch.setattr(function, "with_recipes", stubbed)
    patch.setattr(agent_runtime, "with_agent", agent)
