"""The line before Bedrock's quota of jobs: who may try next, and how long everyone else waits.

Fairness: of the runs that wait for a job's place, the one whose upload arrived first tries next, and
nobody else. A run waits once Bedrock had no place for it, or while an earlier one waits: as long as
there is room there is no line, however many come at once. One that is still checked, or waits for a
person, holds nobody up. Two uploads of the same second go by their run ids. A run that misses its own
look by more than a quarter of an hour is passed over until it is back, so that one that died in the
line cannot stop it; so is one whose row was lost and made anew, until it looks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from tuning.runs.failures import Failure, failure
from tuning.runs.json_record import Record

_GRACE = timedelta(minutes=15)
_PATIENCE = timedelta(days=7)
_LONGEST = 3600
_BEHIND = 60
_FRONT, _GROWTH = 120, 1.05


@dataclass(frozen=True, kw_only=True)
class Place(Record):
    """Where a run stands in the line. An execution keeps it from one look to the next."""

    since: str
    """When the run first looked for a place, ISO 8601 in UTC."""
    ahead: int = 0
    """Runs that arrived before it and wait as well."""
    tries: int = 0
    """How often it stood first and Bedrock was full."""

    @classmethod
    def after(cls, answer: Mapping[str, Any], *, now: datetime) -> Self:
        """Its place as the last look left it, or the place of a newcomer."""
        return cls.from_json(answer["line"]) if answer.get("line") else cls(since=moment(now))

    def behind(self, ahead: int) -> Self:
        return replace(self, ahead=ahead)

    def full(self) -> Self:
        """It stood first, and there was no place."""
        return replace(self, ahead=0, tries=self.tries + 1)

    @property
    def wait_seconds(self) -> int:
        """Whoever stands far behind looks seldom; whoever stands first looks every two minutes, and
        ever more seldom the longer nothing moves. A week of it is some 220 looks: an execution has
        room for 25,000 events, and each of its steps has a price.
        https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
        """
        if self.ahead:
            return min(_LONGEST, _BEHIND * self.ahead)
        return int(min(_LONGEST, _FRONT * _GROWTH**self.tries))

    def due(self, now: datetime) -> str:
        """Until when the place is kept for it without a further look."""
        return moment(now + timedelta(seconds=self.wait_seconds) + _GRACE)

    def given_up(self, now: datetime, words: str) -> Failure | None:
        """`words` are Bedrock's: the quota of custom models may be meant as well."""
        if now - datetime.fromisoformat(self.since) < _PATIENCE:
            return None
        return failure("quota_full", f"No place among the account's jobs for a week: {words}")


def moment(at: datetime) -> str:
    """To the second, always in the same form, so that texts sort as the moments do."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


def turn(arrived_at: str, run_id: str) -> str:
    """What the line is sorted by."""
    return f"{arrived_at}#{run_id}"
