"""The steps of a run: from an upload to its settled outcome."""

from functools import partial

from tuning.pipeline.grants import access, list_objects, pass_role, receive, use_key
from tuning.pipeline.ledger_grants import (
    COUNT_QUEUE,
    claims_data,
    counts_money,
    in_tables,
    moves,
    reads,
    reads_money,
    registers_models,
    remembers,
    writes,
)
from tuning.pipeline.step import Step
from tuning.runs.function_settings import IntakeSettings, RunSettings
from tuning.runs.job_queue import LEFT

_run_step = partial(Step, kind="task", settings=RunSettings)

RECEIVE_UPLOAD = Step(
    name="receive_upload",
    kind="consumer",
    does="Turns an upload into exactly one run, however often its event is delivered.",
    failing="uploads cannot be received: they wait in the queue, and after four hours of tries they are dead letters",
    settings=IntakeSettings,
    timeout_seconds=60,
    access=(
        receive("Queue"),
        access("states:StartExecution", on="TrainingRun"),
        *in_tables(reads(), moves("begun_at", "run", "schema"), *remembers()),
    ),
)
HIDDEN_SECONDS = 6 * RECEIVE_UPLOAD.timeout_seconds
"""How long a message is hidden after a receive, at least so many times the function's timeout.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"""
MOST_RECEIVES = 40
"""After so many a message is a dead letter: four hours after the first, longer than DynamoDB was down on
2025-10-20, so that an upload that comes in such hours needs nobody. SQS takes 1 to 1,000. Fewer receives that are
further apart each time (ChangeMessageVisibility) would need an endpoint of SQS in the VPC, and cost more.
https://aws.amazon.com/message/101925/
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html"""

PREPARE_DATASET = _run_step(
    name="prepare_dataset",
    does="Checks exactly the version that was uploaded; writes the copy that is trained, and the report.",
    failing="datasets cannot be checked: runs wait in their retries, and fail when those are used up",
    takes=("run", "waited"),
    gives="dataset",
    tried_after_timeout=False,  # the same bytes take as long again, and a check refuses by rule before that
    timeout_seconds=900,
    memory_mb=1769,  # one whole vCPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
    holds_dataset=True,
    access=(
        access("s3:GetObject", "s3:GetObjectVersion", on="Datasets/datasets/*"),
        # Without it S3 answers 403, not 404, where no validation set lies beside the upload.
        # Not by prefix: whether S3 says 404 or 403 is asked of the bucket, without a prefix.
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
        access("s3:ListBucket", on="Datasets"),
        access("s3:PutObject", on=("Prepared/prepared/*", "Artifacts/runs/*")),
        # The hash of a copy that is there already is compared with its name.
        access("s3:GetObject", on="Prepared/prepared/*"),
        use_key("DataKey", "s3", "Decrypt", "GenerateDataKey"),
        *in_tables(moves("dataset", "waits_until")),
    ),
)

AUTHORIZE_SPEND = _run_step(
    name="authorize_spend",
    does="Compares the run's estimate with limits, and reserves it from the budgets.",
    failing="no run can reserve its budget: none starts",
    takes=("run", "dataset", "approval", "refused_answer"),
    gives="spend",
    access=(
        # The size of a prepared copy, and nothing of what is in it.
        list_objects("Prepared", "prepared/*"),
        *in_tables(
            reads(),
            moves(
                *("approval", "approval_asked_at", "approval_reason"),
                *("estimate", "question", "reservation"),
            ),
            *claims_data(),
            counts_money(),
            *reads_money(),
        ),
    ),
)

START_TRAINING = _run_step(
    name="start_training",
    does="Starts the run's one customization job, or adopts the one that an earlier try has started.",
    failing="no job can be started: runs wait in their retries, and fail when those are used up",
    takes=("run", "dataset", "job", "queue"),
    gives="job",
    follows_a_job=True,  # perhaps: a try that was given up may have started it
    access=(
        # Three kinds of resource, as Step Functions' own policy for it has them:
        # https://docs.aws.amazon.com/step-functions/latest/dg/connect-bedrock.html
        access(
            *("bedrock:CreateModelCustomizationJob", "bedrock:TagResource"),
            on=("Models", "CustomModels", "Jobs"),
        ),
        access("bedrock:GetModelCustomizationJob", on="Jobs"),
        pass_role("JobRole"),
        # See JobRole._model_key: the caller may be the one who creates the grant.
        use_key("DataKey", "bedrock", "CreateGrant", "Decrypt", "DescribeKey", "GenerateDataKey"),
        *in_tables(COUNT_QUEUE, reads(), moves("attempt", "job_arn", *LEFT)),
    ),
)

TRACK_TRAINING = _run_step(
    name="track_training",
    does="Polls the job once: its status, and whether it must be stopped.",
    failing="jobs in progress are not polled; they go on, and are billed",
    takes=("run", "job", "progress"),
    gives="progress",
    follows_a_job=True,
    access=(
        access("bedrock:GetModelCustomizationJob", "bedrock:StopModelCustomizationJob", on="Jobs"),
        *in_tables(reads(), moves("progress")),
    ),
)

COLLECT_RESULTS = _run_step(
    name="collect_results",
    does="Reads what the job left behind into the ledger, and numbers the model within its recipe.",
    failing="models are trained, but their results are not read; runs fail when the retries are used up",
    takes=("run", "job", "dataset", "approval"),
    takes_after_rollback=(("tokens", "$dataset.training_tokens"),),
    gives="result",
    follows_a_job=True,
    access=(
        access("bedrock:GetModelCustomizationJob", on="Jobs"),
        access("s3:GetObject", on="Artifacts/jobs/*"),
        list_objects("Artifacts", "jobs/*"),
        use_key("DataKey", "s3", "Decrypt"),
        *in_tables(
            moves("cost", "model_arn", "results"), *registers_models("converse", "imported")
        ),
    ),
)

SETTLE_SPEND = _run_step(
    name="settle_spend",
    does="At every outcome, turns what was reserved into what was spent, or releases it.",
    failing="reservations stay whole until the reconciler settles them: less of the budget appears to be left than is",
    takes=("run", "charge"),
    gives="settled",
    access=in_tables(reads(), writes("reservation", "settlement"), counts_money()),
)

RUN_STEPS = (
    RECEIVE_UPLOAD,
    PREPARE_DATASET,
    AUTHORIZE_SPEND,
    START_TRAINING,
    TRACK_TRAINING,
    COLLECT_RESULTS,
    SETTLE_SPEND,
)
