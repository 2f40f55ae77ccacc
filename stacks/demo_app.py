"""The CDK app of `make demo ASSISTANT=1`: one environment with an assistant that has documents, and one that has a tool."""

from pathlib import Path

import aws_cdk as cdk

from stacks.deployment import Deployment, deployments
from tuning.constructs.acknowledgements import review
from tuning.constructs.config import Config

_ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    app = cdk.App(analytics_reporting=False, tree_metadata=False)
    config = Config(
        region="us-east-1",
        recipes=("support-nova-micro",),
        recipes_folder=_ROOT / "recipes",
        guardrail="support",
        assistants=("help-desk", "clerk"),
        assistants_folder=_ROOT / "demo" / "assistants",
        zone_ids={"a": "use1-az1", "b": "use1-az2"},  # as the emulator has them
    )
    Deployment(app, "dev", config=config)
    review(app, [each.training for each in deployments(app)])
    app.synth()


if __name__ == "__main__":
    main()
