"""Only a training set starts a run: the rule is evaluated as EventBridge does, over what we write too,
and the domain says what the object is.
"""

from pathlib import Path

from emulator.rule_complexity import complexity
from review.checks.template_check import check, each
from review.role_policies import RoleStatement
from tuning.pipeline.manifest import of_kind
from tuning.runs.recipe_files import load
from tuning.runs.run import Run
from tuning.runs.uploads import SUFFIXES, NotAnUploadError, Upload, UploadKind

RUN = Run.new(
    upload=Upload(
        bucket="{Datasets}",
        key="datasets/support-nova-micro/train.jsonl",
        version_id="v1",
        size=1,
        arrived_at="2026-11-23T00:00:00Z",
    ),
    recipe=load(Path(__file__).parents[2] / "recipes" / "support-nova-micro.toml"),
)
JOB_FILES = (
    "training_artifacts/step_wise_training_metrics.csv",
    "validation_artifacts/post_fine_tuning_validation/validation/validation_metrics.csv",
    "manifest.json",
)
WRITTEN = [
    *(
        ("{Prepared}", f"prepared/{'ab' * 32}/{name}")
        for name in ("train.jsonl", "validation.jsonl")
    ),
    ("{Artifacts}", f"{RUN.reports_prefix}report.json"),
    ("{Artifacts}", f"{RUN.output_prefix}.write_access_check_file.temp"),
    *(
        ("{Artifacts}", f"{RUN.output_prefix}model-customization-job-x/{file}")
        for file in JOB_FILES
    ),
    *(
        ("{AccessLogs}", f"{b}/2026-11-23-00-00-00-AB")
        for b in ("datasets", "prepared", "artifacts")
    ),
    ("{AccessLogs}", "datasets/support-nova-micro/train.jsonl"),
]


def matches(pattern, value):
    """EventBridge's way: nested fields, any of a list.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
    """
    match pattern:
        case {"prefix": str(prefix)}:
            return value.startswith(prefix)
        case dict():
            return all(key in value and matches(p, value[key]) for key, p in pattern.items())
        case list():
            return any(matches(p, value) for p in pattern)
        case _:
            return pattern == value


def event(key, *, bucket="{Datasets}", detail_type="Object Created", source="aws.s3"):
    """As S3 sends it: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html"""
    return {
        "source": source,
        "detail-type": detail_type,
        "time": "2026-11-23T00:00:00Z",
        "detail": {
            "bucket": {"name": bucket},
            "object": {"key": key, "size": 1, "version-id": "v1"},
        },
    }


def comes_in_of(environment):
    rule = environment.one("AWS::Events::Rule", "IntakeRule").properties
    return lambda e: matches(rule["EventPattern"], e)


def starts_of(environment):
    """Whether an event comes in and is of a training set, which is what `receive_upload` starts."""
    comes_in = comes_in_of(environment)

    def starts(event):
        if not comes_in(event):
            return False
        try:
            upload = Upload.from_event(event, bucket="{Datasets}")
        except NotAnUploadError:
            return False
        return upload.kind is UploadKind.TRAINING_SET

    return starts


@check(only="dev")
@each(
    "key",
    [
        "datasets/support-nova-micro/2026-11/train.jsonl",
        "datasets/support-nova-micro/com espaço/ünï 100%/train.jsonl",
        "datasets/support-nova-micro/a+b/train.jsonl",
        "datasets/no-such-recipe/train.jsonl",
        *(f"datasets/support-nova-micro/train{suffix}" for suffix in SUFFIXES),
        "datasets/support-nova-micro/train.json/train.csv",
        "datasets/support-nova-micro/train.CSV",
        "datasets/support-nova-micro/training.jsonl",
    ],
)
def training_files_start_a_run(environment, key):
    starts = starts_of(environment)
    assert starts(event(key))


