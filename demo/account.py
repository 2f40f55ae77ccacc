"""What the demo asks of the account that it has deployed to: upload, look, list."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.deploy import Deployer

Row = Mapping[str, str]
"""A ledger item, its attributes as text."""


@dataclass(frozen=True, kw_only=True)
class Account:
    deployer: Deployer
    outputs: Mapping[str, str]
    """Of the Training stack."""

    def upload(self, file: Path, folder: str) -> str:
        """Put a file where a recipe reads it. Returns its URI."""
        key = f"datasets/{folder}/{file.name}"
        body = file.read_bytes()
        self._client("s3").put_object(Bucket=self.outputs["DatasetsBucket"], Key=key, Body=body)
        return f"s3://{self.outputs['DatasetsBucket']}/{key}"

    def run(self, upload: str) -> Row | None:
        """The ledger's row of the run that an upload has started, once there is one."""
        pages = self._client("dynamodb").get_paginator("scan")
        for page in pages.paginate(TableName=self.outputs["LedgerTable"]):
            for item in page["Items"]:
                row = {name: str(next(iter(value.values()))) for name, value in item.items()}
                if row["upload"] == upload:
                    return row
        return None

    def read_json(self, uri: str) -> Any:
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        return json.loads(self._client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())

    def report(self, run_id: str) -> Any:
        """The run's report, as programs read it."""
        return self.read_json(f"s3://{self.outputs['ArtifactsBucket']}/runs/{run_id}/report.json")

    def artifacts(self, run_id: str) -> list[str]:
        """Keys of what the run and its job left in the artifacts bucket."""
        s3, bucket = self._client("s3"), self.outputs["ArtifactsBucket"]
        folders = (f"runs/{run_id}/", f"jobs/{run_id}/")
        found = [s3.list_objects_v2(Bucket=bucket, Prefix=folder) for folder in folders]
        return [entry["Key"] for page in found for entry in page.get("Contents", [])]

    def history(self, run_id: str) -> list[str]:
        """The states that the run's execution went through, in order, repeats left out."""
        states = self._client("stepfunctions")
        arn = self.outputs["StateMachine"].replace(":stateMachine:", ":execution:")
        events = states.get_execution_history(executionArn=f"{arn}:{run_id}", maxResults=1000)
        entered = (
            e["stateEnteredEventDetails"]["name"]
            for e in events["events"]
            if "stateEnteredEventDetails" in e
        )
        return list(dict.fromkeys(entered))

    def _client(self, service: str) -> Any:
        return self.deployer.client(service)
