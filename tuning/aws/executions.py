"""Executions of the TrainingRun state machine: started, described, answered."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from tuning.aws.clients import Clients, client
from tuning.runs.approvals import Approval
from tuning.runs.rebuild import Execution, execution_name, run_of


@dataclass(frozen=True, kw_only=True)
class Executions:
    machine: str
    """The ARN of the state machine."""
    client: Clients = client

    def start(self, name: str, given: Mapping[str, Any]) -> bool:
        """Under its name it is started once. Returns False when it was started before."""
        steps = self.client("stepfunctions")
        try:
            steps.start_execution(stateMachineArn=self.machine, name=name, input=json.dumps(given))
        except steps.exceptions.ExecutionAlreadyExists:
            return False
        return True

    def running(self) -> set[str]:
        """The runs that an execution follows."""
        pages = self.client("stepfunctions").get_paginator("list_executions")
        found = pages.paginate(stateMachineArn=self.machine, statusFilter="RUNNING")
        return {run_of(each["name"]) for page in found for each in page["executions"]}

    def unsuccessful(self, since: datetime) -> Iterator[str]:
        """Names of those that were started since then and have ended otherwise than well.
        https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html
        """
        pages = self.client("stepfunctions").get_paginator("list_executions")
        for status in ("ABORTED", "TIMED_OUT", "FAILED"):
            for page in pages.paginate(stateMachineArn=self.machine, statusFilter=status):
                started = [
                    each["name"] for each in page["executions"] if each["startDate"] >= since
                ]
                yield from started
                if len(started) < len(page["executions"]):
                    break  # the newest come first

    def described(self, name: str) -> Execution | None:
        """None when Step Functions does not know it, or no longer: it forgets 90 days after the end.
        https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
        """
        steps = self.client("stepfunctions")
        try:
            return Execution.described(steps.describe_execution(executionArn=self.arn(name)))
        except steps.exceptions.ExecutionDoesNotExist:
            return None

    def has_ended(self, name: str) -> bool:
        """Also when Step Functions does not know it, or no longer."""
        found = self.described(name)
        return found is None or found.status != "RUNNING"

    def newest(self, run_id: str) -> Execution | None:
        """The run's own, or the last of those that took it up."""
        last = None
        for number in count(1):
            if (found := self.described(execution_name(run_id, number))) is None:
                return last
            last = found
        raise AssertionError  # count() does not end

    def history(self, name: str) -> Iterator[Mapping[str, Any]]:
        """Everything that happened to an execution, in order; nothing of one that is forgotten."""
        steps = self.client("stepfunctions")
        pages = steps.get_paginator("get_execution_history")
        try:
            for page in pages.paginate(executionArn=self.arn(name)):
                yield from page["events"]
        except steps.exceptions.ExecutionDoesNotExist:
            return

    def entered(self, name: str) -> list[tuple[str, datetime]]:
        """The states that an execution entered, and when."""
        return [
            (event["stateEnteredEventDetails"]["name"], event["timestamp"])
            for event in self.history(name)
            if "stateEnteredEventDetails" in event
        ]

    def answer(self, token: str, approval: Approval) -> bool:
        """Answer the task that waits with that token. Returns False when it waits no longer."""
        return answer_task(token, approval.to_json(), client=self.client)

    def arn(self, name: str) -> str:
        return f"{self.machine.replace(':stateMachine:', ':execution:')}:{name}"


def answer_task(token: str, answer: Mapping[str, Any], *, client: Clients = client) -> bool:
    """Answer the task that waits with that token. Returns False when it waits no longer."""
    steps = client("stepfunctions")
    try:
        steps.send_task_success(taskToken=token, output=json.dumps(answer))
    except (
        steps.exceptions.InvalidToken,
        steps.exceptions.TaskDoesNotExist,
        steps.exceptions.TaskTimedOut,
    ):
        return False
    return True
