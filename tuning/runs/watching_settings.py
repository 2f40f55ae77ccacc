"""What the functions beside the runs know of their environment."""

from tuning.runs.function_settings import Settings


class GuardSettings(Settings, frozen=True, kw_only=True):
    """What `guard_jobs` holds against every job in progress."""

    job_role_arn: str
    job_subnet_ids: tuple[str, ...]
    job_security_group_ids: tuple[str, ...]
    model_key_arn: str
    guarded_buckets: tuple[str, ...]
    """Names of the buckets that hold datasets, prepared copies and artifacts."""
    guard_all_jobs: str
    """`yes` when jobs of others have to have a VPC and a key, too; else `no`."""
    notices_topic_arn: str


class ReconcilerSettings(Settings, frozen=True, kw_only=True):
    """What `reconcile_runs` compares: the ledger, the executions, and jobs with this environment's tag."""

    ledger_table: str
    budgets_table: str
    state_machine_arn: str
    monthly_budget_usd: str
    """As in RunSettings; it says how much of it is left."""


class DispatcherSettings(Settings, frozen=True, kw_only=True):
    """What `dispatch_queue` knows: where runs wait. Their tokens say which tasks it may answer."""

    ledger_table: str
