"""Somebody else's CDK app, with the platform in a Stage of its own: see docs/embedding.md."""

from pathlib import Path

import aws_cdk as cdk
from asking_stack import Asking
from constructs import Construct

from tuning.constructs.acknowledgements import review
from tuning.constructs.config import Config
from tuning.constructs.network import Network
from tuning.constructs.storage import Storage
from tuning.constructs.training import Training

CONFIG = Config(
    region="us-east-1",
    recipes=("tone",),
    recipes_folder=Path(__file__).parent / "recipes",
)


class FineTuning(cdk.Stage):
    """Three stacks: what holds data outlives the others, so it has one of its own. The fourth is no part of the
    platform: an application that asks what was trained.
    """

    def __init__(self, scope: Construct, construct_id: str, *, config: Config) -> None:
        super().__init__(scope, construct_id, env=cdk.Environment(region=config.region))
        data = cdk.Stack(self, "Data", termination_protection=True)
        network = Network(
            cdk.Stack(self, "Network"), "Network", config=config, storage_name=data.stack_name
        )
        storage = Storage(data, "Storage", config=config, vpc=network.vpc)
        self.training = Training(
            cdk.Stack(self, "Training"),
            "Training",
            environment=construct_id,
            config=config,
            network=network,
            storage=storage,
        )
        Asking(self, "Application", training=self.training, recipe="tone")


if __name__ == "__main__":
    app = cdk.App()
    acme = FineTuning(app, "Acme", config=CONFIG)
    review(app, [acme.training])
    app.synth()
