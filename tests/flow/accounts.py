"""What flow tests do with the emulated account: upload, wait for an end, look around."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from patience import until

from emulator import Instance
from tuning.aws.live_models import LiveModels
from tuning.cli.account import Account
from tuning.runs.job_queue import QueueState
from tuning.runs.recipe_files import load
from tuning.runs.recipes import Limits, Recipe
from tuning.runs.run import Run
from tuning.runs.run_record import RunRecord
from tuning.runs.times import instant
from tuning.runs.uploads import Upload

UNASKED = "records.jsonl"
"""A name of which no event starts a run, so that a test does. Its upload is refused beside it."""
RECIPES = Path(__file__).parents[2] / "recipes"
ACTED = "@test"
"""Ends the name of a session in which a test does what a role could do."""


@dataclass(frozen=True, kw_only=True)
class World:
    account: Account
    instance: Instance
    inbox: str
    """URL of a queue that is subscribed to the notices."""
    notices: list[dict[str, str]] = field(default_factory=list)
    let_try: list[str] = field(default_factory=list)
    """Ids of the runs that rounds of the dispatcher let try, in order."""

    def client(self, service: str) -> Any:
        return self.account.client(service)

    def upload(self, records: list[Any] | bytes, folder: str, name: str = "train.jsonl") -> str:
        """Put records, or bytes as they are, into a folder under `datasets/`."""
        body = records if isinstance(records, bytes) else jsonl(records)
        key = f"datasets/{folder}/{name}"
        bucket = self.account.outputs["DatasetsBucket"]
        self.client("s3").put_object(Bucket=bucket, Key=key, Body=body)
        return f"s3://{bucket}/{key}"

    def dispatch(self) -> None:
        """A round of the dispatcher, as its schedule has it once a minute."""
        self.let_try.extend(self.round_of("DispatchQueue")["answered"])

    def round_of(self, function: str) -> Any:
        """What one invocation answers. As its schedule has it: when there is room for it, for what EventBridge sends
        waits in Lambda's own queue.
        """
        name, functions = self.function_named(function), self.client("lambda")

        def answer() -> dict[str, Any] | None:
            try:
                found: dict[str, Any] = functions.invoke(FunctionName=name, Payload=b"{}")
            except functions.exceptions.TooManyRequestsException:
                return None
            return found

        answered = until(answer, f"a round of {name}")
        payload = answered["Payload"].read()
        assert "FunctionError" not in answered, payload
        return json.loads(payload)

    def functions(self) -> list[dict[str, Any]]:
        """All that are deployed."""
        pages = self.client("lambda").get_paginator("list_functions").paginate()
        return [each for page in pages for each in page["Functions"]]

    def function_named(self, part: str) -> str:
        """The whole name of the one function that has this in its name."""
        names: list[str] = [each["FunctionName"] for each in self.functions()]
        (name,) = [each for each in names if part in each]
        return name

    def forget_the_slots(self) -> None:
        """That there was none: else the account would be tried again in half an hour only."""
        state = QueueState(round_at=instant(datetime.now(UTC)))
        item = {name: value for name, value in state.to_item().items() if name != "doubted"}
        self.client("dynamodb").put_item(TableName=self.account.outputs["LedgerTable"], Item=item)

    def ended(self, upload: str) -> RunRecord:
        def outcome() -> RunRecord | None:
            record = self.account.started_by(upload)
            return record if record and record.ended_at else None

        found: RunRecord = until(
            outcome,
            f"the outcome of {upload}",
            progress=lambda: (record := self.account.started_by(upload)) and record.state,
        )
        return found

    def executions(self) -> list[dict[str, Any]]:
        pages = self.client("stepfunctions").get_paginator("list_executions")
        arn = self.account.outputs["StateMachine"]
        return [e for page in pages.paginate(stateMachineArn=arn) for e in page["executions"]]

    def notice(self, run_id: str) -> dict[str, str]:
        def look() -> dict[str, str] | None:
            got = self.client("sqs").receive_message(QueueUrl=self.inbox, MaxNumberOfMessages=10)
            self.notices.extend(json.loads(m["Body"]) for m in got.get("Messages", []))
            return next((n for n in self.notices if run_id[:8] in n["Subject"]), None)

        found: dict[str, str] = until(look, f"the notice of {run_id}")
        return found


def jsonl(records: list[Any]) -> bytes:
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def conversation(question: str, answer: str = "Certainly.") -> dict[str, Any]:
    return {
        "schemaVersion": "bedrock-conversation-2024",
        "messages": [
            {"role": "user", "content": [{"text": question}]},
            {"role": "assistant", "content": [{"text": answer}]},
        ],
    }


def conversations(about: str, count: int = 10) -> list[dict[str, Any]]:
    return [conversation(f"{about}, question {n}?", f"{about}, answer {n}.") for n in range(count)]


def tuning(
    world: World, *arguments: str, environment: str = "dev"
) -> subprocess.CompletedProcess[str]:
    """A command of the operators' room, as a person types it, to its end."""
    command = [sys.executable, "-m", "tuning", *arguments, "--environment", environment]
    variables = os.environ | world.instance.client_environment()
    return subprocess.run(  # noqa: S603 — our own words
        command, env=variables, capture_output=True, text=True, check=False
    )


