"""What the functions of the Release state machine answer it, and where the model that answers is read from."""

import hashlib
from collections.abc import Iterable
from typing import Literal

from tuning.releases.deployment_status import DeploymentStatus
from tuning.releases.model_version import ModelVersion
from tuning.runs.json_record import Record

ServedBy = Literal["on_demand", "provisioned", "imported"]
"""What makes a model answer: a deployment on demand, Provisioned Throughput, or nothing but its own ARN, as of an
imported model."""

OF_ENVIRONMENT, OF_RECIPE = "tuning:environment", "tuning:recipe"
"""Tags of a live deployment, by which callers are let ask it; an imported model is live while it has both."""
CANDIDATE_OF = "tuning:candidate-of"
"""Tag of a candidate's deployment in place of `OF_ENVIRONMENT`: its environment."""


class ReleaseStart(Record, frozen=True, kw_only=True):
    """What begin_release answers."""

    state: Literal["begun", "refused"] = "refused"
    why: str = ""
    """Of `refused`: one sentence."""
    target: str | None = None
    """ARN of the custom model that is to answer."""
    before: str | None = None
    """ARN of the one that answers now, perhaps the same; None when nothing does."""
    deployment: str = ""
    """The name of the recipe's deployment."""
    recipe: str = ""
    token: str = ""
    candidate: bool = False
    """Whether it is a deployment for an evaluation, which callers are not let ask."""
    provisioned: bool = False
    """Whether it is Provisioned Throughput, and no deployment on demand."""
    imported: bool = False
    """Whether it is an imported model itself, and no deployment at all."""
    converse: bool | None = None
    """Of an imported model: whether it takes Converse."""

    @property
    def served_by(self) -> ServedBy:
        if self.imported:
            return "imported"
        return "provisioned" if self.provisioned else "on_demand"

    def tags(self, environment: str) -> dict[str, str]:
        of = CANDIDATE_OF if self.candidate else OF_ENVIRONMENT
        return {of: environment, OF_RECIPE: self.recipe}


class Verified(Record, frozen=True, kw_only=True):
    """What verify_release answers."""

    state: Literal["answered", "silent", "cold"] = "silent"
    """`cold`: of an imported model that is being loaded; it is asked again after a minute."""
    why: str = ""
    """Of `silent` and `cold`: in AWS's words."""


def deployment_name(environment: str, recipe: str) -> str:
    """Of the recipe's one live deployment, in an account that environments share: of no other pair. Their names
    joined would not do: `dev-eu` and `support` is not `dev` and `eu-support`. At most 58 characters of 63, and a
    recipe's name is legal as it is: lower-case letters, digits and single hyphens.
    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateCustomModelDeployment.html
    """
    whose = hashlib.sha256(f"{environment}/{recipe}".encode()).hexdigest()
    return f"{recipe}-live-{whose[:12]}"


def candidate_name(environment: str, recipe: str, version: int) -> str:
    """Of the deployment under which a version is evaluated, of 63 characters at most: as `deployment_name`."""
    whose = hashlib.sha256(f"{environment}/{recipe}/{version}".encode()).hexdigest()
    return f"{recipe}-candidate-{whose[:12]}"


def answering(found: DeploymentStatus | None, versions: Iterable[object]) -> int | None:
    """Which of the versions a deployment answers from; None when it does not answer, or from none of them.
    What is no version, such as a record that cannot be read, is passed over.
    """
    if found is None or not found.answers:
        return None
    known = (each for each in versions if isinstance(each, ModelVersion))
    return next((each.version for each in known if each.model_arn == found.model_arn), None)
