"""One environment: Network, Storage and Training, in one Region, tagged alike; where a recipe imports models, Import,
and where there are assistants, Assistants.
"""

import re

import aws_cdk as cdk
from constructs import Construct

from tuning.constructs.assistants import Assistants
from tuning.constructs.config import Config
from tuning.constructs.model_import import ModelImport
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
        imports_name = f"{construct_id}-Import" if config.load_imports() else ""
        assistants_name = f"{construct_id}-Assistants"
        # CDK leaves `Default` out of logical ids: a construct in a stack of its own renames nothing.
        self.network = Network(
            cdk.Stack(self, "Network", env=region, stack_name=f"{construct_id}-Network"),
            "Default",
            config=config,
            storage_name=storage_name,
            imports_name=imports_name,
            assistants_name=assistants_name,
        )
        self.storage = Storage(
            cdk.Stack(
                self, "Storage", env=region, stack_name=storage_name, termination_protection=True
            ),
            "Default",
            config=config,
            vpc=self.network.vpc,
            imports_name=imports_name,
            assistants_name=assistants_name,
        )
        self.training = Training(
            cdk.Stack(self, "Training", env=region, stack_name=f"{construct_id}-Training"),
            "Default",
            environment=construct_id,
            config=config,
            network=self.network,
            storage=self.storage,
        )
        self._add_opted(imports_name, assistants_name, region)
        cdk.Tags.of(self).add("environment", construct_id)
        cdk.Tags.of(self).add("project", "bedrock-private-tuning")

    def _add_opted(self, imports_name: str, assistants_name: str, region: cdk.Environment) -> None:
        """What a recipe or the Config asks for."""
        if imports_name:
            ModelImport(
                cdk.Stack(self, "Import", env=region, stack_name=imports_name),
                "Default",
                training=self.training,
            )
        if self.config.assistants:
            Assistants(
                cdk.Stack(self, "Assistants", env=region, stack_name=assistants_name),
                "Default",
                training=self.training,
            )


def deployments(app: cdk.App) -> list[Deployment]:
    """Every environment of `app`, in order."""
    return [each for each in app.node.children if isinstance(each, Deployment)]
