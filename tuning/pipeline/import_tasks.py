"""The steps of an import: from an adapter or a model trained elsewhere to a version like any other.

Only an environment with a recipe of method IMPORT has them. Who reads data cannot call Bedrock, and who calls Bedrock
reads no data.
"""

from functools import partial

from tuning.imports.import_job import IMPORT_TAGS
from tuning.imports.import_settings import (
    ImportIntakeSettings,
    ImportReconcilerSettings,
    ImportSettings,
)
from tuning.pipeline.grants import Access, access, pass_role, receive, use_key
from tuning.pipeline.ledger_grants import (
    counts_money,
    in_tables,
    reads_imports,
    reads_money,
    receives_imports,
    records_imports,
    registers_models,
)
from tuning.pipeline.step import Step
from tuning.runs.jobs import OF_JOBS

_ONE_VCPU, _TWO_VCPUS = 1769, 3538
"""Megabytes: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html"""
_UPLOADED = ("Datasets/adapters/*", "Weights/bases/*", "Weights/models/*")
_MERGED = "Weights/merged/*"
_READS_UPLOADS = access("s3:GetObject", "s3:GetObjectVersion", on=_UPLOADED)


def _lists(bucket: str, *prefixes: str) -> Access:
    """Names, sizes and versions of what is there."""
    return Access(
        actions=("s3:ListBucketVersions",),
        on=(bucket,),
        conditions={"StringLike": {"s3:prefix": prefixes if prefixes[1:] else prefixes[0]}},
    )


_import_step = partial(Step, kind="import", settings=ImportSettings)

RECEIVE_ADAPTER = Step(
    name="receive_adapter",
    kind="import_consumer",
    does="Turns an uploaded adapter or model into exactly one import, and anything else into a refusal.",
    failing="adapters and models cannot be received: they wait in the queue, and after four hours of tries they are dead letters",
    settings=ImportIntakeSettings,
    timeout_seconds=60,
    access=(
        receive("ImportQueue"),
        access("states:StartExecution", on="ModelImport"),
        *in_tables(*receives_imports()),
    ),
)

CHECK_ADAPTER = _import_step(
    name="check_adapter",
    does="Checks what was uploaded against its base and what Bedrock imports, pins every version, and plans the merge.",
    failing="uploads cannot be checked: imports wait in their retries, and fail when those are used up",
    takes=("import_id", "checked"),
    gives="checked",
    merges=True,
    timeout_seconds=900,
    memory_mb=_ONE_VCPU,
    access=(
        _READS_UPLOADS,
        _lists("Datasets", "adapters/*"),
        _lists("Weights", "bases/*", "models/*"),
        # A plan that is there already is kept: groups may be merged by it.
        access("s3:GetObject", "s3:PutObject", on=_MERGED),
        use_key("DataKey", "s3", "Decrypt", "GenerateDataKey"),
        *in_tables(
            *records_imports(
                *("architecture", "base", "bytes", "converse", "groups", "model_units", "notes")
            )
        ),
    ),
)

RESERVE_IMPORT = _import_step(
    name="reserve_import",
    does="Reserves the first month's storage of the imported model from the budgets, or refuses the import.",
    failing="no import can reserve its budget: none goes on",
    takes=("import_id",),
    gives="reserved",
    access=in_tables(*records_imports("reservation"), counts_money(), *reads_money()),
)

MERGE_TENSORS = _import_step(
    name="merge_tensors",
    kind="import_map",
    does="Merges one group of tensors: ranges of the base and the adapter in, parts of the merged file out.",
    failing="tensors are not merged: imports wait in their retries, and fail when those are used up",
    takes=("import_id", "group"),
    gives="merged",
    merges=True,
    timeout_seconds=900,
    memory_mb=_TWO_VCPUS,
    access=(
        _READS_UPLOADS,
        access("s3:GetObject", "s3:PutObject", on=_MERGED),
        use_key("DataKey", "s3", "Decrypt", "GenerateDataKey"),
    ),
)

