"""What executions of the first version are answered, whose state machine polls for a job slot.

They were started before the queue had a dispatcher, and end by the definition they were started with.
To be removed once the oldest of them has reached its timeout of 21 days.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tuning.runs.failures import failure
from tuning.runs.job_queue import PATIENCE
from tuning.runs.jobs import JobStart
from tuning.runs.times import moment

_PAUSE = timedelta(minutes=10)
"""A week of it is a thousand polls: an execution has room for 25,000 events, a poll takes ten.
https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""


def answer_poll(start: JobStart, before: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """`before` is the answer to the poll before this one, as either version gave it."""
    since = (before.get("line") or {}).get("since") or moment(now)
    if now - datetime.fromisoformat(since) >= PATIENCE:
        words = start.failure.message if start.failure else "others are first"
        why = f"No job slot for {PATIENCE.days} days: {words}"
        return JobStart(state="failed", failure=failure("quota_full", why)).to_json()
    line = {"since": since, "ahead": 0, "tries": 0}
    seconds = int(_PAUSE.total_seconds())
    return {**start.to_json(), "state": "no_room", "line": line, "wait_seconds": seconds}
