"""Every place of the account, the data buckets apart, where a text of a dataset could turn up."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from accounts import World

DATA = (("DatasetsBucket", ""), ("PreparedBucket", ""), ("ArtifactsBucket", "runs/"))
"""Where objects may hold texts: those that begin so. What is said of these objects may not."""


@dataclass(frozen=True, kw_only=True)
class Spy:
    """A queue that receives something as soon as it happens, and what it received."""

    url: str
    heard: list[str]

    def listen(self, sqs: Any) -> str:
        while messages := sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            for message in messages:
                self.heard.append(message["Body"])
                sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return "\n".join(self.heard)


@dataclass(frozen=True, kw_only=True)
class Outside:
    world: World
    events: Spy

    def reported(self) -> dict[str, str]:
        """Place → all that it shows."""
        return {place: "\n".join(look()) for place, look in self._places().items()}

    def _places(self) -> dict[str, Callable[[], Iterator[str]]]:
        return {
            "logs": self._logs,
            "executions": self._executions,
            "metrics": self._metrics,
            "notices": lambda: map(_text, self.world.notices),
            "events": lambda: iter([self.events.listen(self.world.client("sqs"))]),
            "queues": self._queues,
            "ledger": lambda: self._pages("dynamodb", "scan", TableName=self._named("LedgerTable")),
            "what is said of objects": self._objects,
            "other objects": self._contents,
            "jobs and models": self._jobs,
        }

    def _named(self, output: str) -> str:
        return self.world.account.outputs[output]

    def _pages(self, service: str, operation: str, **given: Any) -> Iterator[str]:
        pages = self.world.client(service).get_paginator(operation).paginate(**given)
        return (_text(page) for page in pages)

    def _logs(self) -> Iterator[str]:
        for page in self.world.client("logs").get_paginator("describe_log_groups").paginate():
            for group in page["logGroups"]:
                name = group["logGroupName"]
                yield from self._pages("logs", "filter_log_events", logGroupName=name)

    def _executions(self) -> Iterator[str]:
        """Inputs, outputs, causes and histories, of all machines."""
        states = self.world.client("stepfunctions")
        for machine in states.list_state_machines()["stateMachines"]:
            pages = states.get_paginator("list_executions")
            for page in pages.paginate(stateMachineArn=machine["stateMachineArn"]):
                for execution in page["executions"]:
                    arn = execution["executionArn"]
                    yield _text(states.describe_execution(executionArn=arn))
                    yield from self._pages(
                        "stepfunctions", "get_execution_history", executionArn=arn
                    )

    def _metrics(self) -> Iterator[str]:
        yield from self._pages("cloudwatch", "list_metrics")
        yield from self._pages("cloudwatch", "describe_alarms")

    def _queues(self) -> Iterator[str]:
        sqs = self.world.client("sqs")
        for url in sqs.list_queues()["QueueUrls"]:
            if url != self.events.url:
                yield _text(
                    sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
                )

    def _objects(self) -> Iterator[str]:
        s3 = self.world.client("s3")
        for bucket, key in self._keys():
            yield _text([key, s3.head_object(Bucket=bucket, Key=key)])
            yield _text(s3.get_object_tagging(Bucket=bucket, Key=key)["TagSet"])

    def _contents(self) -> Iterator[str]:
        data = [(self._named(output), prefix) for output, prefix in DATA]
        s3 = self.world.client("s3")
        for bucket, key in self._keys():
            if not any(bucket == own and key.startswith(start) for own, start in data):
                body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
                yield body.decode("utf-8", errors="replace")

    def _keys(self) -> Iterator[tuple[str, str]]:
        s3 = self.world.client("s3")
        for bucket in (each["Name"] for each in s3.list_buckets()["Buckets"]):
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
                yield from ((bucket, each["Key"]) for each in page.get("Contents", []))

    def _jobs(self) -> Iterator[str]:
        bedrock = self.world.client("bedrock")
        for operation, member, name, arn in (
            ("list_model_customization_jobs", "modelCustomizationJobSummaries", "job", "jobArn"),
            ("list_custom_models", "modelSummaries", "model", "modelArn"),
        ):
            get = {
                "job": lambda arn: bedrock.get_model_customization_job(jobIdentifier=arn),
                "model": lambda arn: bedrock.get_custom_model(modelIdentifier=arn),
            }[name]
            for page in bedrock.get_paginator(operation).paginate():
                for each in page[member]:
                    yield _text(get(each[arn]))
                    yield _text(bedrock.list_tags_for_resource(resourceARN=each[arn])["tags"])


def where(word: str, reported: dict[str, str]) -> set[str]:
    return {place for place, text in reported.items() if word in text}


def _text(value: Any) -> str:
    return json.dumps(value, default=str, ensure_ascii=False)
