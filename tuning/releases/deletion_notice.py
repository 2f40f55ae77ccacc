"""The notice about models that were deleted."""

from collections.abc import Sequence
from decimal import Decimal

from tuning.releases.model_deletion import ModelDeletion
from tuning.reports.scale import count


def deletion_notice(deleted: Sequence[ModelDeletion], usd_each: Decimal) -> tuple[str, str]:
    """Subject and message; all are of one recipe, and `usd_each` is what each has cost a month."""
    recipe, saved = deleted[0].recipe, f"${usd_each * len(deleted):,.2f}"
    models = count(len(deleted), "model")
    reasons = "; ".join(f"version {each.version}: {each.why}" for each in deleted)
    message = (
        f"Of {recipe}, {models} {'was' if len(deleted) == 1 else 'were'} deleted, which saves {saved} a month. "
        f"{reasons[0].upper()}{reasons[1:]}. What is live and what a rollback brings back are kept. "
        f"tuning releases {recipe} lists all."
    )
    return f"{recipe}: {models} deleted", message
