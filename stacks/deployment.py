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
        self.network = Network(
            self,
            "Network",
            config=config,
            storage_name=storage_name,
            env=region,
            stack_name=f"{construct_id}-Network",
        )
        self.storage = Storage(
            self,
            "Storage",
            perimeter=config.perimeter,
            vpc=self.network.vpc,
            env=region,
            stack_name=storage_name,
        )
        self.training = Training(
            self,
            "Training",
            environment=construct_id,
            config=config,
            network=self.network,
            storage=self.storage,
            env=region,
            stack_name=f"{construct_id}-Training",
        )
        cdk.Tags.of(self).add("environment", construct_id)
        cdk.Tags.of(self).add("project", "bedrock-private-tuning")

    def bucket_imports(self) -> dict[str, str]:
        """How Training's template names the buckets of Storage: the exports of their ARNs."""
        storage = self.storage
        buckets = {
            "datasets": storage.datasets,
            "prepared": storage.prepared,
            "artifacts": storage.artifacts,
        }
        exports = {name: storage.export_value(b.bucket_arn) for name, b in buckets.items()}
        return {n: storage.resolve(export)["Fn::ImportValue"] for n, export in exports.items()}