def live_model(world: World, recipe: str, about: str) -> str:
    """The ARN of the deployment of a model that is trained on conversations and released."""
    run = world.ended(world.upload(conversations(about), f"{recipe}/{about}"))
    assert run.state == "trained", run.outcome
    made = tuning(world, "release", run.id, "--no-wait", "--format", "json")
    assert made.returncode == 0, made.stderr
    found = LiveModels(ledger=world.account.ledger)
    deployed: str = until(lambda: found.read(recipe).deployment_arn, "a live model")
    return deployed


def new_version(world: World, key: str, about: str, *, limits: Limits | None = None) -> Run:
    """The run of a new version of an object, by the recipe that its key names, as it is deployed; with `limits` by
    one of that name which is not, so that a person is asked before it spends. It is not started.
    """
    bucket = world.account.outputs["DatasetsBucket"]
    put = world.client("s3").put_object(Bucket=bucket, Key=key, Body=jsonl(conversations(about)))
    upload = Upload(
        bucket=bucket,
        key=key,
        version_id=put["VersionId"],
        size=1000,
        arrived_at="2026-11-23T07:00:00Z",
    )
    return Run.new(upload=upload, recipe=_recipe(upload.recipe_name, limits))


def _recipe(name: str, limits: Limits | None) -> Recipe:
    if limits is None:
        return load(RECIPES / f"{name}.toml")
    return Recipe(
        name=name, description="x", base_model="amazon.nova-micro-v1:0:128k", limits=limits
    )


def start_run(world: World, run: Run) -> str:
    """Returns its id."""
    world.client("stepfunctions").start_execution(
        stateMachineArn=world.account.outputs["StateMachine"],
        name=run.id,
        input=json.dumps(run.to_dict()),
    )
    return run.id


def session(world: World, role: str, name: str) -> dict[str, str]:
    """The emulator places it in the network of the function before the @."""
    arn, session = f"arn:aws:iam::000000000000:role/{role}", f"{name}{ACTED}"
    sts = world.client("sts")
    found: dict[str, str] = sts.assume_role(RoleArn=arn, RoleSessionName=session)["Credentials"]
    return found


def a_client(
    world: World, credentials: dict[str, str], service: str, *, plain: bool = False
) -> Any:
    """A client of whoever these credentials are of."""
    settings = world.instance.settings
    return boto3.client(
        service,
        region_name="us-east-1",
        endpoint_url=settings.plain_endpoint if plain else settings.endpoint,
        verify=settings.authority,
        aws_access_key_id=credentials["AccessKeyId"],
        aws_secret_access_key=credentials["SecretAccessKey"],
        aws_session_token=credentials["SessionToken"],
        config=Config(retries={"max_attempts": 1}),
    )


def subscribed(client: Callable[[str], Any], outputs: Mapping[str, str]) -> str:
    """The URL of a new queue that gets the notices."""
    sqs = client("sqs")
    url: str = sqs.create_queue(QueueName="inbox")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]
    topic = outputs["NoticesTopic"]
    # https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html
    from_topic = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn["QueueArn"],
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [from_topic]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn["QueueArn"])
    return url
