"""`dev`, whose one recipe with a gate keeps one model beside, and has the others deleted."""

import tempfile
from pathlib import Path

import aws_cdk as cdk

from stacks.deployment import Deployment
from tuning.constructs.config import Config

RECIPE = "support-nova-lite"
RECIPES = Path(__file__).parents[2] / "recipes"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        text = (RECIPES / f"{RECIPE}.toml").read_text(encoding="utf-8")
        edited = text.replace("[release]", "[release]\nkeep_models = 1\ndelete_models = true", 1)
        (Path(folder) / f"{RECIPE}.toml").write_text(edited, encoding="utf-8")
        config = Config(region="us-east-1", recipes=(RECIPE,), recipes_folder=Path(folder))
        app = cdk.App(analytics_reporting=False, tree_metadata=False)
        Deployment(app, "dev", config=config)
        app.synth()


if __name__ == "__main__":
    main()
