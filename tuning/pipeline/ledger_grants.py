"""What a step may read and write in the tables: which items, and which attributes of them.

A step that was taken over can write what is here and nothing else, whatever it calls. What IAM cannot say:
which run an invocation is about, which value an attribute may take, and what a failed condition answers with.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
"""

from collections.abc import Set as AbstractSet
from dataclasses import replace

from tuning.imports.import_run import OF_IMPORTS, ImportRecord
from tuning.pipeline.grants import Access, access, use_key
from tuning.releases.evaluated_version import CANDIDATES, EVALUATING, EvaluatedVersion
from tuning.releases.live_model import LIVE, PROVISIONED_LIVE, LiveModel
from tuning.releases.model_deletion import OF_DELETIONS, ModelDeletion
from tuning.releases.model_version import MODELS, RECIPES, ModelOfRun, ModelVersion, NewestModel
from tuning.runs import former_version
from tuning.runs.ledger_item import KEY
from tuning.runs.newest_version import NewestVersion
from tuning.runs.run import ReceivedVersion
from tuning.runs.run_record import JOB_QUEUE, OPEN_RUNS, READABLE_ATTRIBUTES, RunRecord
from tuning.runs.same_data import TrainedData
from tuning.runs.validation_sets import FolderRun, ValidationSet

_FIRST = ("state", "arrived_at", "month", "upload", "recipe", "open", "turn")
"""The state, and what a row that was lost is written anew with."""
_OF_UPLOADS = ("folder#*", "newest#*", "validation#*", "version#*")
"""Keys of FolderRun, NewestVersion, ValidationSet and ReceivedVersion."""
_OF_DATA = "data#*"
"""Keys of TrainedData."""

QUERY_OPEN = access("dynamodb:Query", on=f"Ledger/index/{OPEN_RUNS.name}")
QUERY_QUEUE = access("dynamodb:Query", on=f"Ledger/index/{JOB_QUEUE.name}")
COUNT_QUEUE = Access(
    actions=("dynamodb:Query",),
    on=(f"Ledger/index/{JOB_QUEUE.name}",),
    conditions={"StringEquals": {"dynamodb:Select": "COUNT"}},
)
"""How many wait, and not the tokens that the index has of them."""


def in_tables(*parts: Access) -> tuple[Access, ...]:
    """With the right to the tables' key. A transaction needs the rights of what it does, and none of its own:
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
    """
    used = ("Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey")
    return (*parts, use_key("ControlKey", "dynamodb", *used))


def moves(*names: str) -> Access:
    """Bring runs into a state, and update these fields of them."""
    return writes(*_FIRST, *names)


def writes(*names: str) -> Access:
    """Update these fields of runs. What is no run has a `#` in its key: tuning/runs/run.py."""
    attributes = {RunRecord.attribute(name) for name in names}
    if "reservation" in attributes:
        attributes.add(former_version.RESERVATION)  # which it replaces
    return _update(attributes, "StringNotLike", "*#*")


def reads(*names: str) -> Access:
    """Read these attributes of runs; without a name all but the tokens that answer their tasks."""
    return Access(
        actions=("dynamodb:GetItem",),
        on=("Ledger",),
        conditions={
            "ForAllValues:StringEquals": {"dynamodb:Attributes": names or READABLE_ATTRIBUTES},
            # Without it a call that names no attributes would be given all of them. UNCONFIRMED: that
            # DynamoDB sets it for GetItem, as its own example of a policy supposes.
            # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_dynamodb_attributes.html
            "StringEqualsIfExists": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"},
        },
    )


def remembers() -> tuple[Access, ...]:
    """Read and write what is known of uploads beside their runs."""
    kinds = (FolderRun, NewestVersion, ReceivedVersion, ValidationSet)
    attributes = {name for kind in kinds for name in kind.attributes()}
    return (
        _update(attributes, "StringLike", *_OF_UPLOADS),
        _items("GetItem", "StringLike", *_OF_UPLOADS),
    )


def claims_data() -> tuple[Access, ...]:
    """Read and write which run was the last to spend on which data."""
    attributes = {TrainedData.attribute("run_id")}
    return _update(attributes, "StringLike", _OF_DATA), _items("GetItem", "StringLike", _OF_DATA)


