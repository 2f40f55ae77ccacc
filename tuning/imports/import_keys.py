"""Where the functions of an import write, in the bucket of weights."""

MERGED = "merged/"
"""Only functions write under it, and what it holds expires."""


def plan_key(import_id: str) -> str:
    return f"{MERGED}{import_id}/plan.json"


def group_key(import_id: str, group: int) -> str:
    return f"{MERGED}{import_id}/groups/{group}.json"


def model_prefix(import_id: str) -> str:
    """The folder that Bedrock imports."""
    return f"{MERGED}{import_id}/model/"
