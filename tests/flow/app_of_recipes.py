"""An app with one environment, whose recipes are all those of a folder: `app_of_recipes.py NAME REGION FOLDER
[GUARDRAIL]`, which is in `guardrails` beside the folder. Where there is a folder `assistants` beside it, all of them.
"""

import sys
from pathlib import Path

import aws_cdk as cdk

from stacks.deployment import Deployment, deployments
from tuning.constructs.acknowledgements import review
from tuning.constructs.config import Config


def main(name: str, region: str, folder: Path, guardrail: str | None = None) -> None:
    recipes = tuple(sorted(each.stem for each in folder.glob("*.toml")))
    app = cdk.App(analytics_reporting=False, tree_metadata=False)
    beside = folder.parent / "assistants"
    config = Config(
        region=region,
        recipes=recipes,
        recipes_folder=folder,
        guardrail=guardrail,
        assistants=tuple(sorted(each.stem for each in beside.glob("*.toml"))),
        zone_ids={"a": "use1-az1", "b": "use1-az2"},  # as the emulator has them
    )
    Deployment(app, name, config=config)
    review(app, [each.training for each in deployments(app)])
    app.synth()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), *sys.argv[4:])
