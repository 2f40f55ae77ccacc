"""Let as many runs of the queue try as there are job slots, in order of arrival. Once a minute."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from lambdas.apart import Apart
from lambdas.observe import logger, observed
from tuning.aws.customization_jobs import CustomizationJobs
from tuning.aws.executions import answer_task
from tuning.aws.ledger import Ledger, Unreadable
from tuning.aws.slot_queue import SlotQueue
from tuning.runs.job_queue import Answer, QueuedRun, dispatch
from tuning.runs.watching_settings import DispatcherSettings

_settings = cache(DispatcherSettings.from_env)


class NotDispatched(Exception):  # noqa: N818 — the alarm's log names it so
    """Runs of the queue that could not be read or answered in this round; the next comes in a minute."""


@observed
def handler(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """A run that cannot be read or answered holds up no other."""
    queue, apart = (
        SlotQueue(ledger=Ledger(table=_settings().ledger_table)),
        Apart(what="not dispatched"),
    )
    if not (found := queue.first()):
        return {"answered": []}
    apart.unreadable.extend(run.id for run in found if isinstance(run, Unreadable))
    waiting = [run for run in found if isinstance(run, QueuedRun)]
    answered = _let_try(waiting, queue, apart)
    if missed := [*apart.missed, *apart.unreadable]:
        raise NotDispatched(", ".join(missed))
    return {"answered": answered}


def _let_try(waiting: list[QueuedRun], queue: SlotQueue, apart: Apart) -> list[str]:
    """Answer the next; a run that is no longer waiting, or cannot be answered, leaves the slot
    to the next.
    """
    state, jobs, now = queue.state(), CustomizationJobs().taking_slots(), datetime.now(UTC)
    sent: list[str] = []
    while True:
        answers, after = dispatch(waiting, state, jobs=jobs, now=now)
        new = [answer for answer in answers if answer.run_id not in sent]
        if not new:
            break
        for answer in new:
            with apart.each(answer.run_id):
                if _sent(answer):
                    sent.append(answer.run_id)
        waiting = [run for run in waiting if run.id in sent or run.id not in _ids(new)]
    queue.remember(after)
    return sent


def _ids(answers: Iterable[Answer]) -> set[str]:
    return {answer.run_id for answer in answers}


def _sent(answer: Answer) -> bool:
    """Whether the run was still waiting for it."""
    waited = answer_task(answer.token, answer.to_json())
    if not waited:
        # Its execution has died or was stopped, or somebody else has answered: the reconciler's affair.
        logger.info("is no longer waiting", run=answer.run_id)
    return waited
