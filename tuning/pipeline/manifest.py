"""Every step of the platform, declared once.

Functions, roles, log groups, alarms and the tasks of the state machine are made from this table;
the reviewer's vocabulary, the runbook, the benchmarks and the tests are compared with it. To add a
step: its handler in `lambdas/`, its entry here, its place in the state machine, its tests. The file
of reviewed permissions, `review/permissions.toml`, is written by hand all the same: it is the
review.
"""

from tuning.pipeline.grants import (
    QUERY_OPEN,
    QUERY_QUEUE,
    Access,
    access,
    key,
    ledger,
    listing,
    own_item,
    publish,
)
from tuning.pipeline.step import Kind, Metric, Step
from tuning.runs.function_settings import (
    DispatcherSettings,
    GuardSettings,
    IntakeSettings,
    ReconcilerSettings,
    RunSettings,
)
from tuning.runs.job_guard import STATE_CHANGE
from tuning.runs.job_queue import QueueState

RECEIVE_UPLOAD = Step(
    name="receive_upload",
    kind="consumer",
    does="Turns an upload into a run, exactly one, however often its event comes.",
    failing="uploads cannot be received: they wait in the queue, and after five receives they are dead letters",
    settings=IntakeSettings,
    # At least six times this is the queue's visibility timeout:
    # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
    timeout_seconds=30,
    access=(
        # Messages are decrypted with the key of its environment, which every function may decrypt.
        access("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage", on="Queue"),
        access("states:StartExecution", on="TrainingRun"),
        *ledger("GetItem", "PutItem", "UpdateItem"),
    ),
)

PREPARE_DATASET = Step(
    name="prepare_dataset",
    kind="task",
    does="Checks exactly the version that was uploaded; writes the copy that is trained, and the report.",
    failing="datasets cannot be checked: runs wait in their retries, and fail when those are used up",
    settings=RunSettings,
    takes=("run",),
    gives="dataset",
    tries_after_timeout=1,  # the same bytes take as long again
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
        key("DataKey", "s3", "Decrypt", "GenerateDataKey"),
        *ledger("UpdateItem"),
    ),
)

AUTHORIZE_SPEND = Step(
    name="authorize_spend",
    kind="task",
    does="Holds the run's estimate against limits, and reserves it from the budgets.",
    failing="no run can reserve its budget: none starts",
    settings=RunSettings,
    takes=("run", "dataset", "approval"),
    gives="spend",
    access=ledger("GetItem", "UpdateItem"),
)

START_TRAINING = Step(
    name="start_training",
    kind="task",
    does="Starts the run's one customization job, or adopts the one that an earlier try has started.",
    failing="no job can be started: runs wait in their retries, and fail when those are used up",
    settings=RunSettings,
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
        Access(
            actions=("iam:PassRole",),
            on=("JobRole",),
            conditions={"StringEquals": {"iam:PassedToService": "bedrock.amazonaws.com"}},
        ),
        # See JobRole._model_key: the caller may be the one who creates the grant.
        key("DataKey", "bedrock", "CreateGrant", "Decrypt", "DescribeKey", "GenerateDataKey"),
        QUERY_QUEUE,
        *ledger("UpdateItem"),
    ),
)

TRACK_TRAINING = Step(
    name="track_training",
    kind="task",
    does="Polls the job once: its status, and whether it must be stopped.",
    failing="jobs in progress are not followed; they go on, and cost",
    settings=RunSettings,
    takes=("run", "job", "progress"),
    gives="progress",
    follows_a_job=True,
    access=(
        access("bedrock:GetModelCustomizationJob", "bedrock:StopModelCustomizationJob", on="Jobs"),
        *ledger("UpdateItem"),
    ),
)

COLLECT_RESULTS = Step(
    name="collect_results",
    kind="task",
    does="Reads what the job left behind into the ledger.",
    failing="models are trained, but their results are not read; runs fail when the retries are used up",
    settings=RunSettings,
    takes=("run", "job", "dataset"),
    gives="result",
    follows_a_job=True,
    access=(
        access("bedrock:GetModelCustomizationJob", on="Jobs"),
        access("s3:GetObject", on="Artifacts/jobs/*"),
        listing("Artifacts", "jobs/*"),
        key("DataKey", "s3", "Decrypt"),
        *ledger("UpdateItem"),
    ),
)

SETTLE_SPEND = Step(
    name="settle_spend",
    kind="task",
    does="At every outcome, turns what was reserved into what was spent, or releases it.",
    failing="reservations stay whole until the reconciler settles them: the budget looks fuller than it is",
    settings=RunSettings,
    takes=("run", "charge"),
    gives="settled",
    access=ledger("GetItem", "UpdateItem"),
)

