"""What a step may do, in the names of an environment's resources instead of ARNs.

A resource is `Name` or `Name/suffix`; `tuning/constructs/permissions.py` knows the ARN of each name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tuning.runs.run_record import JOB_QUEUE, OPEN_RUNS

_TABLE_KEY = ("kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey")


@dataclass(frozen=True, kw_only=True)
class Access:
    """One statement of a role."""

    actions: tuple[str, ...]
    on: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By operator and key, as in a policy; `{region}` is filled in."""


def access(*actions: str, on: str | tuple[str, ...]) -> Access:
    return Access(actions=actions, on=(on,) if isinstance(on, str) else on)


def use_key(name: str, service: str, *actions: str) -> Access:
    """Use a key through one service only, which decrypts and encrypts on the step's behalf.

    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
    """
    via = {"StringEquals": {"kms:ViaService": f"{service}.{{region}}.amazonaws.com"}}
    return Access(actions=tuple(f"kms:{each}" for each in actions), on=(name,), conditions=via)


def ledger(*actions: str) -> tuple[Access, ...]:
    """Operations on the ledger's items. A transaction needs the rights of what it does, and none of
    its own: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html
    """
    used = tuple(each.removeprefix("kms:") for each in _TABLE_KEY)
    return (
        access(*(f"dynamodb:{each}" for each in actions), on="Ledger"),
        use_key("ControlKey", "dynamodb", *used),
    )


def publish() -> tuple[Access, ...]:
    """Send notices."""
    return (
        access("sns:Publish", on="Notices"),
        use_key("ControlKey", "sns", "Decrypt", "GenerateDataKey"),
    )


def list_objects(bucket: str, prefix: str) -> Access:
    within = {"StringLike": {"s3:prefix": prefix}}
    return Access(actions=("s3:ListBucket",), on=(bucket,), conditions=within)


QUERY_OPEN = access("dynamodb:Query", on=f"Ledger/index/{OPEN_RUNS.name}")
QUERY_QUEUE = access("dynamodb:Query", on=f"Ledger/index/{JOB_QUEUE.name}")


def read_items(keys: str) -> Access:
    """Read the items of the ledger whose keys are like that, with `*` for any characters, and no others.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
    """
    only = {
        "ForAllValues:StringLike": {"dynamodb:LeadingKeys": keys},
        "Null": {"dynamodb:LeadingKeys": "false"},
    }
    return Access(actions=("dynamodb:GetItem",), on=("Ledger",), conditions=only)


def own_item(pk: str) -> tuple[Access, ...]:
    """Read and write one item of the ledger and no other.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html
    """
    items, table_key = ledger("GetItem", "PutItem")
    only = {
        "ForAllValues:StringEquals": {"dynamodb:LeadingKeys": pk},
        "Null": {"dynamodb:LeadingKeys": "false"},
    }
    return replace(items, conditions=only), table_key