ASSEMBLE_MODEL = _import_step(
    name="assemble_model",
    does="Completes the merged files, writes what belongs beside them and the receipt, and compares the whole with the plan.",
    failing="merged models are not assembled: imports wait in their retries, and fail when those are used up",
    takes=("import_id",),
    gives="assembled",
    merges=True,
    timeout_seconds=900,
    memory_mb=_ONE_VCPU,
    access=(
        _READS_UPLOADS,
        access(
            *("s3:AbortMultipartUpload", "s3:GetObject"),
            *("s3:ListMultipartUploadParts", "s3:PutObject"),
            on=_MERGED,
        ),
        use_key("DataKey", "s3", "Decrypt", "GenerateDataKey"),
        *in_tables(*records_imports("receipt_uri")),
    ),
)

IMPORT_MODEL = _import_step(
    name="import_model",
    does="Takes one step towards an imported model: starts the one import job, adopts it, or polls it.",
    failing="no model is imported: imports wait in their retries; a job in progress goes on",
    takes=("import_id", "progress"),
    gives="progress",
    creates_imports=True,
    follows_a_job=True,  # perhaps: a try that was given up may have started it
    access=(
        # That CreateModelImportJob has no resource type: tuning/constructs/wildcard_permissions.py.
        access("bedrock:GetModelImportJob", on="ImportJobs"),
        # Not by the tags by which an imported model is live: tuning/pipeline/release_tasks.py.
        Access(
            actions=("bedrock:TagResource",),
            on=("ImportJobs", "ImportedModels"),
            conditions={"ForAllValues:StringEquals": {"aws:TagKeys": (OF_JOBS, *IMPORT_TAGS)}},
        ),
        pass_role("ImportRole"),
        # As of customization jobs: the caller may be the one who creates the grant.
        # https://docs.aws.amazon.com/bedrock/latest/userguide/encryption-import-model.html
        use_key("DataKey", "bedrock", "CreateGrant", "Decrypt", "DescribeKey", "GenerateDataKey"),
        *in_tables(*records_imports("job_arn", "model_arn", "no_model")),
    ),
)

VERIFY_IMPORT = _import_step(
    name="verify_import",
    does="Asks the imported model one short question, whose answer nobody reads, and notes what Bedrock says of the model.",
    failing="imports cannot be verified; they wait in their retries",
    takes=("import_id", "verified"),
    gives="verified",
    access=(
        # InvokeModel authorises Converse, too:
        # https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
        access("bedrock:GetImportedModel", "bedrock:InvokeModel", on="ImportedModels"),
        use_key("DataKey", "bedrock", "Decrypt"),
        *in_tables(*records_imports("model_units")),
    ),
)

FINISH_IMPORT = _import_step(
    name="finish_import",
    does="At every outcome, aborts what was not assembled, registers the version of an imported model, settles, and records how it ended.",
    failing="outcomes of imports are not recorded; reservations stay whole",
    takes=("import_id", "outcome"),
    gives="finished",
    access=(
        access("s3:AbortMultipartUpload", "s3:GetObject", on=_MERGED),
        use_key("DataKey", "s3", "Decrypt"),
        *in_tables(
            *records_imports("ended_at", "settlement", "version", "why"),
            counts_money(),
            *registers_models(),
        ),
    ),
)

RECONCILE_IMPORTS = Step(
    name="reconcile_imports",
    kind="import_scheduled",
    does="Finds imports whose execution ended without recording how, and has another record that they failed.",
    failing="imports whose execution was stopped stay as they were, with their reservations",
    settings=ImportReconcilerSettings,
    every_minutes=60,
    silent_after_minutes=180,
    timeout_seconds=300,
    access=(
        access("states:ListExecutions", "states:StartExecution", on="ModelImport"),
        access("states:DescribeExecution", on="ImportExecutions"),
        *in_tables(reads_imports()),
    ),
)

IMPORT_STEPS = (
    RECEIVE_ADAPTER,
    CHECK_ADAPTER,
    RESERVE_IMPORT,
    MERGE_TENSORS,
    ASSEMBLE_MODEL,
    IMPORT_MODEL,
    VERIFY_IMPORT,
    FINISH_IMPORT,
    RECONCILE_IMPORTS,
)
