"""What steps may do to imported models that are live: nothing where no recipe imports models, for then the names have
no resource.
"""

from dataclasses import replace

from tuning.pipeline.grants import Access, access, of_environment
from tuning.pipeline.ledger_grants import deletes_models
from tuning.releases.release_steps import OF_ENVIRONMENT, OF_RECIPE


def untags_imported() -> Access:
    """Have one be live no longer."""
    live = of_environment("bedrock:UntagResource", on="ImportedModels", tag=OF_ENVIRONMENT)
    tags = {"ForAllValues:StringEquals": {"aws:TagKeys": (OF_ENVIRONMENT, OF_RECIPE)}}
    return replace(live, conditions={**live.conditions, **tags})


def removes_imported() -> tuple[Access, ...]:
    """Find what is live, delete it once it has had its time, and record that it was deleted."""
    return (
        access("bedrock:ListTagsForResource", on="ImportedModels"),
        of_environment("bedrock:DeleteImportedModel", on="ImportedModels", tag=OF_ENVIRONMENT),
        untags_imported(),
        *(replace(each, on=("LedgerOfImported",)) for each in deletes_models()),
    )
