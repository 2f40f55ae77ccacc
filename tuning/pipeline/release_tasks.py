"""The steps of a release: from a person's word to a model that is live, or what was live staying so.

Who changes deployments cannot ask a model, who asks cannot change one, and neither trains.
"""

from functools import partial

from tuning.pipeline.grants import Access, access, list_objects, pass_role, use_key
from tuning.pipeline.imported_grants import untags_imported
from tuning.pipeline.ledger_grants import (
    changes_live,
    evaluates,
    in_tables,
    reads,
    reads_live,
    reads_models,
)
from tuning.pipeline.step import Step
from tuning.releases.release_settings import EvaluationSettings, JudgeSettings, ReleaseSettings
from tuning.releases.release_steps import OF_ENVIRONMENT, OF_RECIPE
from tuning.runs.jobs import OF_JOBS

_PROMPTS = "Prepared/prepared/*"
_ANSWERS = "Artifacts/evaluations/*"
"""They are read from inside of the VPC only, as reports are not."""
_READS_TAGS = access("bedrock:ListTagsForResource", on="ImportedModels")
"""Which imported model is live. Nothing where no recipe imports models, as all that is on `ImportedModels`."""
_READS_PROMPTS = (access("s3:GetObject", on=_PROMPTS), use_key("DataKey", "s3", "Decrypt"))

_release_step = partial(Step, kind="release")

BEGIN_RELEASE = _release_step(
    name="begin_release",
    does="Decides whether a version may go live, and makes this release the one that changes what is live.",
    failing="no release begins; what is live stays live",
    settings=ReleaseSettings,
    takes=("request", "execution"),
    gives="release",
    access=(
        *in_tables(reads_models(), *changes_live()),
        access("states:DescribeExecution", on="ReleaseExecutions"),
        access("bedrock:GetCustomModelDeployment", on="Deployments"),
        access("bedrock:GetProvisionedModelThroughput", on="BoughtModels"),
        _READS_TAGS,
    ),
    lists_imported=True,
)

DEPLOY_MODEL = _release_step(
    name="deploy_model",
    does="Takes one step towards a deployment that answers from the wanted model, or towards none.",
    failing="releases do not go on; what is live stays live, or is being updated by Bedrock",
    settings=ReleaseSettings,
    takes=("release", "target", "deployment"),
    gives="deployment",
    access=(
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html
        access(
            *("bedrock:CreateCustomModelDeployment", "bedrock:UpdateCustomModelDeployment"),
            on="CustomModels",
        ),
        access(
            "bedrock:DeleteCustomModelDeployment",
            "bedrock:GetCustomModelDeployment",
            "bedrock:TagResource",
            "bedrock:UpdateCustomModelDeployment",
            on="Deployments",
        ),
        # UNCONFIRMED that an update is asked for on the custom model too, as of deployments.
        access(
            *(
                "bedrock:CreateProvisionedModelThroughput",
                "bedrock:UpdateProvisionedModelThroughput",
            ),
            on="SoldModels",
        ),
        access(
            "bedrock:DeleteProvisionedModelThroughput",
            "bedrock:GetProvisionedModelThroughput",
            "bedrock:TagResource",
            "bedrock:UpdateProvisionedModelThroughput",
            on="BoughtModels",
        ),
        _READS_TAGS,
        # An imported model is live by these two tags, in the environment that has imported it.
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html
        Access(
            actions=("bedrock:TagResource",),
            on=("ImportedModels",),
            conditions={
                "StringEquals": {
                    f"aws:RequestTag/{OF_ENVIRONMENT}": "{environment}",
                    f"aws:ResourceTag/{OF_JOBS}": "{environment}",
                },
                "ForAllValues:StringEquals": {"aws:TagKeys": (OF_ENVIRONMENT, OF_RECIPE)},
            },
        ),
        untags_imported(),
    ),
    lists_imported=True,
)

VERIFY_RELEASE = _release_step(
    name="verify_release",
    does="Asks the deployment one short question, whose answer nobody reads.",
    failing="releases cannot be verified; they wait in their retries",
    settings=ReleaseSettings,
    takes=("deployment",),
    gives="verified",
    access=(
        # It authorises Converse: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
        access("bedrock:InvokeModel", on=("Deployments", "BoughtModels", "ImportedModels")),
        # https://docs.aws.amazon.com/bedrock/latest/userguide/encryption-custom-job.html
        use_key("DataKey", "bedrock", "Decrypt"),
    ),
)

