"""What an imported model costs while it is live, as it is said before it is."""

from datetime import UTC, datetime, timedelta

from tuning.aws.imported_models import ImportedModels
from tuning.aws.transient import RefusedByAwsError
from tuning.cli.account import Account
from tuning.cli.environment_recipes import deployed_import
from tuning.models.import_units import awake_words, storage_of_units
from tuning.releases.live_model import region_of
from tuning.releases.model_version import ModelVersion
from tuning.reports.advice import dollars


def awake_costs(account: Account, model: ModelVersion, environment: str) -> str:
    """Sentences: what is paid while it is awake, until when it may be live, and what its storage costs."""
    units, unknown = _units(account, model.model_arn)
    recipe = deployed_import(model.recipe, environment, account.client)
    hours = recipe.limits.awake_hours if recipe else None
    until = "until somebody takes it down, for its recipe has no awake_hours"
    if hours:
        end = datetime.now(UTC) + timedelta(hours=hours)
        until = f"until {end:%Y-%m-%d %H:%M} UTC, by awake_hours = {hours} of its recipe, and is deleted then"
    of_units = f"It has {units} custom model units" if units else unknown
    stored = dollars(storage_of_units(units or 1))
    each = "" if units else " for each"
    return (
        f"{model.recipe} version {model.version} may be asked {until}. {of_units}; its storage costs {stored} a month"
        f"{each}, live or not. {awake_words(region_of(model.model_arn), units)}"
    )


def _units(account: Account, arn: str) -> tuple[int | None, str]:
    """Or why they are not known: to release a model takes no right to look at it."""
    try:
        with RefusedByAwsError.of_calls():
            units = ImportedModels(client=account.client).units(arn)
    except RefusedByAwsError as error:
        return None, f"How many custom model units it has is not known ({error.code})"
    return units, "Bedrock does not say how many custom model units it has"
