"""What is found in these constructs and accepted nevertheless: `accepted.toml`, for anyone who uses them.

Six packs of cdk-nag and CDK's own validator write `validation-report.json` beside the templates.
They cost a quarter of a second; what costs more runs in `review/`, on the same table. Ids are
qualified (`Pack::Rule`): the short form would hide a finding from that report.
"""

import json
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_s3 as s3
from cdk_nag import (
    AwsSolutionsChecks,
    HIPAASecurityChecks,
    NIST80053R4Checks,
    NIST80053R5Checks,
    PCIDSS321Checks,
    ServerlessChecks,
)
from constructs import IConstruct

from tuning.assistants.document_changes import folder_of
from tuning.constructs.config import Config
from tuning.constructs.config_assistants import with_documents
from tuning.constructs.function import functions_code
from tuning.constructs.functions_code import PYTHON
from tuning.constructs.model_import import IMPORT_MACHINE
from tuning.constructs.placement import own_name
from tuning.constructs.release import NAME
from tuning.constructs.storage import Storage
from tuning.constructs.training import Training

PACKS = (
    AwsSolutionsChecks,
    HIPAASecurityChecks,
    NIST80053R4Checks,
    NIST80053R5Checks,
    PCIDSS321Checks,
    ServerlessChecks,
)
OTHER_TOOLS = ("cfn-lint::", "checkov::")
"""Whose findings CDK does not know; their rows are held against them in `review/`."""

_WHEN: Mapping[str, Callable[[Config], bool]] = {
    "": lambda _: True,
    "nodes talk": lambda config: config.job_nodes_talk,
    "grants undeclared": lambda config: not config.perimeter.grants_declared,
    "assistants": lambda config: bool(config.assistants),
    "assistants with documents": lambda config: bool(with_documents(config)),
    "assistants of recipes": lambda config: any(each.recipe for each in config.load_assistants()),
    "imports": lambda config: bool(config.load_imports()),
    "judged": lambda config: any(each.judge for each in config.load_recipes()),
    "nothing reserved": lambda config: config.reserved_concurrency is None,
    "prompts logged": lambda config: config.log_account_prompts,
}


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """One decision: a finding that is known, on one construct, with the reason why it is accepted."""

    path: str
    """Of a construct within Network, Storage, Training, Import or Assistants, such as `Storage/Default/AccessLogs`."""
    rules: tuple[str, ...]
    """Qualified ids, one for each tool or pack that finds the same. `{partition}`, `{region}`,
    `{account}`, `{machine}`, `{release}`, `{datasets}`, `{prepared}`, `{artifacts}`, `{ledger}` and `{budgets}` are filled in;
    of Import `{weights}` and `{importing}`, its machine."""
    reason: str
    evidence: str
    """Where the one who imposes it says so."""
    owner: str
    """Who answers for it."""
    when: str = ""
    """The settings that the row depends on, each one of `_WHEN`, with commas between them."""


def accepted() -> list[Accepted]:
    """The whole table."""
    table = tomllib.loads(
        files("tuning.constructs").joinpath("accepted.toml").read_text(encoding="utf-8")
    )
    return [Accepted(**{**row, "rules": tuple(row["rules"])}) for row in table["accepted"]]


def accepted_in(training: Training) -> list[Accepted]:
    """The rows that apply in one environment, with its own names filled in."""
    stack = cdk.Stack.of(training)
    names = {
        "machine": _written(stack, training.machine_name),
        "release": _written(stack, own_name(training.release, NAME)),
        "partition": _written(stack, stack.partition),
        "region": training.config.region,
        "account": _written(stack, stack.account),
        **_tables(training.storage),
        **_buckets(training),
        **_imports(training),
    }
    folders = _folders(training)
    return [
        replace(
            row,
            rules=tuple(
                rule.format(**names, folder=folder)
                for rule in row.rules
                for folder in (folders if "{folder}" in rule else ("",))
            ),
        )
        for row in accepted()
        if all(_WHEN[each](training.config) for each in row.when.split(", "))
    ]