GUARD_JOBS = Step(
    name="guard_jobs",
    kind="scheduled",
    does="Stops every customization job that uses what is ours outside of our network, and reports it.",
    failing="jobs are not watched: one that uses our data outside of our VPC would go on",
    settings=GuardSettings,
    lists_jobs=True,
    every_minutes=1,
    silent_after_minutes=5,
    metrics=(
        Metric(
            name="ForeignJobs",
            label="foreign jobs",
            statistic="Sum",
            alarm="ForeignJobs",
            at_least=1,
            meaning="A job used what is ours outside of our VPC",
        ),
    ),
    # Events are best effort; the schedule is the truth.
    # https://docs.aws.amazon.com/bedrock/latest/userguide/monitoring-eventbridge-how-it-works.html
    detail_type=STATE_CHANGE,
    access=(
        access("bedrock:GetModelCustomizationJob", "bedrock:StopModelCustomizationJob", on="Jobs"),
        # Under which key the custom model is that a job goes on training.
        access("bedrock:GetCustomModel", on="CustomModels"),
        *publish(),
    ),
)

RECONCILE_RUNS = Step(
    name="reconcile_runs",
    kind="scheduled",
    does="Finds runs, executions and jobs that lost each other, and brings them together or to an end.",
    failing="runs that lost their execution or job are not healed, and the metrics of what waits are missing",
    settings=ReconcilerSettings,
    lists_jobs=True,
    every_minutes=10,
    silent_after_minutes=30,
    metrics=(
        Metric(name="ApprovalsWaiting", label="waiting for approval"),
        Metric(
            name="OldestApprovalHours",
            label="oldest request for approval, hours",
            alarm="OldestApproval",
            at_least=24,
            meaning="A run has waited for approval for a day",
        ),
        Metric(name="RunsQueued", label="waiting for a job slot"),
        Metric(
            name="StalledJobs",
            label="stalled jobs",
            alarm="StalledJobs",
            at_least=1,
            meaning="A job makes no progress and is being stopped",
        ),
        Metric(
            name="RunsNotHealed",
            label="runs not healed",
            statistic="Sum",
            alarm="NotHealed",
            at_least=1,
            meaning="A run could not be healed",
        ),
        Metric(
            name="BudgetLeftUsd",
            label="left of the month's budget, USD",
            alarm="BudgetNearlyUsed",
            below_share_of_budget=0.1,
            meaning="Less than a tenth of the month's budget is left",
        ),
    ),
    timeout_seconds=300,
    access=(
        # An execution's description is decrypted with the key that every function may decrypt with.
        access("states:ListExecutions", "states:StartExecution", on="TrainingRun"),
        access("states:DescribeExecution", "states:GetExecutionHistory", on="Executions"),
        access(
            *("bedrock:GetModelCustomizationJob", "bedrock:ListTagsForResource"),
            "bedrock:StopModelCustomizationJob",
            on="Jobs",
        ),
        QUERY_OPEN,
        *ledger("GetItem", "PutItem", "UpdateItem"),
    ),
)

DISPATCH_QUEUE = Step(
    name="dispatch_queue",
    kind="scheduled",
    does="Lets as many runs of the queue try as there are job slots, in order of arrival.",
    failing="runs wait for a job slot although slots are free; each tries by itself once a day",
    settings=DispatcherSettings,
    lists_jobs=True,
    every_minutes=1,
    silent_after_minutes=15,
    access=(
        # Of the tasks that it may answer it knows the tokens of runs in the queue, and no others.
        # https://docs.aws.amazon.com/step-functions/latest/dg/concept-create-iam-advanced.html
        access("states:SendTaskSuccess", on="TrainingRun"),
        QUERY_QUEUE,
        *own_item(QueueState().id),
    ),
)

CLOSE_DEFAULT_GROUP = Step(
    name="close_default_group",
    kind="deployment",
    does="Takes every rule out of the VPC's default security group.",
    failing="the deployment waits for an hour, and the default group may be open among its members",
    in_vpc=False,
    access=(
        access(
            *("ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress"),
            on="DefaultGroup",
        ),
    ),
)

STEPS: tuple[Step, ...] = (
    RECEIVE_UPLOAD,
    PREPARE_DATASET,
    AUTHORIZE_SPEND,
    START_TRAINING,
    TRACK_TRAINING,
    COLLECT_RESULTS,
    SETTLE_SPEND,
    GUARD_JOBS,
    RECONCILE_RUNS,
    DISPATCH_QUEUE,
    CLOSE_DEFAULT_GROUP,
)


def of_kind(*kinds: Kind) -> tuple[Step, ...]:
    return tuple(step for step in STEPS if step.kind in kinds)


def named(name: str) -> Step:
    """Raises StopIteration for a name that no step has."""
    return next(step for step in STEPS if step.name == name)
