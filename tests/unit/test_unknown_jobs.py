"""A job that Bedrock does not know: said by either of two errors, and understood alike by all who ask."""

import json

import pytest
from cli_world import an_account, lay, left
from domain_builders import any_run
from fake_aws import refusal

from lambdas import reconcile_runs, start_training
from tuning.aws import account_facts, probes, unknown_in_bedrock
from tuning.aws.customization_jobs import CustomizationJobs
from tuning.aws.ledger import Ledger
from tuning.aws.transient import name_in_use
from tuning.cli.show_command import show_command

DATASET = {"training_uri": f"s3://prepared-bucket/prepared/{0:064x}/train.jsonl"}
RUN = any_run()


@pytest.fixture(params=["ResourceNotFoundException", "ValidationException"])
def unknown(request, aws):
    aws.bedrock.unknown = request.param
    return aws


def start(context):
    event = {"run": RUN.to_dict(), "dataset": DATASET, "job": {}, "queue": {}}
    return start_training.handler(event, context)


def test_a_name_without_a_job_is_no_job(unknown):
    jobs = CustomizationJobs(client=lambda service: getattr(unknown, service))
    assert jobs.described(RUN.job_name) is None
    assert list(jobs.named(RUN.job_name, "another")) == []


def test_a_job_that_is_gone_cannot_be_stopped_and_says_why(unknown):
    jobs = CustomizationJobs(client=lambda service: getattr(unknown, service))
    assert jobs.stop("arn:gone") == "Could not find the job arn:gone."


def test_a_full_quota_without_a_job_of_our_own_is_waited_for(unknown, context):
    unknown.bedrock.quota = 0
    assert start(context)["state"] == "queued"


def test_a_request_that_was_refused_without_a_job_of_our_own_fails(unknown, context):
    unknown.bedrock.fault = refusal("ValidationException", message="No.")
    assert start(context)["state"] == "failed"


def test_a_conflict_without_a_job_of_our_own_is_tried_again_as_the_job_may_be_found_late(
    unknown, context
):
    unknown.bedrock.fault = refusal("ConflictException", message="No.")
    with pytest.raises(name_in_use):
        start(context)


def test_a_run_that_was_asked_to_stop_and_has_no_job_stops(unknown, context):
    Ledger(table="ledger").arrive(RUN)
    unknown.dynamodb.items[RUN.id]["stop_asked"] = "by someone"
    assert start(context)["state"] == "stopped"


def test_an_ended_run_without_a_job_is_closed_by_the_reconciler(unknown, context):
    ledger = Ledger(table="ledger")
    ledger.arrive(RUN)
    said = json.dumps({"state": "stopped", "summary": "Over.", "unsure": True})
    row = {"state": "stopped", "ended_at": "2026-11-23T08:00:00Z", "outcome": said}
    unknown.dynamodb.items[RUN.id] |= {**row, "open": "unnotified"}
    healed = reconcile_runs.handler({}, context)["healed"]
    assert "report" not in healed.get(RUN.id, [])


def test_a_run_is_shown_although_its_job_is_gone(unknown, monkeypatch, capsys):
    account = an_account(unknown, monkeypatch)
    run = lay(account, 1, state="training", job_arn="arn:gone")
    assert left(show_command, run=run, shown="json") == 0
    assert json.loads(capsys.readouterr().out)["job"]["seen"] == "at the last poll of the run"


def test_what_is_no_answer_to_the_question_is_raised(aws, monkeypatch):
    def denied(**_arguments):
        raise refusal("AccessDeniedException")

    for operation in ("get_model_customization_job", "stop_model_customization_job"):
        monkeypatch.setattr(aws.bedrock, operation, denied)
    jobs = CustomizationJobs(client=lambda service: getattr(aws, service))
    for ask in (jobs.described, jobs.stop):
        with pytest.raises(aws.bedrock.exceptions.ClientError, match="AccessDenied"):
            ask("arn:job")


def test_the_questions_of_a_preflight_share_the_classification():
    """Of models as well: their names are looked up by the same rules."""
    asked = {p.action: p.absent for p in probes.probes("us-east-1", "123456789012")}
    for action in ("bedrock:GetModelCustomizationJob", "bedrock:GetCustomModel"):
        assert asked[action] is unknown_in_bedrock.CODES
    assert account_facts.UNKNOWN_IN_BEDROCK is unknown_in_bedrock.CODES
