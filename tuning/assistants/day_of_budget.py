"""Where the table of budgets has what an assistant cost in a day, and how often a caller asked."""

import hashlib
from datetime import datetime

OF_ASSISTANTS = "assistant#"
COMMITTED, SPENT, OPEN_REQUESTS = "committed", "spent", "open_requests"
MINUTE, ASKED = "in_minute", "asked"
DAY_ATTRIBUTES = (COMMITTED, SPENT, OPEN_REQUESTS)
CALLER_ATTRIBUTES = (MINUTE, ASKED)


def day_key(assistant: str, now: datetime) -> str:
    """Of a day of UTC, such as `assistant#support#day#2026-11-30`."""
    return f"{OF_ASSISTANTS}{assistant}#day#{now:%Y-%m-%d}"


def caller_key(assistant: str, caller: str) -> str:
    """One item for each caller, however long; who they are is not in it."""
    return f"{OF_ASSISTANTS}{assistant}#caller#{hashlib.sha256(caller.encode()).hexdigest()[:32]}"


def own_keys(assistant: str) -> str:
    """A pattern of IAM's: no other assistant's name goes on after its `#`."""
    return f"{OF_ASSISTANTS}{assistant}#*"
