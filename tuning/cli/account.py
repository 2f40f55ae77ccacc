"""One deployed environment, as its operator sees it: uploads, runs, reports, executions.

botocore is imported when the first client is made: commands that need no AWS do not wait for it.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Self

from tuning.aws import customization_jobs
from tuning.aws.clients import Clients, clients
from tuning.cli.aws_errors import AccountError, UnknownRunError, told
from tuning.runs.run import is_run

_ID = 32
"""Letters of a run's id, see tuning/runs/run.py."""

Row = Mapping[str, str]
"""A ledger item, its attributes as text."""


@dataclass(frozen=True, kw_only=True)
class Account:
    client: Clients
    """A client of the named service, in the environment's account and Region."""
    outputs: Mapping[str, str]
    """Of the environment's Training stack."""

    @classmethod
    def of(cls, environment: str, region: str | None = None) -> Self:
        """The environment that is deployed under this name. Credentials, Region and
        `AWS_ENDPOINT_URL` are found as the AWS command line finds them.

        Raises AccountError when AWS does not answer, or has no such environment.
        """
        client = clients(region)
        with told():
            return cls(client=client, outputs=_outputs(client, environment))

    def upload(self, file: Path, folder: str) -> str:
        """Put a file where a recipe reads it. Returns its URI."""
        key = f"datasets/{folder}/{file.name}"
        body = file.read_bytes()
        self.client("s3").put_object(Bucket=self.outputs["DatasetsBucket"], Key=key, Body=body)
        return f"s3://{self.outputs['DatasetsBucket']}/{key}"

    def row(self, run: str) -> Row:
        """Of the run with that id, or of the one whose id begins so. Raises UnknownRunError, with the
        nearest, when there is no such run or more than one.
        """
        found = self._item(run) if len(run) == _ID else None
        if found is None and (found := self._item(self._only(run))) is None:
            raise UnknownRunError(f"{run}: the run is gone from the ledger")
        return found

    def _item(self, run_id: str) -> Row | None:
        key = {"pk": {"S": run_id}}
        table = self.outputs["LedgerTable"]
        found = self.client("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True)
        return _plain(found["Item"]) if "Item" in found else None

    def _only(self, beginning: str) -> str:
        """The one run whose id begins so. Ids are keys of the table, so all of them are read."""
        ids = [row["pk"] for row in self.rows()]
        fits = sorted(one for one in ids if beginning and one.startswith(beginning.lower()))
        if len(fits) == 1:
            return fits[0]
        if fits:
            some = ", ".join(one[:12] for one in fits[:5])
            raise UnknownRunError(
                f"{beginning}: {len(fits)} runs begin so, such as {some}; say more"
            )
        table = self.outputs["LedgerTable"]
        raise UnknownRunError(
            f"{beginning}: no such run in {table}{_alike(beginning, ids)}; tuning runs lists them"
        )

    def rows(self, month: str | None = None) -> Iterator[Row]:
        """The runs that arrived in a month such as `2026-11`, in order; of all months, in none."""
        ledger, table = self.client("dynamodb"), self.outputs["LedgerTable"]
        if month is None:
            pages = ledger.get_paginator("scan").paginate(TableName=table)
        else:
            pages = ledger.get_paginator("query").paginate(
                TableName=table,
                IndexName="ByMonth",
                KeyConditionExpression="#month = :month",
                ExpressionAttributeNames={"#month": "month"},
                ExpressionAttributeValues={":month": {"S": month}},
            )
        found = (_plain(item) for page in pages for item in page["Items"])
        yield from (row for row in found if is_run(row["pk"]))

    def queue_positions(self) -> dict[str, int]:
        """Of the runs that wait for a job slot, from 1, in the order in which they may try."""
        pages = self.client("dynamodb").get_paginator("query")
        found = pages.paginate(
            TableName=self.outputs["LedgerTable"],
            IndexName="Queue",
            KeyConditionExpression="#queue = :waiting",
            ProjectionExpression="pk",
            ExpressionAttributeNames={"#queue": "queue"},
            ExpressionAttributeValues={":waiting": {"S": "job_slots"}},
        )
        items = (item for page in found for item in page["Items"])
        return {item["pk"]["S"]: position for position, item in enumerate(items, 1)}

    def job(self, arn: str) -> Any | None:
        """As Bedrock tells it; None when Bedrock no longer knows it."""
        return customization_jobs.described(self.client("bedrock"), arn)

    def run(self, upload: str) -> Row | None:
        """The ledger's row of the run that an upload has started, once there is one."""
        return next((row for row in self.rows() if row.get("upload") == upload), None)

    def read_json(self, uri: str) -> Any:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return json.loads(self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())

    def report(self, run_id: str) -> Any:
        """The run's report, as programs read it."""
        return self.read_json(f"s3://{self.outputs['ArtifactsBucket']}/runs/{run_id}/report.json")

    def artifacts(self, run_id: str) -> list[str]:
        """Keys of what the run and its job left in the artifacts bucket."""
        s3, bucket = self.client("s3"), self.outputs["ArtifactsBucket"]
        folders = (f"runs/{run_id}/", f"jobs/{run_id}/")
        found = [s3.list_objects_v2(Bucket=bucket, Prefix=folder) for folder in folders]
        return [entry["Key"] for page in found for entry in page.get("Contents", [])]

    def execution_arn(self, name: str) -> str:
        """Of the execution of that name, which is the run's id unless the ledger says otherwise."""
        machine = self.outputs["StateMachine"]
        return f"{machine.replace(':stateMachine:', ':execution:')}:{name}"

    def events(self, name: str) -> Iterator[dict[str, Any]]:
        """Everything that happened to an execution, in order."""
        pages = self.client("stepfunctions").get_paginator("get_execution_history")
        for page in pages.paginate(executionArn=self.execution_arn(name)):
            yield from page["events"]

    def entered(self, name: str) -> list[tuple[str, datetime]]:
        """The states that an execution entered, and when; none when Step Functions has forgotten it,
        90 days after its end.
        https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
        """
        machine = self.client("stepfunctions")
        try:
            return [
                (event["stateEnteredEventDetails"]["name"], event["timestamp"])
                for event in self.events(name)
                if _enters(event)
            ]
        except machine.exceptions.ExecutionDoesNotExist:
            return []

    def history(self, name: str) -> list[str]:
        """The states that an execution went through, in order, repeats left out."""
        entered = (e["stateEnteredEventDetails"]["name"] for e in self.events(name) if _enters(e))
        return list(dict.fromkeys(entered))

    def caller(self) -> str:
        """The ARN of whoever's credentials these are."""
        return str(self.client("sts").get_caller_identity()["Arn"])


def _outputs(client: Clients, environment: str) -> dict[str, str]:
    from botocore.exceptions import ClientError  # noqa: PLC0415 — as above

    stack, formation = f"{environment}-Training", client("cloudformation")
    try:
        found = formation.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":  # so it says "does not exist"
            raise
        raise AccountError(
            f"no stack {stack} in {formation.meta.region_name}: deploy it with "
            f"npx cdk deploy '{environment}/*', or name another --environment or --region"
        ) from None
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def _plain(item: Mapping[str, Mapping[str, Any]]) -> Row:
    return {name: str(next(iter(value.values()))) for name, value in item.items()}


def _alike(beginning: str, ids: list[str]) -> str:
    """The nearest ids: those whose beginnings are most like it."""
    length = len(beginning)
    starts = sorted({one[:length] for one in ids if length})
    close = get_close_matches(beginning.lower(), starts, n=1, cutoff=0.6)
    found = [one for one in ids if close and one.startswith(close[0])]
    return f" (did you mean {found[0][: max(length, 8)]!r}?)" if found else ""


def _enters(event: Mapping[str, Any]) -> bool:
    return "stateEnteredEventDetails" in event
