"""The fakes of the function tests, living in virtual time and keeping what the promises are about."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from clockwork import Clockwork, Promise
from domain_builders import ARTIFACTS
from explored_handlers import MACHINE
from fake_aws import FakeS3, FakeStepFunctions
from fake_bedrock import FakeBedrock
from fake_dynamodb import INDEXES, FakeDynamoDB
from machine import Failed
from recipe_refusal_cases import refusal

if TYPE_CHECKING:
    from fake_dynamodb import Item
    from scenarios import Scenario

STEP_SECONDS = 400
"""How long each phase of a job takes."""


@dataclass(kw_only=True)
class Ledger(FakeDynamoDB):
    """Remembers every state that a row was in. Its indexes are as late as the scenario says."""

    clock: Clockwork
    late_seconds: float = 0
    written: list[tuple[float, str, "Item | None"]] = field(default_factory=list)
    passed: dict[str, list[str]] = field(default_factory=dict)
    committed: dict[str, Decimal] = field(default_factory=dict)
    """The most that each budget ever had committed."""

    def store(
        self, key: str, after: dict[str, Any] | None, rows: dict[str, dict[str, Any]]
    ) -> None:
        super().store(key, after, rows)
        self.written.append((self.clock.seconds, key, after and dict(after)))
        state, states = (after or {}).get("state"), self.passed.setdefault(key, [])
        if state is not None and states[-1:] != [state]:
            states.append(state)
        if key.startswith("budget#") and after is not None:
            self.committed[key] = max(self.committed.get(key, Decimal(0)), after["committed"])

    def _indexed(self, call: Mapping[str, Any]) -> "list[Item]":
        if not (self.late_seconds and "IndexName" in call):
            return super()._indexed(call)
        then = self.clock.seconds - self.late_seconds
        known = {key: item for moment, key, item in self.written if moment <= then}
        keys = set(INDEXES[call["IndexName"]])
        return [item for item in known.values() if item and keys <= item.keys()]


class Storage(FakeS3):
    pass


@dataclass
class Notices:
    published: list[dict[str, Any]] = field(default_factory=list)

    def publish(self, **notice: Any) -> dict[str, str]:
        self.published.append(notice)
        return {"MessageId": str(len(self.published))}


@dataclass(kw_only=True)
class Bedrock(FakeBedrock):
    """Jobs that move by themselves."""

    clock: Clockwork
    scenario: "Scenario"
    storage: Storage
    changes: list[tuple[float, str, str]] = field(default_factory=list)
    """When which job came into which status."""

    def create_model_customization_job(self, **arguments: Any) -> dict[str, str]:
        before = len(self.created)
        if self.scenario.forgets_tokens:
            arguments.pop("clientRequestToken", None)
        answer = super().create_model_customization_job(**arguments)
        if len(self.created) > before:
            job = self.jobs[answer["jobArn"]]
            self._becomes(job, job["status"])
            self.clock.spawn(lambda: self._live(job))
        return answer

    def _live(self, job: dict[str, Any]) -> None:
        for phase, last in (
            ("validationDetails", False),
            ("dataProcessingDetails", False),
            ("trainingDetails", True),
        ):
            if last and self.scenario.job == "stalls":
                return  # in progress for ever, unless it is stopped
            self._mark(job, phase, "InProgress")
            self.clock.sleep(STEP_SECONDS)
            if job["status"] != "InProgress":
                return
            if last and self.scenario.job == "fails":
                words = "Encountered an internal error when processing the request."
                self._becomes(job, "Failed", failureMessage=words)
                return
            self._mark(job, phase, "Completed")
        self._complete(job)

    def stop_model_customization_job(self, *, jobIdentifier: str) -> dict[str, Any]:  # noqa: N803 — AWS's names
        answer = super().stop_model_customization_job(jobIdentifier=jobIdentifier)
        job = self.jobs[jobIdentifier]
        self._becomes(job, job["status"])
        self.clock.spawn(lambda: self._becomes(job, "Stopped"), after=STEP_SECONDS)
        return answer

    def listed_jobs(self) -> list[dict[str, Any]]:
        """As they were a while ago, where lists are late."""
        if not self.scenario.late_seconds:
            return super().listed_jobs()
        then = self.clock.seconds - self.scenario.late_seconds
        known = {arn: status for moment, arn, status in self.changes if moment <= then}
        return [{**self.jobs[arn], "status": status} for arn, status in known.items()]

    def _job(self, identifier: str) -> dict[str, Any]:
        """A name is found as late as a list shows it; an ARN at once."""
        job = super()._job(identifier)
        if identifier == job["jobName"] and job["jobArn"] not in {
            each["jobArn"] for each in self.listed_jobs()
        }:
            self._refuse("ResourceNotFoundException", f"Could not find the job {identifier}.")
        return job

    def _becomes(self, job: dict[str, Any], status: str, **facts: Any) -> None:
        job |= {"status": status, **facts}
        self.changes.append((self.clock.seconds, job["jobArn"], status))

    def _mark(self, job: dict[str, Any], phase: str, status: str) -> None:
        job["lastModifiedTime"] = self.clock.now()
        job["statusDetails"][phase] |= {"status": status, "lastModifiedTime": self.clock.now()}

    def _complete(self, job: dict[str, Any]) -> None:
        prefix = job["outputDataConfig"]["s3Uri"].removeprefix(f"s3://{ARTIFACTS}/")
        key = f"{prefix}model-customization-job-x/training_artifacts/step_wise_training_metrics.csv"
        text = b"step_number,epoch_number,training_loss,perplexity\n0,0,2,7\n1,0,1,3\n"
        self.storage.lay(ARTIFACTS, key, text)
        facts = {"outputModelArn": f"{job['jobArn']}-model", "endTime": self.clock.now()}
        self._becomes(job, "Completed", **facts)


@dataclass(kw_only=True)
class StepFunctions(FakeStepFunctions):
    """Executions that run; names that are forgotten after ninety days."""

    begin: Callable[[str, str], None]
    clock: Clockwork
    late_seconds: float = 0
    changes: list[tuple[float, str, bool]] = field(default_factory=list)
    """When which execution began, and when it ended."""
    together: list[str] = field(default_factory=list)
    """The runs that two executions followed at once."""
    waiting: dict[str, Promise] = field(default_factory=dict)
    releases: dict[str, Any] = field(default_factory=dict)
    """What executions of the state machine of releases were started with, by their names."""

    def start_execution(self, *, stateMachineArn: str, name: str, input: str) -> dict[str, str]:  # noqa: A002, N803 — AWS's names
        if stateMachineArn != MACHINE:
            if name in self.releases:
                raise refusal("ExecutionAlreadyExists", "StartExecution")
            self.releases[name] = json.loads(input)
            return {}
        new = name not in self.executions
        answer = super().start_execution(stateMachineArn=stateMachineArn, name=name, input=input)
        if new:
            run = json.loads(input)["id"]
            others = self.executions.keys() - self.closed - {name}
            if any(json.loads(self.executions[other])["id"] == run for other in others):
                self.together.append(run)
            self.changes.append((self.clock.seconds, name, True))
            self.begin(name, input)
        return answer

    def end(self, name: str, status: str = "SUCCEEDED", **said: Any) -> None:
        super().end(name, status, **said)
        self.changes.append((self.clock.seconds, name, False))

    def listed_as_running(self) -> list[str]:
        """Both answers are eventually consistent.
        https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html
        """
        return [name for name, runs in self._seen().items() if runs]

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803 — AWS's names
        """https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html"""
        found, seen = super().describe_execution(executionArn=executionArn), self._seen()
        if found["name"] not in seen:
            raise refusal("ExecutionDoesNotExist", "DescribeExecution")
        if not seen[found["name"]]:
            return found
        return {k: found[k] for k in ("executionArn", "name", "input")} | {"status": "RUNNING"}

    def _seen(self) -> dict[str, bool]:
        """Whether an execution runs, of those that are known of, as it was a while ago."""
        if not self.late_seconds:
            return {name: name not in self.closed for name in self.executions}
        then = self.clock.seconds - self.late_seconds
        return {
            name: runs
            for moment, name, runs in self.changes
            if moment <= then and name in self.executions
        }

    def forget(self) -> None:
        for name in self.closed:
            del self.executions[name]
        self.closed = set()

    def promise(self, token: str) -> Promise:
        self.tokens[token] = None
        return self.waiting.setdefault(token, Promise())

    def expire(self, token: str, late: Failed) -> None:
        if self.tokens[token] is None:
            self._answer(token, late)

    def _answer(self, token: str, answer: Any) -> None:
        super()._answer(token, answer)
        self.clock.keep(
            self.waiting[token], json.loads(answer) if isinstance(answer, str) else answer
        )
