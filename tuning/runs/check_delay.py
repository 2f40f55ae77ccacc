"""What a run waits for before its check: other uploads that belong to it."""

from datetime import datetime, timedelta

from tuning.runs.run import Run
from tuning.runs.times import utc_time

SETTLE = timedelta(minutes=1)
"""Versions of an object that are uploaded one after the other within it are seen before the first is checked,
where the older one gives way. Events come within seconds as a rule.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventBridge.html"""


def waits_until(run: Run, now: datetime, *, has_validation: bool) -> datetime | None:
    """Until when the check of the run waits, at the moment `now` (aware, UTC); None: it need not."""
    recipe = run.recipe
    grace = timedelta(minutes=0 if has_validation else recipe.wait_for_validation_minutes)
    delay = max(grace, SETTLE if recipe.supersede else grace)
    until = utc_time(run.upload.arrived_at) + delay
    return until if delay and until > now else None
