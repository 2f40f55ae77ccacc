"""What the functions of imports know of their environment."""

from tuning.runs.function_settings import Settings


class ImportIntakeSettings(Settings, frozen=True, kw_only=True):
    """What `receive_adapter` knows, before the state machine."""

    ledger_table: str
    datasets_bucket: str
    """Where adapters are uploaded to."""
    weights_bucket: str
    """Where full weights are uploaded to, and bases."""
    state_machine_arn: str
    """Of ModelImport."""
    recipes: tuple[str, ...]
    """The names of this environment's recipes of method IMPORT."""


class ImportReconcilerSettings(Settings, frozen=True, kw_only=True):
    """What `reconcile_imports` compares: the ledger, and the executions of the ModelImport state machine."""

    ledger_table: str
    state_machine_arn: str


class ImportSettings(Settings, frozen=True, kw_only=True):
    """What the steps of the ModelImport state machine know."""

    ledger_table: str
    budgets_table: str
    datasets_bucket: str
    weights_bucket: str
    import_role_arn: str
    """The service role that Bedrock assumes to read the merged folder."""
    job_subnet_ids: tuple[str, ...]
    job_security_group_ids: tuple[str, ...]
    model_key_arn: str
    """The KMS key of the imported model."""
    monthly_budget_usd: str
    """As in RunSettings; storage of imported models counts against it."""
