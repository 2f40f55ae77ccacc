"""Whether an import may go on: its recipe, its folder, and what Custom Model Import says of it."""

from collections.abc import Sequence

from tuning.imports.import_recipe import ImportRecipe
from tuning.imports.import_run import ImportRecord
from tuning.models.import_check import Candidate, ImportCheck, ImportFinding

_GB = 10**9
_SIXTEEN_BITS = frozenset({"BF16", "F16"})
_ENOUGH = 3
"""Faults are told at once, to begin with."""


def recipe_fault(record: ImportRecord, recipe: ImportRecipe | None) -> str | None:
    """Why the upload cannot be imported by the recipe as it is deployed now."""
    if record.ended:
        return record.why or f"The import has ended: it is {record.state}."
    if record.why:
        return record.why
    if recipe is None:
        return f"No recipe {record.recipe!r} that imports is deployed any more. Deploy it, and upload again."
    if recipe.digest != record.recipe_digest:
        return f"Recipe {record.recipe} was changed since the upload arrived. Upload again, and it is imported with the recipe as it is now."
    return None


def size_fault(recipe: ImportRecipe, weights: int) -> str | None:
    """Before anything is read."""
    most = recipe.limits.max_gb
    if weights <= most * _GB:
        return None
    return f"The weights have {weights / _GB:.1f} GB; recipe {recipe.name} takes {most} GB at most (max_gb under [limits])."


def import_faults(recipe: ImportRecipe, candidate: Candidate, checked: ImportCheck) -> str | None:
    """Why the folder that there will be is refused."""
    faults = []
    if checked.architecture != recipe.architecture:
        faults.append(
            f"config.json says architecture {checked.architecture}; recipe {recipe.name} is for {recipe.architecture}."
        )
    sixteen = candidate.dtypes & _SIXTEEN_BITS
    if sixteen != {recipe.precision}:
        faults.append(
            f"The weights are {' and '.join(sorted(candidate.dtypes)) or 'of no known type'}; recipe {recipe.name} is for "
            f"{recipe.precision}. Nothing is converted: save them so, or change precision in the recipe."
        )
    found = [each for each in checked.findings if each.severity == "error"]
    faults += finding_sentences(found[:_ENOUGH])
    return " ".join(faults) or None


def finding_sentences(findings: Sequence[ImportFinding]) -> tuple[str, ...]:
    return tuple(f"{each.id}: {each.message}. {each.fix} See {each.source}" for each in findings)