def registers_models(*but: str) -> tuple[Access, ...]:
    """Read and write versions of models; `but`: fields that these never have."""
    kinds = (ModelOfRun, ModelVersion, NewestModel)
    attributes = {name for kind in kinds for name in kind.attributes()}
    attributes -= {ModelVersion.attribute(name) for name in but}
    return _update(attributes | {RECIPES}, "StringLike", f"{MODELS}*"), reads_models()


def reads_models() -> Access:
    return _items("GetItem", "StringLike", f"{MODELS}*")


def changes_live() -> tuple[Access, ...]:
    """Read and write which version of a recipe answers."""
    attributes = LiveModel.attributes() | {PROVISIONED_LIVE}
    return _update(attributes, "StringLike", f"{LIVE}*"), reads_live()


def evaluates() -> tuple[Access, ...]:
    """Read and write what becomes of candidates."""
    attributes = EvaluatedVersion.attributes() | {EVALUATING}
    return _update(attributes, "StringLike", f"{CANDIDATES}*"), reads_candidates()


def reads_candidates() -> Access:
    return _items("GetItem", "StringLike", f"{CANDIDATES}*")


def deletes_models() -> tuple[Access, ...]:
    """Read and write which versions are deleted; what a version is stays as it was registered."""
    attributes = ModelDeletion.attributes()
    return _update(attributes, "StringLike", f"{MODELS}*{OF_DELETIONS}"), reads_models()


def records_imports(*names: str) -> tuple[Access, ...]:
    """Read imports, bring them into a state, and update these fields of them."""
    attributes = {ImportRecord.attribute(name) for name in ("state", *names)}
    return _update(attributes, "StringLike", f"{OF_IMPORTS}*"), reads_imports()


def receives_imports() -> tuple[Access, ...]:
    """Read imports, and write what was uploaded as one."""
    return records_imports(*ImportRecord.__struct_fields__)


def reads_imports() -> Access:
    return _items("GetItem", "StringLike", f"{OF_IMPORTS}*")


def reads_live() -> Access:
    return _items("GetItem", "StringLike", f"{LIVE}*")


def own_item(pk: str) -> Access:
    """Read and write one item of the ledger and no other."""
    return replace(
        _items("GetItem", "StringEquals", pk), actions=("dynamodb:GetItem", "dynamodb:PutItem")
    )


def counts_money(*names: str) -> Access:
    """Add to the budgets, to these attributes beside the sums."""
    attributes = (KEY, "committed", "spent", *names)
    counted = {"ForAllValues:StringEquals": {"dynamodb:Attributes": attributes}}
    return Access(actions=("dynamodb:UpdateItem",), on=("Budgets",), conditions=counted)


def reads_money() -> tuple[Access, ...]:
    """What the budgets have, and what former versions counted in the ledger."""
    return (
        access("dynamodb:GetItem", on="Budgets"),
        _items("GetItem", "StringLike", "budget#*"),
    )


def _items(action: str, operator: str, *keys: str) -> Access:
    return Access(
        actions=(f"dynamodb:{action}",),
        on=("Ledger",),
        conditions={
            f"ForAllValues:{operator}": {"dynamodb:LeadingKeys": keys if keys[1:] else keys[0]},
            # A key that a request has not satisfies ForAllValues.
            # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
            "Null": {"dynamodb:LeadingKeys": "false"},
        },
    )


def _update(attributes: AbstractSet[str], operator: str, *keys: str) -> Access:
    """Of these attributes, of items with these keys, whose answer has no others.

    An update names its item's key, so that a request has attributes.
    """
    items = _items("UpdateItem", operator, *keys)
    conditions = {
        **items.conditions,
        "ForAllValues:StringEquals": {"dynamodb:Attributes": tuple(sorted({KEY, *attributes}))},
        "StringEqualsIfExists": {"dynamodb:ReturnValues": ("NONE", "UPDATED_NEW", "UPDATED_OLD")},
    }
    return Access(actions=items.actions, on=items.on, conditions=conditions)


MACHINE_WRITES = moves(
    *("task_token", "slot_token", "queue", "queued_at", "stop_asked", "ended_at", "outcome")
)
"""What the state machine itself writes: outcomes, and the tokens of its tasks that wait."""

MACHINE_READS = reads(KEY, "slot_token", "state", "task_token")
"""What an earlier version of the same object waits for, which is to give way."""
