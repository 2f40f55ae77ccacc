"""What a month may cost: the ledger's rows that count it."""

_PREFIX = "budget#"


def is_budget(pk: str) -> bool:
    """Whether a row of the ledger counts a month's money, and is no run."""
    return pk.startswith(_PREFIX)
