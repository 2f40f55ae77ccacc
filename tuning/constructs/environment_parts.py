"""What the stacks of an environment share: its name and Config, Network and Storage."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from tuning.constructs.config import Config
from tuning.constructs.network import Network
from tuning.constructs.storage import Storage


@dataclass(frozen=True, kw_only=True)
class EnvironmentParts:
    name: str
    config: Config
    network: Network
    storage: Storage

    @cached_property
    def known(self) -> dict[str, Any]:
        """Values of settings that are the same for the functions of all stacks, by name."""
        config, network, storage = self.config, self.network, self.storage
        return {
            "environment": self.name,
            "ledger_table": storage.ledger.table_name,
            "budgets_table": storage.budgets.table_name,
            "datasets_bucket": storage.datasets.bucket_name,
            "prepared_bucket": storage.prepared.bucket_name,
            "artifacts_bucket": storage.artifacts.bucket_name,
            "job_subnet_ids": tuple(network.job_subnet_ids),
            "job_security_group_ids": (network.jobs_group.id,),
            "model_key_arn": storage.data_key.key_arn,
            "max_dataset_mb": str(config.max_dataset_mb),
            "monthly_budget_usd": str(config.monthly_budget_usd or "none"),
        }
