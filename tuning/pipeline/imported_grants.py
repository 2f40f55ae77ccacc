"""What steps may do to imported models that are live: nothing where no recipe imports models, for then the names have
no resource.
"""

from dataclasses import replace

from tuning.pipeline.grants import Access, access
from tuning.pipeline.ledger_grants import deletes_models
from tuning.releases.release_steps import OF_ENVIRONMENT, OF_RECIPE

_OURS_LIVE = {"StringEquals": {f"aws:ResourceTag/{OF_ENVIRONMENT}": "{environment}"}}
"""Those that are live in this environment.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html"""


def untags_imported() -> Access:
    """Have one be live no longer."""
    return Access(
        actions=("bedrock:UntagResource",),
        on=("ImportedModels",),
        conditions={
            **_OURS_LIVE,
            "ForAllValues:StringEquals": {"aws:TagKeys": (OF_ENVIRONMENT, OF_RECIPE)},
        },
    )


def removes_imported() -> tuple[Access, ...]:
    """Find what is live, delete it once it has had its time, and record that it was deleted."""
    return (
        access("bedrock:ListTagsForResource", on="ImportedModels"),
        Access(
            actions=("bedrock:DeleteImportedModel",), on=("ImportedModels",), conditions=_OURS_LIVE
        ),
        untags_imported(),
        *(replace(each, on=("LedgerOfImported",)) for each in deletes_models()),
    )
