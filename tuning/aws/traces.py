"""What is left of runs in three places: the ledger, Step Functions, Bedrock."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Any

from tuning.aws import customization_jobs, ledger
from tuning.aws.clients import client
from tuning.runs.rebuild import Execution, Job
from tuning.runs.reconcile import Trace, run_of
from tuning.runs.run import Run
from tuning.runs.run_states import ENDED, Partition

Apart = Callable[[str], AbstractContextManager[None]]
"""A block in which one item, of that name, is treated: what it raises stops no other."""

_OF_THE_FIRST_VERSION = ("room", "untold")
"""What it wrote for QUEUED and UNNOTIFIED."""


def open_rows(table: str) -> dict[str, ledger.Row]:
    """By run id: what the index of open runs has of them. It may be a moment late."""
    pages = client("dynamodb").get_paginator("query")
    return {
        item["pk"]["S"]: ledger.plain(item)
        for place in (*Partition, *_OF_THE_FIRST_VERSION)
        for page in pages.paginate(
            TableName=table,
            IndexName="Open",
            KeyConditionExpression="#open = :place",
            ExpressionAttributeNames={"#open": "open"},
            ExpressionAttributeValues={":place": {"S": place}},
        )
        for item in page["Items"]
    }


def running(machine: str) -> set[str]:
    """The runs that an execution follows."""
    pages = client("stepfunctions").get_paginator("list_executions")
    found = pages.paginate(stateMachineArn=machine, statusFilter="RUNNING")
    return {run_of(each["name"]) for page in found for each in page["executions"]}


def jobs_in_progress(environment: str, each_apart: Apart) -> dict[str, list[Job]]:
    """Those that bear this environment's tag, by the run whose tag they bear. All, before one is
    stopped: that would shift the pages. A job whose tags cannot be read is found in the next round.
    """
    pages = client("bedrock").get_paginator("list_model_customization_jobs")
    found: dict[str, list[Job]] = {}
    for page in pages.paginate(statusEquals="InProgress"):
        for each in page["modelCustomizationJobSummaries"]:
            with each_apart(each["jobArn"]):
                tags = _tags(each["jobArn"])
                if tags.get("environment") == environment and "run" in tags:
                    found.setdefault(tags["run"], []).append(_job(each))
    return found


def of(run_id: str, table: str, machine: str, jobs: list[Job]) -> Trace:
    """The row is read after the execution, which records its end before it ends."""
    row = ledger.read(table, run_id)
    execution = _execution(machine, (row or {}).get("execution", run_id))
    if row and not (execution and execution.runs):
        row = ledger.read(table, run_id)
    if row and row["state"] in ENDED and execution and not execution.runs:
        known = {job.arn for job in jobs}
        jobs = [*jobs, *(job for job in _by_name(execution.given) if job.arn not in known)]
    return Trace(run_id=run_id, row=row, execution=execution, jobs=tuple(jobs))


def history(machine: str, name: str) -> Iterator[Mapping[str, Any]]:
    """Everything that happened to an execution, in order."""
    pages = client("stepfunctions").get_paginator("get_execution_history")
    for page in pages.paginate(executionArn=_arn(machine, name)):
        yield from page["events"]


def _execution(machine: str, name: str) -> Execution | None:
    steps = client("stepfunctions")
    try:
        return Execution.described(steps.describe_execution(executionArn=_arn(machine, name)))
    except steps.exceptions.ExecutionDoesNotExist:
        return None


def _arn(machine: str, name: str) -> str:
    return f"{machine.replace(':stateMachine:', ':execution:')}:{name}"


def _by_name(given: Mapping[str, Any]) -> Iterator[Job]:
    """The jobs that the run can have made, whatever became of them."""
    if "recipe" not in given:
        return
    run, bedrock = Run.from_dict(given), client("bedrock")
    for name in dict.fromkeys((run.job_name, run.again().job_name)):
        if job := customization_jobs.described(bedrock, name):
            yield _job(job)


def _tags(arn: str) -> dict[str, str]:
    answer = client("bedrock").list_tags_for_resource(resourceARN=arn)
    return {tag["key"]: tag["value"] for tag in answer["tags"]}


def _job(answer: Mapping[str, Any]) -> Job:
    return Job(
        arn=answer["jobArn"],
        name=answer["jobName"],
        status=answer["status"],
        model_arn=answer.get("outputModelArn"),
    )
