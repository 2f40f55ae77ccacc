"""Let as many runs of the queue try as there are job slots, in order of arrival. Once a minute."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from lambdas.apart import Apart
from lambdas.observe import logger, observed
from tuning.aws import slot_queue
from tuning.aws.clients import client
from tuning.runs.function_settings import DispatcherSettings
from tuning.runs.job_queue import Answer, QueuedRun, dispatch

_settings = cache(DispatcherSettings.from_env)
_TAKING_A_SLOT = ("InProgress", "Stopping")


class NotDispatched(Exception):  # noqa: N818 — the alarm's log names it so
    """Runs of the queue that could not be read or answered in this round; the next comes in a minute."""


@observed
def handler(_event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """A run that cannot be read or answered holds up no other."""
    table, apart = _settings().ledger_table, Apart(what="not dispatched")
    if not (items := slot_queue.first(table)):
        return {"answered": []}
    waiting: list[QueuedRun] = []
    for item in items:
        with apart.each(item["pk"]):
            waiting.append(QueuedRun.from_item(item))
    answered = _let_try(waiting, table, apart)
    if missed := [*apart.missed, *apart.unreadable]:
        raise NotDispatched(", ".join(missed))
    return {"answered": answered}


def _let_try(waiting: list[QueuedRun], table: str, apart: Apart) -> list[str]:
    """Answer the next; whoever does not wait any more, or cannot be answered, leaves the slot
    to the next.
    """
    state, jobs, now = slot_queue.state(table), _jobs(), datetime.now(UTC)
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
        waiting = [run for run in waiting if run.run_id in sent or run.run_id not in _ids(new)]
    slot_queue.remember(table, after)
    return sent


def _ids(answers: Iterable[Answer]) -> set[str]:
    return {answer.run_id for answer in answers}


def _jobs() -> int:
    """In progress in this account and Region, of anyone. One that is being stopped counts until it is."""
    pages = client("bedrock").get_paginator("list_model_customization_jobs")
    return sum(
        len(page["modelCustomizationJobSummaries"])
        for status in _TAKING_A_SLOT
        for page in pages.paginate(statusEquals=status)
    )


def _sent(answer: Answer) -> bool:
    """Whether the run was still waiting for it."""
    steps = client("stepfunctions")
    try:
        steps.send_task_success(taskToken=answer.token, output=json.dumps(answer.to_dict()))
    except (
        steps.exceptions.InvalidToken,
        steps.exceptions.TaskDoesNotExist,
        steps.exceptions.TaskTimedOut,
    ) as error:
        # Its execution has died or was stopped, or somebody else has answered: the reconciler's affair.
        logger.info("does not wait any more", run=answer.run_id, words=str(error))
        return False
    return True
