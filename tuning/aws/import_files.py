"""What the functions of an import leave for each other under `merged/` in the bucket of weights."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

from botocore.exceptions import ClientError

from tuning.adapters.distributed_merge import GroupResult
from tuning.aws.clients import client
from tuning.imports.import_keys import group_key, plan_key
from tuning.imports.import_plan import ImportPlan


def keep_plan(bucket: str, import_id: str, plan: ImportPlan) -> ImportPlan:
    """The plan that is kept: this one, or that of a try before it, by which groups may be merged already.
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    """
    try:
        _put(bucket, plan_key(import_id), plan.to_json(), IfNoneMatch="*")
    except ClientError as error:
        if error.response["Error"]["Code"] != "PreconditionFailed":
            raise
        return read_plan(bucket, import_id)
    return plan


def read_plan(bucket: str, import_id: str) -> ImportPlan:
    return ImportPlan.from_json(_get(bucket, plan_key(import_id)))


def keep_group(bucket: str, import_id: str, result: GroupResult) -> None:
    _put(bucket, group_key(import_id, result.group), result.to_json())


def kept_groups(bucket: str, import_id: str, groups: int) -> Iterator[GroupResult]:
    for group in range(groups):
        yield GroupResult.from_json(_get(bucket, group_key(import_id, group)))


def _put(bucket: str, key: str, content: Any, **condition: str) -> None:
    body = json.dumps(content).encode()
    client("s3").put_object(
        Bucket=bucket, Key=key, Body=body, ContentType="application/json", **condition
    )


def _get(bucket: str, key: str) -> Any:
    with closing(client("s3").get_object(Bucket=bucket, Key=key)["Body"]) as body:
        return json.loads(body.read())
