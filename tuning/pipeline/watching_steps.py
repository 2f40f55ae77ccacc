"""The steps beside the runs: on a schedule, and at deployment."""

from tuning.pipeline.grants import access, of_environment, pass_role, publish
from tuning.pipeline.imported_grants import removes_imported
from tuning.pipeline.ledger_grants import (
    QUERY_OPEN,
    QUERY_QUEUE,
    changes_live,
    counts_money,
    deletes_models,
    evaluates,
    in_tables,
    moves,
    own_item,
    reads,
    reads_candidates,
    reads_live,
    reads_models,
    reads_money,
    remembers,
)
from tuning.pipeline.step import Metric, Step
from tuning.releases.release_settings import DeleterSettings, RemovalSettings
from tuning.releases.release_steps import CANDIDATE_OF, OF_ENVIRONMENT
from tuning.runs.job_queue import QueueState
from tuning.runs.jobs import OF_JOBS
from tuning.runs.rebuild import REBUILT
from tuning.runs.uploads import STATE_CHANGE
from tuning.runs.watching_settings import DispatcherSettings, GuardSettings, ReconcilerSettings

GUARD_JOBS = Step(
    name="guard_jobs",
    kind="scheduled",
    does="Stops every customization job that uses this platform's resources outside of its network, and reports it.",
    failing="jobs are not checked: one that uses our data outside of our VPC would go on",
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
            meaning="A job used this platform's resources outside of its VPC",
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
    does="Finds runs, executions and jobs that no longer match, and repairs or ends them.",
    failing="runs that lost their execution or job are not repaired, and the metrics of waiting runs are missing",
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
            meaning="A run could not be repaired",
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
        access("bedrock:GetCustomModel", on="CustomModels"),  # whether it is kept still
        *in_tables(
            *(QUERY_OPEN, reads(), *remembers(), *reads_money(), reads_models()),
            counts_money("kept_models"),
            moves(*REBUILT, "begun_at", "schema", "stop_asked", "unread_validation"),
        ),
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
        *in_tables(QUERY_QUEUE, own_item(QueueState().id)),
    ),
)

REMOVE_CANDIDATES = Step(
    name="remove_candidates",
    kind="scheduled",
    does="Removes candidates that are no longer needed, and Provisioned Throughput whose time is over.",
    failing="candidates may be left, which use up quotas, and Provisioned Throughput, which is billed by the hour",
    settings=RemovalSettings,
    every_minutes=30,
    silent_after_minutes=120,
    timeout_seconds=300,
    access=(
        access("states:DescribeExecution", on="ReleaseExecutions"),
        access("bedrock:GetCustomModelDeployment", on="Deployments"),
        # Never a live one, whose tag is another, nor one of another environment.
        of_environment("bedrock:DeleteCustomModelDeployment", on="Deployments", tag=CANDIDATE_OF),
        # Of Provisioned Throughput the live one too, and also where no recipe asks for it any more: it is billed
        # for as long as it exists.
        access("bedrock:GetProvisionedModelThroughput", on="ProvisionedModels"),
        *(
            of_environment(
                "bedrock:DeleteProvisionedModelThroughput", on="ProvisionedModels", tag=tag
            )
            for tag in (CANDIDATE_OF, OF_ENVIRONMENT)
        ),
        *removes_imported(),
        *in_tables(*evaluates(), *changes_live()),
        *publish(),
    ),
    lists_imported=True,
)

DELETE_MODELS = Step(
    name="delete_models",
    kind="scheduled",
    does="Deletes models beyond their recipes' keep_models, if the recipes say so, and never one in use.",
    failing="models that nobody needs are kept and billed by the month",
    settings=DeleterSettings,
    lists_uses=True,
    every_minutes=360,
    silent_after_minutes=1440,
    timeout_seconds=300,
    access=(
        # None where no recipe has models deleted; where one has, those that this environment's jobs have tagged.
        of_environment("bedrock:DeleteCustomModel", on="DeletedModels", tag=OF_JOBS),
        access("bedrock:GetCustomModel", on="CustomModels"),  # whether it is gone
        *in_tables(*deletes_models(), reads_live(), reads_candidates()),
        *publish(),
    ),
)

CLOSE_DEFAULT_GROUP = Step(
    name="close_default_group",
    kind="deployment",
    does="Removes every rule from the VPC's default security group.",
    failing="the deployment waits for an hour, and the default group may be open among its members",
    in_vpc=False,
    access=(
        access(
            *("ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress"),
            on="DefaultGroup",
        ),
    ),
)

SET_INVOCATION_LOG = Step(
    name="set_invocation_log",
    kind="deployment",
    does="Has Bedrock log the account's prompts and answers, unless somebody else has set up such a log.",
    failing="the deployment waits for twenty minutes, and prompts are not logged",
    # A role is not known to Bedrock in the seconds after it was made; each try is two calls.
    timeout_seconds=240,
    in_vpc=False,
    access=(
        # UNCONFIRMED that the setting takes it, as everything else does that is given a role.
        # https://docs.aws.amazon.com/bedrock/latest/userguide/model-invocation-logging.html
        pass_role("InvocationLogRole"),
    ),
)

WATCHING_STEPS = (
    GUARD_JOBS,
    RECONCILE_RUNS,
    DISPATCH_QUEUE,
    REMOVE_CANDIDATES,
    DELETE_MODELS,
    CLOSE_DEFAULT_GROUP,
)
