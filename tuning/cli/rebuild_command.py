"""`tuning rebuild`: a run's row made anew from what AWS remembers, when the ledger has lost it."""

from collections.abc import Iterator
from itertools import count

from tuning.cli.account import Account
from tuning.cli.aws_errors import UnknownRunError, speaks_to_aws
from tuning.cli.deployed_options import Environment, Region, RunId
from tuning.cli.exits import Exit
from tuning.cli.output import say
from tuning.runs.rebuild import Execution, Job, rebuilt


@speaks_to_aws
def rebuild(run: RunId, environment: Environment = "dev", region: Region = None) -> None:
    """Put a run's lost row back from its execution and its job. The reconciler does so by itself for
    a run in progress; Step Functions remembers an execution for 90 days.
    """
    account = Account.of(environment, region)
    executions = list(_executions(account, run))
    if not executions:
        raise UnknownRunError(f"{run}: Step Functions remembers no execution of it")
    newest = executions[-1]
    row = rebuilt(newest, jobs=_jobs(account, run), history=account.events(newest.name))
    ledger = account.client("dynamodb")
    try:
        ledger.put_item(
            TableName=account.outputs["LedgerTable"],
            Item={name: {"S": text} for name, text in row.items()},
            ConditionExpression="attribute_not_exists(pk)",
        )
    except ledger.exceptions.ConditionalCheckFailedException:
        say(f"{run}: the ledger has its row; nothing was written")
        raise SystemExit(Exit.REFUSED) from None
    say(f"{run}: put back as {row['state']}, from the execution {newest.name} ({newest.status})")
    raise SystemExit(Exit.DONE)


def _executions(account: Account, run: str) -> Iterator[Execution]:
    """The run's own, then those that took it up."""
    steps = account.client("stepfunctions")
    for number in count(1):
        name = run if number == 1 else f"{run}-{number}"
        try:
            answer = steps.describe_execution(executionArn=account.execution_arn(name))
        except steps.exceptions.ExecutionDoesNotExist:
            return
        yield Execution.described(answer)


def _jobs(account: Account, run: str) -> Iterator[Job]:
    """In the order of their making: those that bear the run's tag."""
    bedrock = account.client("bedrock")
    pages = bedrock.get_paginator("list_model_customization_jobs")
    found = [
        job
        for page in pages.paginate(
            nameContains=run[:20], sortBy="CreationTime", sortOrder="Ascending"
        )
        for job in page["modelCustomizationJobSummaries"]
    ]
    for job in found:
        tags = bedrock.list_tags_for_resource(resourceARN=job["jobArn"])["tags"]
        if {"key": "run", "value": run} in tags:
            yield Job(arn=job["jobArn"], name=job["jobName"], status=job["status"])
