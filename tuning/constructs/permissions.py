"""The statements of roles, from what the manifest says each step may do.

The step that reads data cannot start a job, and the one that starts jobs cannot read data:
`tuning/pipeline/manifest.py` is the one place to review it, and `review/permissions.toml` is
the review.
"""

from collections.abc import Mapping, Sequence

import aws_cdk as cdk

from tuning.constructs.arns import bedrock_arn, foundation_model_arn, judge_arns
from tuning.constructs.policies import Statement, allow
from tuning.constructs.storage import Storage
from tuning.models.catalog import catalog
from tuning.pipeline.grants import Access, access, publish
from tuning.runs.recipes import Recipe


class Permissions:
    """Knows the ARN of every name that the manifest uses."""

    def __init__(
        self,
        stack: cdk.Stack,
        *,
        environment: str,
        storage: Storage,
        recipes: Sequence[Recipe],
        imports: bool = False,
    ) -> None:
        """`imports`: whether a recipe imports models."""
        self._stack, self._environment, self.imports = stack, environment, imports
        buys = any(each.provisioned_hours for each in recipes)
        judges = sorted({each.judge for each in recipes if each.judge})
        self.names: dict[str, Sequence[str]] = {
            "Datasets": [storage.datasets.bucket_arn],
            "Prepared": [storage.prepared.bucket_arn],
            "Artifacts": [storage.artifacts.bucket_arn],
            "Ledger": [storage.ledger.table_arn],
            "Budgets": [storage.budgets.table_arn],
            "DataKey": [storage.data_key.key_arn],
            "ControlKey": [storage.control_key.key_arn],
            "Models": self._models(recipes),
            "GatedBases": self._bases(recipes),
            "CustomModels": [bedrock_arn(stack, "custom-model")],
            "DeletedModels": self._deleted(recipes),
            "Jobs": [bedrock_arn(stack, "model-customization-job")],
            "Deployments": [bedrock_arn(stack, "custom-model-deployment")],
            "ProvisionedModels": [bedrock_arn(stack, "provisioned-model")],
            # None where no recipe asks for Provisioned Throughput: nobody buys it, or asks what was bought.
            "SoldModels": [bedrock_arn(stack, "custom-model")] if buys else [],
            "BoughtModels": [bedrock_arn(stack, "provisioned-model")] if buys else [],
            # And none where no recipe imports models.
            "ImportedModels": [bedrock_arn(stack, "imported-model")] if imports else [],
            "LedgerOfImported": [storage.ledger.table_arn] if imports else [],
            # And none where no recipe asks for a judge.
            "JudgeRole": [],
            "EvaluationJobs": [bedrock_arn(stack, "evaluation-job")] if judges else [],
            "Judges": [arn for each in judges for arn in judge_arns(stack, each)],
            "Judged": [storage.artifacts.bucket_arn] if judges else [],
            "JudgedPrompts": [storage.prepared.bucket_arn] if judges else [],
            "JudgedKey": [storage.data_key.key_arn] if judges else [],
        }
        """What is made later adds its own."""

    def statements(self, granted: Sequence[Access], **places: str) -> list[Statement]:
        """`places`: what else is filled in, such as the assistant that a role is of."""
        return named_statements(
            self._stack, granted, self.names, environment=self._environment, **places
        )

    def state_machine(
        self, name: str, functions: Sequence[str], machine: str, does: Sequence[Access]
    ) -> list[Statement]:
        """A machine invokes its tasks and sends notices, and `does` what else it must; it sees no data.

        Its own histories are encrypted in a context that names it, and log delivery in another.
        https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
        """
        context = "kms:EncryptionContext"
        used = ("kms:Decrypt", "kms:GenerateDataKey")
        own = {"StringEquals": {f"{context}:aws:states:stateMachineArn": machine}}
        log_groups = self._stack.format_arn(service="logs", resource="*")
        logs = {"ArnLike": {f"{context}:SourceArn": log_groups}}
        self.names["Functions"] = functions
        self.names[name] = [machine]
        return self.statements(
            [
                Access(actions=used, on=("ControlKey",), conditions=own),
                Access(actions=used[1:], on=("ControlKey",), conditions=logs),
                access("lambda:InvokeFunction", on="Functions"),
                *publish(),
                *does,
            ]
        )

    def _bases(self, recipes: Sequence[Recipe]) -> list[str]:
        """The base models that trained ones are compared with, as the runtime calls them."""
        names = {catalog().model(each.base_model).asked_as for each in recipes if each.release}
        return [foundation_model_arn(self._stack, name) for name in sorted(names)]

    def _deleted(self, recipes: Sequence[Recipe]) -> list[str]:
        """Custom models, where a recipe has those deleted that it does not keep."""
        deletes = any(each.release and each.release.delete_models for each in recipes)
        return [bedrock_arn(self._stack, "custom-model")] if deletes else []

    def _models(self, recipes: Sequence[Recipe]) -> list[str]:
        """Whether IAM sees a model's id with its `:128k` or without is not documented: both."""
        names = {r.base_model for r in recipes}
        names |= {catalog().model(name).asked_as for name in names}
        return [foundation_model_arn(self._stack, name) for name in sorted(names)]


def named_statements(
    stack: cdk.Stack,
    granted: Sequence[Access],
    names: Mapping[str, Sequence[str]],
    *,
    environment: str = "",
    **others: str,
) -> list[Statement]:
    """As IAM takes them, but for rights on nothing, such as on base models where no recipe has a gate. Raises
    KeyError for a resource that has no name here.
    """
    places = {"{region}": stack.region, "{environment}": environment}
    places |= {f"{{{name}}}": place for name, place in others.items()}
    return [
        allow(
            actions=list(each.actions),
            resources=resources,
            conditions={
                operator: {
                    k: _placed(v, places) if isinstance(v, str) else list(v)
                    for k, v in values.items()
                }
                for operator, values in each.conditions.items()
            },
        )
        for each in granted
        if (resources := [arn for resource in each.on for arn in _arns(resource, names)])
    ]


def _placed(text: str, places: Mapping[str, str]) -> str:
    """Tokens of the CDK have braces too, so that this is no format."""
    for name, place in places.items():
        text = text.replace(name, place)
    return text


def _arns(resource: str, names: Mapping[str, Sequence[str]]) -> list[str]:
    name, slash, suffix = resource.partition("/")
    return [f"{arn}{slash}{suffix}" for arn in names[name]]
