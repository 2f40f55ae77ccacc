"""Starting a job and looking at it: one job a run, whatever AWS answers."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from domain_builders import any_recipe, any_record, any_reservation, any_run
from fake_aws import refusal

from lambdas import authorize_spend, collect_results, start_training, track_training
from tuning.aws.transient import Transient, name_in_use, role_not_assumable
from tuning.runs.failures import FAILURE_KINDS
from tuning.runs.progress import Progress
from tuning.runs.run_states import Partition

URI = f"s3://prepared-bucket/prepared/{0:064x}/train.jsonl"
VALIDATED_BY = f"s3://prepared-bucket/prepared/{1:064x}/validation.jsonl"
DATASET = {"training_uri": URI, "validation_uri": None, "training_tokens": 1_000_000}
EVENT = {
    "run": any_run().to_dict(),
    "dataset": DATASET,
    "job": {"job_arn": "arn:job"},
    "tokens": 1_000_000,
}
OURS = {
    "jobArn": "arn:earlier",
    "jobName": any_run().job_name,
    "trainingDataConfig": {"s3Uri": URI},
}


def test_a_run_starts_its_job_and_notes_it(aws, context):
    answer = start_training.handler(EVENT, context)
    [job] = aws.bedrock.all_jobs()
    assert (answer["state"], answer["job_arn"]) == ("started", job["jobArn"])
    [arguments] = aws.bedrock.created
    assert arguments["clientRequestToken"] == any_run().request_token
    kept = aws.dynamodb.record(any_run().id)
    noted = (kept.state, kept.open, kept.job_arn, kept.attempt)
    assert noted == ("training", Partition.WORKING, job["jobArn"], 1)


def test_a_job_that_was_started_after_its_run_had_ended_is_left_to_the_reconciler(
    aws, context, monkeypatch
):
    """The function was given up at work, and its run was stopped, since it had no job."""
    create, kept = aws.bedrock.create_model_customization_job, aws.dynamodb.items

    def late(**arguments):
        kept[any_run().id] |= {"state": "stopped"}
        kept[any_run().id].pop("open", None)
        return create(**arguments)

    monkeypatch.setattr(aws.bedrock, "create_model_customization_job", late)
    assert start_training.handler(EVENT, context)["state"] == "started"
    record = aws.dynamodb.record(any_run().id)
    assert (record.state, record.job_arn, record.open) == ("stopped", None, Partition.WORKING)


@pytest.mark.parametrize(
    "event",
    [
        {
            **EVENT,
            "dataset": {**DATASET, "training_uri": "s3://datasets-bucket/datasets/train.jsonl"},
        },
        {**EVENT, "run": {**EVENT["run"], "job_name": "support-another"}},
    ],
    ids=["location", "name"],
)
def test_no_job_is_started_of_what_other_functions_forged(aws, context, event):
    answer = start_training.handler(event, context)
    assert (answer["state"], answer["failure"]["kind"]) == ("failed", "foreign_input")
    assert aws.bedrock.created == []


@pytest.mark.parametrize(
    "code", ["ConflictException", "ValidationException", "ServiceQuotaExceededException"]
)
def test_a_job_of_an_earlier_try_is_adopted(aws, context, code):
    aws.bedrock.fault = refusal(code)
    aws.bedrock.jobs[any_run().job_name] = OURS
    assert start_training.handler(EVENT, context)["state"] == "started"
    assert aws.dynamodb.record(any_run().id).job_arn == "arn:earlier"


def test_a_role_that_bedrock_does_not_know_yet_is_tried_again_by_its_own_name(aws, context):
    """And a run whose role stays unknown is recorded with that kind of failure."""
    aws.bedrock.fault = refusal(
        "ValidationException", message="Could not assume provided IAM role."
    )
    with pytest.raises(role_not_assumable, match="Could not assume") as raised:
        start_training.handler(EVENT, context)
    assert raised.type.__name__ in FAILURE_KINDS


NAME_IN_USE = "The provided job name is currently in use: x"


@pytest.mark.parametrize(
    ("code", "message"),
    [("ValidationException", NAME_IN_USE), ("ConflictException", "A conflict.")],
)
def test_a_name_in_use_whose_job_is_not_found_yet_is_tried_again_by_its_own_name(
    aws, context, code, message
):
    """Bedrock may have forgotten the token, and find the name late: the job is paid for."""
    aws.bedrock.fault = refusal(code, message=message)
    with pytest.raises(name_in_use, match=message) as raised:
        start_training.handler(EVENT, context)
    assert raised.type.__name__ in FAILURE_KINDS
    aws.bedrock.jobs[any_run().job_name] = OURS
    assert start_training.handler(EVENT, context)["state"] == "started"
    assert aws.dynamodb.record(any_run().id).job_arn == "arn:earlier"


@pytest.mark.parametrize(
    "fault",
    [refusal("ConflictException"), refusal("ValidationException", message=NAME_IN_USE)],
    ids=["a conflict", "a name in use"],
)
def test_a_foreign_job_of_the_same_name_is_not_adopted(aws, context, fault):
    aws.bedrock.fault = fault
    foreign = OURS | {"trainingDataConfig": {"s3Uri": "s3://other/x"}}
    aws.bedrock.jobs[any_run().job_name] = foreign
    answer = start_training.handler(EVENT, context)
    assert (answer["state"], answer.get("job_arn")) == ("failed", None)
    assert aws.dynamodb.record(any_run().id).job_arn is None


def test_a_job_that_is_noted_is_tracked_though_bedrock_does_not_find_its_name(aws, context):
    aws.dynamodb.lay(any_record(job_arn="arn:noted", attempt=1, stop_asked="by someone"))
    answer = start_training.handler(EVENT, context)
    assert (answer["state"], answer["job_arn"]) == ("started", "arn:noted")


def test_a_run_that_may_try_asks_bedrock_for_no_job_before_it_creates_one(
    aws, context, monkeypatch
):
    """Each call more may fail."""
    monkeypatch.setattr(aws.bedrock, "get_model_customization_job", None)
    assert start_training.handler(EVENT, context)["state"] == "started"


@pytest.mark.parametrize(
    ("noted", "attempt"),
    [
        pytest.param({"attempt": 1}, 2, id="the first job of a run that tries again"),
        pytest.param({"attempt": 1, "state": "authorized"}, 1, id="a state before there is a job"),
    ],
)
def test_a_noted_job_is_of_this_try_only_while_the_run_trains_by_it(aws, context, noted, attempt):
    run = any_run() if attempt == 1 else any_run().again()
    aws.dynamodb.lay(any_record(job_arn="arn:noted", reservation=any_reservation(run), **noted))
    answer = start_training.handler(EVENT | {"run": run.to_dict()}, context)
    assert answer["job_arn"] == aws.bedrock.all_jobs()[0]["jobArn"]


PASSING = [
    pytest.param(refusal("ThrottlingException", status=429), id="throttled"),
    pytest.param(refusal("InternalServerException", status=500), id="their fault"),
    pytest.param(refusal("Whatever", status=503), id="any 5xx"),
    pytest.param(refusal("RequestLimitExceeded"), id="EC2's word for it"),
    pytest.param(ReadTimeoutError(endpoint_url="https://bedrock"), id="read timeout"),
    pytest.param(ConnectTimeoutError(endpoint_url="https://bedrock"), id="connect timeout"),
]


@pytest.mark.parametrize("fault", PASSING)
def test_what_passes_is_tried_again(aws, context, fault):
    aws.bedrock.fault = fault
    with pytest.raises(Transient):
        start_training.handler(EVENT, context)


@pytest.mark.parametrize("code", ["AccessDeniedException", "TooManyTagsException"])
def test_what_does_not_pass_ends_the_run_with_its_words(aws, context, code):
    aws.bedrock.fault = refusal(code, status=403)
    answer = start_training.handler(EVENT, context)
    assert answer["state"] == "failed"
    assert code in answer["failure"]["message"]
    assert answer["failure"]["fix"]


def a_job(status, *, hours):
    return {"status": status, "creationTime": datetime.now(UTC) - timedelta(hours=hours)}


def test_a_poll_is_noted_and_answered(aws, context):
    aws.bedrock.jobs["arn:job"] = a_job("InProgress", hours=1)
    seen = track_training.handler(EVENT, context)
    assert seen["state"] == "in_progress"
    assert aws.dynamodb.record(any_run().id).progress == Progress.from_json(seen)
    assert aws.bedrock.stopped == []


def test_an_overdue_job_is_stopped_one_poll_after_the_reason_was_kept(aws, context):
    aws.bedrock.jobs["arn:job"] = a_job("InProgress", hours=7)
    seen = track_training.handler(EVENT, context)
    assert (seen["state"], seen["failure"]["kind"]) == ("overdue", "stalled")
    assert aws.bedrock.stopped == []
    seen = track_training.handler(EVENT | {"progress": seen}, context)
    assert (seen["state"], aws.bedrock.stopped) == ("in_progress", ["arn:job"])
    aws.bedrock.jobs["arn:job"]["status"] = "Stopped"
    seen = track_training.handler(EVENT | {"progress": seen}, context)
    assert (seen["state"], seen["failure"]["kind"]) == ("failed", "stalled")


def test_a_job_that_ended_before_it_could_be_stopped_is_polled_again(aws, context, log):
    """It may be trained: to call it overdue would lose the model."""
    aws.bedrock.jobs["arn:job"] = a_job("InProgress", hours=7)
    seen = track_training.handler(EVENT, context)
    aws.bedrock.conflict = True
    seen = track_training.handler(EVENT | {"progress": seen}, context)
    assert seen["state"] == "in_progress"
    lines = log()
    [line] = [each for each in lines if each.get("message") == "not stopped"]
    assert (line["job_arn"], line["why"]) == ("arn:job", "The job is already InProgress.")
    assert not any("JobsStopped" in each for each in lines)
    aws.bedrock.jobs["arn:job"] = a_job("Completed", hours=7)
    assert track_training.handler(EVENT | {"progress": seen}, context)["state"] == "trained"


def test_a_job_whose_run_was_asked_to_stop_is_stopped_and_counted(aws, context, log):
    aws.bedrock.jobs["arn:job"] = a_job("InProgress", hours=1)
    aws.dynamodb.lay(any_record(stop_asked="by someone"))
    assert track_training.handler(EVENT, context)["state"] == "in_progress"
    assert aws.bedrock.stopped == ["arn:job"]
    assert [each["JobsStopped"] for each in log() if "JobsStopped" in each] == [[1.0]]
    aws.bedrock.jobs["arn:job"]["status"] = "Stopped"
    assert track_training.handler(EVENT, context)["state"] == "stopped"


def test_an_estimate_is_recorded_before_a_job_starts(aws, context):
    aws.s3.lay_size(URI, 5_000_000)
    answer = authorize_spend.handler(EVENT, context)
    kept = aws.dynamodb.record(any_run().id)
    assert kept.estimate.training_usd == Decimal("2.00")  # two epochs, the service's default
    assert (answer["decision"], kept.state) == ("authorized", "authorized")


def test_results_are_read_from_the_runs_own_folder_whatever_lies_around(aws, context):
    run = any_run()
    steps = b"step_number,epoch_number,training_loss,perplexity\n0,0,2,7\n1,0,1,3\n"
    folder = "model-customization-job-abcdefghijkl/training_artifacts/"
    for prefix in ("jobs/other/", run.output_prefix):
        aws.s3.lay("artifacts-bucket", f"{prefix}.write_access_check_file.temp", b"")
        text = steps if prefix == run.output_prefix else b"training_loss\n9\n"
        aws.s3.lay("artifacts-bucket", f"{prefix}{folder}step_wise_training_metrics.csv", text)
    aws.bedrock.jobs["arn:job"] = {"outputModelArn": "arn:model"}
    answer = collect_results.handler(EVENT, context)
    assert answer["model_arn"] == "arn:model"
    assert answer["summary"] == (
        "Trained: training loss 2 to 1 after 2 steps. "
        "The run had no validation set: none was beside its upload."
    )
    assert aws.dynamodb.record(run.id).model_arn == "arn:model"


@pytest.mark.parametrize(
    ("dataset", "validation"),
    [
        pytest.param({"validation_uri": VALIDATED_BY}, "optional", id="it had one"),
        pytest.param({"training_uri": None}, "optional", id="nobody knows: a former machine"),
        pytest.param({}, "refused", id="its recipe takes none"),
    ],
)
def test_only_a_run_that_might_have_had_a_validation_set_is_said_to_do_without(
    aws, context, dataset, validation
):
    aws.bedrock.jobs["arn:job"] = {"outputModelArn": "arn:model"}
    run = any_run(recipe=any_recipe(validation=validation))
    event = EVENT | {"run": run.to_dict(), "dataset": DATASET | dataset}
    answer = collect_results.handler(event, context)
    assert "had no validation set" not in answer["summary"]


def test_a_former_machine_which_says_only_how_many_tokens_were_trained_has_its_cost(aws, context):
    aws.bedrock.jobs["arn:job"] = {"outputModelArn": "arn:model"}
    former = {name: each for name, each in EVENT.items() if name != "dataset"}
    collect_results.handler(former, context)
    assert aws.dynamodb.record(any_run().id).cost.usd == Decimal("2.00")


def test_every_line_bears_the_run_and_quiet_functions_write_no_metrics(aws, context, log):
    aws.s3.lay_size(URI, 5_000_000)
    authorize_spend.handler(EVENT, context)
    assert [line["run"] for line in log()] == [any_run().id]


def test_a_function_without_its_settings_says_which(aws, context, monkeypatch):
    monkeypatch.delenv("JOB_ROLE_ARN")
    with pytest.raises(Exception, match="not set by the stack: JOB_ROLE_ARN"):
        start_training.handler(EVENT, context)
    assert aws.bedrock.created == []
