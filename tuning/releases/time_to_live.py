"""Until when Provisioned Throughput may exist: it is billed by the hour, asked or not.

https://docs.aws.amazon.com/bedrock/latest/userguide/prov-throughput.html
"""

from collections.abc import Callable
from datetime import datetime

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
    """What is said of it, to whoever asks what is live and in a notice."""
    version = live.version or live.stopped
    if version is None:
        return (
            f"{live.recipe}: a release that was ended left Provisioned Throughput; it is removed."
        )
    until = f" at {live.latest}" if live.latest else ""
    return (
        f"{live.recipe} version {version} is not running: its Provisioned Throughput had its time{until}, and is "
        f"removed. tuning promote {live.recipe} {version} -e {environment} starts it again."
    )
