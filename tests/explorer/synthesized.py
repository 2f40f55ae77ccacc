"""The state machines as `cdk synth` makes them, for the explorer to interpret."""

import json
from pathlib import Path
from typing import Any

MACHINES = ("TrainingRunMachine", "ReleaseMachine")


def definitions(folder: str) -> dict[str, dict[str, Any]]:
    """By their names in the template. Run in a process of its own: jsii leaves another process and threads behind."""
    import aws_cdk as cdk  # noqa: PLC0415 — half a second, in that process only
    from machines import definition as machine  # noqa: PLC0415

    from review.templates import EnvironmentTemplates  # noqa: PLC0415
    from stacks.deployment import Deployment  # noqa: PLC0415
    from tuning.constructs import function  # noqa: PLC0415
    from tuning.constructs.config import Config  # noqa: PLC0415
    from tuning.constructs.functions_code import Bundle  # noqa: PLC0415

    root = Path(__file__).parents[2]
    stub = Path(folder) / "functions.zip"
    stub.write_bytes(b"stub")
    function.with_recipes = lambda *_given: Bundle(path=stub, compiled=True)
    context = json.loads((root / "cdk.json").read_bytes())["context"]
    out = Path(folder) / "out"
    app = cdk.App(outdir=str(out), context=context, builtin_cloud_formation_validation=False)
    recipes = ("support-nova-micro", "support-nova-lite")
    config = Config(
        region="us-east-1", recipes=recipes, recipes_folder=root / "recipes", poll_seconds=900
    )
    # The longest look that there is: a job takes fewer of them, and more histories fit into a second.
    Deployment(app, "dev", config=config)
    app.synth()
    return {name: machine(EnvironmentTemplates.of(out, "dev"), name) for name in MACHINES}
