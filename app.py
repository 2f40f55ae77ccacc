"""The environments are the program. Edit this file and `recipes/`, then `npx cdk diff`."""

import sys
from pathlib import Path

import aws_cdk as cdk

from stacks.deployment import Deployment, deployments
from tuning.constructs.acknowledgements import review
from tuning.constructs.config import Config
from tuning.errors import TuningError

RECIPES = Path(__file__).parent / "recipes"


def build(app: cdk.App) -> None:
    """Every environment of this project, in `app`. Raises TuningError for one that cannot work."""
    Deployment(
        app,
        "dev",
        config=Config(
            region="us-east-1",
            recipes=("support-nova-micro", "support-nova-lite", "canary"),
            recipes_folder=RECIPES,
        ),
    )
    Deployment(
        app,
        "prod",
        config=Config(
            region="us-east-1",
            recipes=("support-nova-micro", "support-nova-lite", "canary"),
            recipes_folder=RECIPES,
        ),
    )


if __name__ == "__main__":
    # Without what only CDK's own telemetry and tree viewers read: a tenth of the time.
    application = cdk.App(analytics_reporting=False, tree_metadata=False)
    try:
        build(application)
    except TuningError as refusal:
        sys.exit(f"refused: {refusal}")
    review(application, [each.training for each in deployments(application)])
    application.synth()