@check(only="dev")
@each(
    "key",
    [
        "datasets/support-nova-micro/validation.jsonl",
        "datasets/support-nova-micro/train.jsonl.tmp",
        "datasets/support-nova-micro/train",
        "datasets/support-nova-micro/train.",
        "datasets/support-nova-micro/train.txt",
        "datasets/support-nova-micro/train.csv.gz",
        "datasets/support-nova-micro/train.csv/readme.md",
        "datasets/support-nova-micro/train.json.csv",
        "datasets/support-nova-micro/trainXjsonl",
        "datasets/support-nova-micro/validation.csv",
        "datasets/support-nova-micro/nottrain.csv",
        "datasets/train.csv",
        "train.csv",
        "prepared/abc/train.csv",
        "datasets/support-nova-micro/",
        "datasets/train.jsonl",
        "datasets/support-nova-micro/nottrain.jsonl",
        "train.jsonl",
        "archive/datasets/support-nova-micro/train.jsonl",
        "Datasets/support-nova-micro/train.jsonl",
        "prepared/abc/train.jsonl",
        "runs/abc/train.jsonl",
        "jobs/abc/train.jsonl",
    ],
)
def other_keys_start_nothing(environment, key):
    starts = starts_of(environment)
    assert not starts(event(key))


@check
def the_rule_takes_the_folder_of_datasets_without_a_wildcard(environment):
    """A wildcard for each suffix scored 12, and EventBridge refused the rule in an account."""
    pattern = environment.one("AWS::Events::Rule", "IntakeRule").properties["EventPattern"]
    assert pattern["detail"]["object"]["key"] == [{"prefix": "datasets/"}]
    assert complexity(pattern) == 0


@check(only="dev")
@each(
    "key",
    [
        "datasets/support-nova-micro/trained.jsonl",
        "datasets/support-nova-micro/validation.csv",
        "datasets/support-nova-micro/train.TXT",
        "datasets/train.jsonl",
        "datasets/support-nova-micro/",
    ],
)
def what_starts_nothing_under_datasets_comes_in_all_the_same(environment, key):
    """So that its owner can be answered."""
    comes_in = comes_in_of(environment)
    starts = starts_of(environment)
    assert comes_in(event(key))
    assert not starts(event(key))


@check(only="dev")
@each(("bucket", "key"), WRITTEN)
def outputs_cannot_start_a_job(environment, bucket, key):
    starts = starts_of(environment)
    assert not starts(event(key, bucket=bucket))


@check(only="dev")
@each("key", [key for bucket, key in WRITTEN if bucket != "{AccessLogs}"])
def outputs_would_start_nothing_even_in_the_bucket_of_datasets(environment, key):
    starts = starts_of(environment)
    assert not starts(event(key))


@check(only="dev")
def deletions_and_other_sources_start_nothing(environment):
    starts = starts_of(environment)
    key = RUN.upload.key
    assert not starts(event(key, detail_type="Object Deleted"))
    assert not starts(event(key, detail_type="Object Restore Completed"))
    assert not starts(event(key, source="custom.s3"))


@check(only="dev")
@each("key", [key for bucket, key in WRITTEN if not key.startswith("datasets/")])
def what_the_rule_keeps_out_the_function_refuses_too(environment, key):
    comes_in = comes_in_of(environment)
    assert not comes_in(event(key))
    try:
        Upload.from_event(event(key), bucket="{Datasets}")
    except NotAnUploadError:
        return
    raise AssertionError(key)


@check
def the_rule_listens_to_the_bucket_of_datasets_only(environment):
    pattern = environment.one("AWS::Events::Rule", "IntakeRule").properties["EventPattern"]
    assert pattern["detail"]["bucket"]["name"] == ["{Datasets}"]


@check
def there_is_one_rule_and_it_feeds_the_queue(environment):
    (target,) = environment.one("AWS::Events::Rule", "IntakeRule").properties["Targets"]
    assert target["Arn"] == "{IntakeQueue}"
    assert target["DeadLetterConfig"] == {"Arn": "{IntakeDeadLetters}"}


