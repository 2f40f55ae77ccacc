"""One environment: Network, Storage and Training, in one Region, tagged alike."""

import re

import aws_cdk as cdk
from constructs import Construct

from tuning.constructs.config import Config
from tuning.constructs.network import Network
from tuning.constructs.storage import Storage
from tuning.constructs.training import Training
from tuning.errors import ConfigError


class Deployment(Construct):
    """Not a `cdk.Stage`: `cdk deploy --all` passes over the stacks of stages (docs/decisions/0002).

    Region only: with a concrete account CDK would ask AWS for zones and credentials at synth.
    """

    def __init__(self, scope: Construct, construct_id: str, *, config: Config) -> None:
        super().__init__(scope, construct_id)
        self.config, self.region = config, config.region
        region = cdk.Environment(region=config.region)
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,15}", construct_id):
            raise ConfigError(
                f"environment {construct_id!r}: must be up to 16 letters, digits and hyphens, a "
                "letter first: it begins the names of stacks and buckets"
            )
        storage_name = f"{construct_id}-Storage"
        # CDK leaves `Default` out of logical ids: a construct in a stack of its own renames nothing.
        self.network = Network(
            cdk.Stack(self, "Network", env=region, stack_name=f"{construct_id}-Network"),
            "Default",
            config=config,
            storage_name=storage_name,
        )
        self.storage = Storage(
            cdk.Stack(
                self, "Storage", env=region, stack_name=storage_name, termination_protection=True
            ),
            "Default",
            config=config,
            vpc=self.network.vpc,
        )
        self.training = Training(
            cdk.Stack(self, "Training", env=region, stack_name=f"{construct_id}-Training"),
            "Default",
            environment=construct_id,
            config=config,
            network=self.network,
            storage=self.storage,
        )
        cdk.Tags.of(self).add("environment", construct_id)
        cdk.Tags.of(self).add("project", "bedrock-private-tuning")


def deployments(app: cdk.App) -> list[Deployment]:
    """Every environment of `app`, in order."""
    return [each for each in app.node.children if isinstance(each, Deployment)]