FINISH_RELEASE = _release_step(
    name="finish_release",
    does="At every outcome, records which version is live, as Bedrock reports it.",
    failing="outcomes of releases are not recorded; the next release of the recipe takes over",
    settings=ReleaseSettings,
    takes=("request", "execution", "outcome", "gate"),
    gives="recorded",
    access=(
        *in_tables(reads_models(), *changes_live(), *evaluates()),
        access("bedrock:GetCustomModelDeployment", on="Deployments"),
        # Also where no recipe asks for it any more and one that was bought goes on.
        access("bedrock:GetProvisionedModelThroughput", on="ProvisionedModels"),
        _READS_TAGS,
    ),
    lists_imported=True,
)

PLAN_EVALUATION = _release_step(
    name="plan_evaluation",
    does="Says whether a version is evaluated before it goes live, on which prompts, and against what.",
    failing="no release begins by itself; what is live stays live",
    settings=EvaluationSettings,
    takes=("request", "execution"),
    gives="plan",
    access=(
        *in_tables(reads(), reads_models(), reads_live(), *evaluates()),
        access("bedrock:GetCustomModelDeployment", on="Deployments"),
        access("bedrock:GetProvisionedModelThroughput", on="BoughtModels"),
        *_READS_PROMPTS,
    ),
)

ANSWER_PROMPTS = _release_step(
    name="answer_prompts",
    does="Asks the candidate, the live model and the base model the prompts of the evaluation.",
    failing="evaluations do not go on; candidates are removed, and what is live stays live",
    settings=EvaluationSettings,
    takes=("plan", "candidate", "asked"),
    gives="asked",
    timeout_seconds=900,
    access=(
        # It authorises ConverseStream:
        # https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html
        access(
            "bedrock:InvokeModelWithResponseStream",
            on=("Deployments", "BoughtModels", "GatedBases"),
        ),
        # https://docs.aws.amazon.com/bedrock/latest/userguide/encryption-custom-job.html
        use_key("DataKey", "bedrock", "Decrypt"),
        access("s3:PutObject", on=_ANSWERS),
        use_key("DataKey", "s3", "Decrypt", "GenerateDataKey"),
        access("s3:GetObject", on=_PROMPTS),
    ),
)

JUDGE_ANSWERS = _release_step(
    name="judge_answers",
    does="Has a judge model rate the answers of an evaluation, if the recipe asks for one; it decides nothing.",
    failing="evaluations are not judged; the gate decides as usual",
    settings=JudgeSettings,
    takes=("plan", "judged"),
    gives="judged",
    timeout_seconds=900,
    access=(
        # On nothing where no recipe asks for a judge. AWS lists models for CreateEvaluationJob, and neither jobs nor
        # inference profiles. UNCONFIRMED that it asks for no job, which it does of customization jobs though unlisted:
        # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html
        access("bedrock:CreateEvaluationJob", on=("EvaluationJobs", "Judges")),
        access("bedrock:GetEvaluationJob", "bedrock:StopEvaluationJob", on="EvaluationJobs"),
        pass_role("JudgeRole"),
        access(
            "s3:GetObject",
            on=("JudgedPrompts/prepared/*", "Judged/evaluations/*", "Judged/judge/output/*"),
        ),
        access("s3:PutObject", on="Judged/judge/input/*"),
        list_objects("Judged", "evaluations/*"),
        list_objects("Judged", "judge/output/*"),
        use_key("JudgedKey", "s3", "Decrypt", "GenerateDataKey"),
    ),
)

DECIDE_RELEASE = _release_step(
    name="decide_release",
    does="Compares the answers, and decides by the recipe's gate whether the candidate may go live.",
    failing="evaluations are not decided; candidates are removed, and what is live stays live",
    settings=EvaluationSettings,
    takes=("plan", "judged"),
    gives="gate",
    timeout_seconds=900,
    memory_mb=1769,  # one whole vCPU: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
    access=(
        access("s3:GetObject", on=(_PROMPTS, _ANSWERS)),
        list_objects("Artifacts", "evaluations/*"),
        access("s3:PutObject", on="Artifacts/runs/*"),
        use_key("DataKey", "s3", "Decrypt", "GenerateDataKey"),
    ),
)

RELEASE_STEPS = (
    PLAN_EVALUATION,
    ANSWER_PROMPTS,
    JUDGE_ANSWERS,
    DECIDE_RELEASE,
    BEGIN_RELEASE,
    DEPLOY_MODEL,
    VERIFY_RELEASE,
    FINISH_RELEASE,
)
