"""A zip in the place of the functions' code: these tests are of templates, not of what is in the zip."""

from collections.abc import Sequence
from pathlib import Path

import aws_cdk as cdk
import pytest

from review.synthesis import Reviewed, synthesize
from stacks.deployment import Deployment
from tuning.constructs import agent_runtime, function
from tuning.constructs.config import Config
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


def reviewed_deployment(
    folder: Path, name: str, config: Config, *, templates: bool = False
) -> Reviewed:
    """The environment of that name, as all packs see it; `templates`: whether the rules that read finished templates
    look, too.
    """

    def build(app: cdk.App) -> None:
        Deployment(app, name, config=config)

    with pytest.MonkeyPatch.context() as patch:
        stub_bundle(patch, folder)
        return synthesize(folder / "out", build, templates=templates)
