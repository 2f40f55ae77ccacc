"""`tuning rebuild`, as typed; AWS is in dictionaries."""

import json

import pytest
from cli_world import lay_account, left
from domain_builders import any_record, any_run

from tuning.cli.aws_errors import UnknownRunError
from tuning.cli.rebuild_command import rebuild_command

MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:TrainingRun"
RUN = any_run()
JOB = {
    "jobName": RUN.job_name,
    "customModelName": RUN.job_name,
    "baseModelIdentifier": "m",
    "trainingDataConfig": {"s3Uri": "s3://prepared/x"},
    "outputDataConfig": {"s3Uri": "s3://artifacts/x"},
}


@pytest.fixture
def account(aws, monkeypatch):
    lay_account(aws, monkeypatch, LedgerTable="ledger", StateMachine=MACHINE)
    return aws


def test_a_lost_row_comes_back_from_the_newest_execution_and_the_tagged_job(account, capsys):
    for name in (RUN.id, f"{RUN.id}-2"):
        account.stepfunctions.executions[name] = json.dumps(RUN.to_dict())
    bedrock = account.bedrock
    mine = {"jobTags": [{"key": "run", "value": RUN.id}]}
    arn = bedrock.create_model_customization_job(**JOB, **mine)["jobArn"]
    bedrock.create_model_customization_job(**{**JOB, "jobName": f"{RUN.job_name}-2"})
    assert left(rebuild_command, run=RUN.id) == 0
    kept = account.dynamodb.record(RUN.id)
    assert (kept.state, kept.job_arn, kept.execution) == ("training", arn, f"{RUN.id}-2")
    assert kept.training_run == RUN
    assert "restored as training" in capsys.readouterr().err


def test_a_row_that_is_there_is_not_touched(account):
    account.stepfunctions.executions[RUN.id] = json.dumps(RUN.to_dict())
    account.dynamodb.lay(any_record(state="trained"))
    assert left(rebuild_command, run=RUN.id) == 1
    assert account.dynamodb.record(RUN.id) == any_record(state="trained")


@pytest.mark.usefixtures("account")
def test_a_run_that_nothing_remembers_is_a_mistake_of_whoever_asked():
    with pytest.raises(UnknownRunError, match="has no execution"):
        rebuild_command(run=RUN.id)
