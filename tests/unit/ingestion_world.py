"""The functions of Ingestion as their queue and state machine call them; Bedrock is in a list, and any call may die."""

import importlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from mortal_clients import DiedError, install_mortal
from recipe_refusal_cases import exceptions, refusal

from tuning.pipeline.ingestion_tasks import INGESTION_STEPS

PLACE = "BASE000001/SOURCE0001"
ENVIRONMENT = {
    "ENVIRONMENT": "dev",
    "STATE_MACHINE_ARN": "arn:aws:states:us-east-1:123456789012:stateMachine:Ingestion",
    "ASSISTANTS": "help,sales",
    "KNOWLEDGE_BASES": f"help={PLACE},sales=BASE000002/SOURCE0002",
    "AWS_REGION": "us-east-1",
}


@dataclass
class Job:
    id: str
    token: str
    description: str
    source: str
    saw: int
    """Changes that there were as it began."""
    status: str = "IN_PROGRESS"
    failed: int = 0


@dataclass
class Bedrock:
    """One job of a data source at a time; `busy` answers that the account has no room."""

    world: "Ingesting"
    jobs: list[Job] = field(default_factory=list)
    busy: int = 0
    refused: Any = None
    documents: list[dict[str, Any]] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    exceptions = exceptions("ConflictException")

    def running(self, source: str) -> list[Job]:
        return [e for e in self.jobs if e.source == source and e.status == "IN_PROGRESS"]

    def end(self, status: str = "COMPLETE") -> None:
        for job in self.jobs:
            job.status = status if job.status == "IN_PROGRESS" else job.status

    def list_ingestion_jobs(self, **asked: Any) -> dict[str, Any]:
        assert asked["sortBy"] == {"attribute": "STARTED_AT", "order": "DESCENDING"}
        mine = [each for each in self.jobs if each.source == asked["dataSourceId"]]
        return {"ingestionJobSummaries": [_shown(each) for each in reversed(mine)]}

    def start_ingestion_job(self, **asked: Any) -> dict[str, Any]:
        assert len(asked["clientToken"]) >= 33
        source = asked["dataSourceId"]
        if self.refused:
            raise self.refused
        if self.busy:
            self.busy -= 1
            raise refusal("ServiceQuotaExceededException", "StartIngestionJob", 402)
        if any(each.token == asked["clientToken"] for each in self.jobs):
            raise AssertionError("a job was asked for twice")
        if self.running(source):
            raise refusal("ConflictException", "StartIngestionJob", 409)
        made = Job(
            id=f"JOB{len(self.jobs):07}",
            token=asked["clientToken"],
            description=asked["description"],
            source=source,
            saw=self.world.changes,
        )
        self.jobs.append(made)
        return {"ingestionJob": _shown(made)}

    def get_ingestion_job(self, **asked: Any) -> dict[str, Any]:
        (found,) = (each for each in self.jobs if each.id == asked["ingestionJobId"])
        return {"ingestionJob": {**_shown(found), "failureReasons": self.reasons}}

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_knowledge_base_documents"
        return SimpleNamespace(
            paginate=lambda **_given: iter([{"documentDetails": self.documents}])
        )


def _shown(job: Job) -> dict[str, Any]:
    counts = {"numberOfNewDocumentsIndexed": 1, "numberOfDocumentsFailed": job.failed}
    named = {"ingestionJobId": job.id, "description": job.description}
    return {**named, "status": job.status, "statistics": counts}


@dataclass
class Ingesting:
    context: Any
    bedrock: Any = None
    started: dict[str, Any] = field(default_factory=dict)
    """Executions by name: their input."""
    changes: int = 0
    dies_at: int | None = None
    """The number of the call at which a function is killed, once: before it, or with `late` after it."""
    late: bool = False
    calls: int = 0
    exceptions = exceptions("ExecutionAlreadyExists")

    def install(self, monkeypatch: Any) -> "Ingesting":
        self.bedrock = Bedrock(world=self)
        services = {"bedrock-agent": self.bedrock, "stepfunctions": self}
        install_mortal(monkeypatch, services, self._live, ENVIRONMENT)
        for step in INGESTION_STEPS:
            _module(step.name)._settings.cache_clear()  # noqa: SLF001 — a function's cache lives as long as it does
        return self

    def _live(self, _operation: str, call: Callable[[], Any]) -> Any:
        self.calls += 1
        dies = self.calls == self.dies_at
        if dies and not self.late:
            raise DiedError
        answer = call()
        if dies:
            raise DiedError
        return answer

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> dict[str, str]:  # noqa: A002, N803 — AWS's names
        assert stateMachineArn.endswith(":Ingestion")
        if name in self.started:
            raise refusal("ExecutionAlreadyExists", "StartExecution")
        self.started[name] = json.loads(input)
        return {"executionArn": name}

    def changed(self, *keys: str, kind: str = "Object Created", size: int = 10) -> list[str]:
        """Events of changes, as messages' bodies."""
        bodies = []
        for key in keys:
            self.changes += 1
            detail = {"bucket": {"name": "documents"}, "object": {"key": key, "size": size}}
            news = {"id": f"event-{self.changes}", "detail-type": kind, "detail": detail}
            bodies.append(json.dumps(news))
        return bodies

    def receive(self, *bodies: str) -> list[str]:
        """Received until nothing fails; names of the executions that are new."""
        before = set(self.started)
        left = {str(number): body for number, body in enumerate(bodies)}
        while left:
            records = [{"messageId": name, "body": body} for name, body in left.items()]
            answer = self.call("receive_document", {"Records": records})
            failed = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
            left = {name: body for name, body in left.items() if name in failed}
        return [name for name in self.started if name not in before]

    def call(self, name: str, event: dict[str, Any]) -> Any:
        """What the function answers; one that is killed is called again, as Lambda and Step Functions do."""
        given = json.loads(json.dumps(event))
        try:
            answer = _module(name).handler(given, self.context)
        except DiedError:
            answer = _module(name).handler(given, self.context)
        return json.loads(json.dumps(answer))

    def machine(self, name: str) -> Iterator[str]:
        """One execution, a state at a time, as the machine goes; ends with what it came to."""
        given, progress, followed = self.started[name], {}, {}
        base = {"assistant": given["assistant"], "ingestion_id": given["ingestion_id"]}
        while progress.get("state") not in ("covered", "started", "failed"):
            progress = self.call("start_ingestion", {**base, "progress": progress})
            yield progress["state"]
        if progress["state"] != "started":
            return
        while followed.get("state", "running") == "running":
            event = {"assistant": given["assistant"], "progress": progress, "followed": followed}
            followed = self.call("follow_ingestion", event)
            yield f"{followed['state']}: {followed['summary']}"

    def run(self, name: str, polls: int = 50) -> list[str]:
        """States of an execution; a job ends after each."""
        found = []
        for state in self.machine(name):
            found.append(state)
            self.bedrock.end()
            assert len(found) < polls, found
        return found


def _module(name: str) -> Any:
    return importlib.import_module(f"lambdas.{name}")