def construct_at(path: str, training: Training) -> IConstruct:
    """Raises when nothing is at `path`, so that no row outlives what it speaks of."""
    name, *inside = path.split("/")
    stacks: dict[str, IConstruct] = {
        "Network": training.network,
        "Storage": training.storage,
        "Training": training,
    }
    if training.imports:
        stacks["Import"] = training.imports
    if training.assistants:
        stacks["Assistants"] = training.assistants
    found = stacks[name]
    for name in inside:
        found = found.node.find_child(name)
    return found


def review(app: cdk.App, environments: Iterable[Training]) -> None:
    """Check everything under `app` at synth, with the accepted findings marked as such."""
    cdk.Validations.of(app).add_plugins(*(pack(app) for pack in PACKS))
    for training in environments:
        acknowledge(training)
        if not functions_code(app, training.config).compiled:
            cdk.Annotations.of(app).add_warning_v2(
                "tuning:NotCompiled",
                f"The functions' code is not compiled for Python {PYTHON}: cold starts will take about "
                f"twice as long. To fix it in a checkout: .venv/bin/uv python install {PYTHON}",
            )


def acknowledge(training: Training) -> None:
    """Mark what is accepted in one environment: cdk-nag and CDK's validator set it aside."""
    rows = accepted_in(training)
    for path in dict.fromkeys(row.path for row in rows):
        acknowledged = [
            cdk.Acknowledgment(id=rule, reason=row.reason)
            for row in rows
            if row.path == path
            for rule in row.rules
            if not rule.startswith(OTHER_TOOLS)
        ]
        cdk.Validations.of(construct_at(path, training)).acknowledge(*acknowledged)


def _written(stack: cdk.Stack, value: str) -> str:
    """As cdk-nag writes it in the id of a finding."""
    return _flat(stack.resolve(value))


def _flat(value: Any) -> str:
    match value:
        case {"Ref": str(name)}:
            return f"<{name}>"
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            return f"<{name}.{attribute}>"
        case {"Fn::ImportValue": str(export)}:
            return export
        case {"Fn::Join": [str(between), list(parts)]}:
            return between.join(map(_flat, parts))
        case dict():
            return json.dumps(value, separators=(",", ":"))
    return str(value)


def _tables(storage: Storage) -> dict[str, str]:
    stack = cdk.Stack.of(storage)
    return {
        "ledger": _written(stack, storage.ledger.table_arn),
        "budgets": _written(stack, storage.budgets.table_arn),
    }


def _folders(training: Training) -> list[str]:
    """Of the documents of each assistant that has any."""
    documents = (
        training.assistants.node.try_find_child("Documents") if training.assistants else None
    )
    if documents is None:
        return []
    bucket = documents.node.find_child("Documents")
    assert isinstance(bucket, s3.Bucket)  # noqa: S101 — narrows a CDK type
    written = _written(cdk.Stack.of(documents), bucket.bucket_arn)
    return [f"{written}/{folder_of(each.name)}*" for each in with_documents(training.config)]


def _imports(training: Training) -> dict[str, str]:
    if (imports := training.imports) is None:
        return {}
    stack, weights = cdk.Stack.of(imports), imports.node.find_child("Weights")
    assert isinstance(weights, s3.Bucket)  # noqa: S101 — narrows a CDK type
    return {
        "weights": _written(stack, weights.bucket_arn),
        "importing": _written(stack, own_name(imports, IMPORT_MACHINE)),
    }


def _buckets(training: Training) -> dict[str, str]:
    """How Training's template names the ARNs of Storage's buckets: as exports, if it is another."""
    storage, stack = training.storage, cdk.Stack.of(training)
    buckets = {
        "datasets": storage.datasets,
        "prepared": storage.prepared,
        "artifacts": storage.artifacts,
    }
    of_storage = cdk.Stack.of(storage)
    return {
        name: _written(
            stack,
            bucket.bucket_arn
            if of_storage is stack
            else of_storage.export_value(bucket.bucket_arn),
        )
        for name, bucket in buckets.items()
    }
