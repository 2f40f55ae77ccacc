"""An account with job slots, and runs that wait for one, minute by minute: the dispatcher is real."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from msgspec import structs

from tuning.runs.job_queue import MOST_WAITING, SHOWN, QueuedRun, QueueState, dispatch
from tuning.runs.times import instant, moment

START = datetime(2026, 11, 23, 7, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Account:
    slots: int
    job_hours: float
    others: int = 0
    """Jobs of other people, which take slots for `others_hours` from the beginning."""
    others_hours: float = 0
    changes: Mapping[int, int] = field(default_factory=dict)
    """After so many hours, so many slots."""

    def slots_at(self, minute: int) -> int:
        slots = self.slots
        for hours, changed in self.changes.items():
            if minute >= hours * 60:
                slots = changed
        return slots


@dataclass(kw_only=True)
class Reported:
    trained: int = 0
    given_up: int = 0
    turned_away: int = 0
    """Those for which the queue was too long already."""
    order: list[int] = field(default_factory=list)
    """The runs as their jobs started."""
    tries: Counter[int] = field(default_factory=Counter)
    most_at_once: int = 0
    rounds: int = 0
    days: float = 0


def live(
    account: Account, *, runs: int, most_days: int, stop_at_days: int | None = None
) -> Reported:
    """All arrive at once and were refused once; each round is a minute. Until all have ended."""
    reported, state = Reported(), QueueState()
    first, refused = moment(START), instant(START - timedelta(seconds=30))
    waiting = {
        n: _queued(n, first, refused if n < SHOWN else None) for n in range(min(runs, MOST_WAITING))
    }
    reported.turned_away = runs - len(waiting)
    ends: list[int] = []
    for minute in range((stop_at_days or most_days) * 24 * 60):
        now = START + timedelta(minutes=minute)
        ends = [end for end in ends if end > minute]
        others = account.others if minute < account.others_hours * 60 else 0
        if not waiting and not ends:
            break
        reported.days = minute / 24 / 60
        if not waiting:
            continue
        reported.rounds += 1
        head = [waiting[n] for n in list(waiting)[:SHOWN]]
        answers, state = dispatch(head, state, jobs=len(ends) + others, now=now)
        for answer in answers:
            number = int(answer.run_id)
            reported.tries[number] += 1
            if len(ends) + others < account.slots_at(minute):
                del waiting[number]
                ends.append(minute + int(account.job_hours * 60))
                reported.trained += 1
                reported.order.append(number)
            elif answer.last_try:
                del waiting[number]
                reported.given_up += 1
            else:
                waiting[number] = structs.replace(
                    waiting[number], refused_at=instant(now + timedelta(seconds=2))
                )
        reported.most_at_once = max(reported.most_at_once, len(ends) + others)
    return reported


def _queued(number: int, since: str, refused: str | None) -> QueuedRun:
    name = str(number)
    return QueuedRun(id=name, slot_token=name, queued_at=since, refused_at=refused)
