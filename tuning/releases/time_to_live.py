"""Until when Provisioned Throughput and imported models may exist: the one is billed by the hour, asked or not, the
others by the minute while they are awake.

https://docs.aws.amazon.com/bedrock/latest/userguide/prov-throughput.html
"""

from collections.abc import Callable
from datetime import datetime

from tuning.releases.evaluation_plan import promoting
from tuning.releases.live_model import LiveModel
from tuning.runs.times import utc_time


def is_over(live: LiveModel, now: datetime, *, ended: Callable[[str], bool]) -> bool:
    """Whether what was bought for a recipe is to go: nobody is changing it, and it has had its time, counted
    from the last release of it that succeeded. What a release that was killed has left has that release's.
    """
    change = live.change
    if change and not ended(change.execution):
        return False
    return live.latest is None or now > utc_time(live.latest)


def had_its_time(live: LiveModel, environment: str) -> str:
    """What `tuning releases` and notices say of it."""
    version = live.version or live.stopped
    if live.served_by == "imported":
        return _imported_had_its_time(live, version)
    if version is None:
        return f"{live.recipe}: a release that was stopped left Provisioned Throughput behind; it is removed."
    until = f" at {live.latest}" if live.latest else ""
    return (
        f"{live.recipe} version {version} is not running: its Provisioned Throughput had its time{until}, and is "
        f"removed. {promoting(live.recipe, version, environment)} starts it again."
    )


def _imported_had_its_time(live: LiveModel, version: int | None) -> str:
    if version is None:
        return f"{live.recipe}: a release that was stopped left a model live; it is no longer live."
    return (
        f"{live.recipe} version {version} is live no longer: its imported model had its time at {live.latest}, and is "
        "deleted from Bedrock. Upload it again for a new version, or promote another one."
    )
