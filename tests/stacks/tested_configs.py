"""The configurations whose templates are tested."""

from dataclasses import replace

from whole_app import ROOT

from tuning.constructs.config import Config
from tuning.constructs.perimeter import Perimeter

RICH = Config(
    region="us-west-2",
    recipes=("support-llama-3-3-70b",),
    recipes_folder=ROOT / "recipes",
    zones=("a", "b", "d"),
    endpoint_zones=("b", "d"),
    cidr="172.16.0.0/20",
    job_nodes_talk=False,
    poll_seconds=600,
    max_dataset_mb=4864,
    monthly_budget_usd=5000,
    log_days=731,
    log_account_prompts=True,
    guardrail="support",
    reserved_concurrency=2,
    perimeter=Perimeter(
        uploaders=("role/Data",),
        break_glass=("role/Emergency",),
        job_outside=True,
        grants_declared=False,
    ),
)
"""Every field other than its default."""

DEV = Config(
    region="us-east-1",
    recipes=("support-nova-micro", "support-nova-lite", "canary"),
    recipes_folder=ROOT / "recipes",
)
"""As `app.py` has it: a test holds the two against each other."""

OPENED = replace(DEV, perimeter=Perimeter(vpc_only=False))
"""As before Network is deleted."""