@check
@each("queue", ["IntakeQueue", "IntakeDeadLetters"])
def queues_are_encrypted_and_keep_messages_as_long_as_sqs_can(environment, queue):
    properties = environment.one("AWS::SQS::Queue", queue).properties
    assert properties["KmsMasterKeyId"] == "{ControlKey}"
    assert properties["MessageRetentionPeriod"] == 14 * 24 * 3600


_RULES = {
    *("{IntakeRule}", "{IntakeBackupFailed}"),
    *(f"{{{step.construct_id}Schedule}}" for step in of_kind("scheduled")),
    *(f"{{{step.construct_id}StateChange}}" for step in of_kind("scheduled") if step.detail_type),
}
"""All of them put aside what they cannot send, and the last what it sends."""


@check
@each("queue", ["IntakeQueue", "IntakeDeadLetters"])
def queues_take_messages_of_the_rule_over_tls_only(environment, queue):
    policy = environment.one("AWS::SQS::QueuePolicy", f"{queue}Policy").properties
    denied, *senders = (RoleStatement.of(s) for s in policy["PolicyDocument"]["Statement"])
    assert (denied.effect, denied.actions) == ("Deny", {"sqs:*"})
    assert denied.conditions == {"Bool": {"aws:SecureTransport": "false"}}
    uploads = {
        "{IntakeRule}",
        "{IntakeBackupFailed}",
    }  # what the latter cannot send is not an upload
    rules = {"IntakeQueue": uploads, "IntakeDeadLetters": _RULES}[queue]
    assert {s.conditions["ArnEquals"]["aws:SourceArn"] for s in senders} == rules
    for allowed in senders:
        assert allowed.principal == {"Service": "events.amazonaws.com"}
        assert allowed.actions == {"sqs:SendMessage"}
        assert set(allowed.conditions) == {"ArnEquals"}


@check
def a_message_is_tried_again_for_longer_than_an_incident_and_then_put_aside(environment):
    """DynamoDB's of 2025-10-20 took 2 h 40. https://aws.amazon.com/message/101925/"""
    queue = environment.one("AWS::SQS::Queue", "IntakeQueue").properties
    redrive = queue["RedrivePolicy"]
    assert redrive == {"deadLetterTargetArn": "{IntakeDeadLetters}", "maxReceiveCount": 40}
    assert (redrive["maxReceiveCount"] - 1) * queue["VisibilityTimeout"] > 160 * 60


@check
def a_message_stays_hidden_for_six_times_the_functions_timeout(environment):
    """https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"""
    function = environment.one("AWS::Lambda::Function", "ReceiveUploadFunction").properties
    queue = environment.one("AWS::SQS::Queue", "IntakeQueue").properties
    assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]


@check
def one_poisonous_message_does_not_bring_back_the_others(environment):
    feed = environment.one("AWS::Lambda::EventSourceMapping").properties
    assert feed["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert feed["FunctionName"] == "{ReceiveUploadFunction}"


@check
def the_queue_is_fed_to_a_function_that_already_may_receive(environment):
    """Lambda refuses the mapping otherwise, and the first deployment with it."""
    feed = environment.one("AWS::Lambda::EventSourceMapping")
    assert "ReceiveUploadPolicy" in feed.depends_on


@check
def dead_letters_are_those_of_the_queue_alone(environment):
    """Any other queue of the account could otherwise put messages among them."""
    dead = environment.one("AWS::SQS::Queue", "IntakeDeadLetters").properties
    queue = environment.one("AWS::SQS::Queue", "IntakeQueue").properties
    (source,) = dead["RedriveAllowPolicy"]["sourceQueueArns"]
    assert dead["RedriveAllowPolicy"]["redrivePermission"] == "byQueue"
    assert source.endswith(f":{queue['QueueName']}")
