"""The process of one function is killed while it is at work, three times, in each step of a run."""

import threading

import pytest
from accounts import conversations
from killed_processes import kill, killing, processes

from tuning.pipeline.manifest import of_kind

RECIPE = "support-nova-micro"
KILLS = 3
"""A message is put aside after five receives, a step is given up after nine tries."""
ATTEMPTS = 8
STEPS = [step.construct_id for step in of_kind("consumer", "task")]


@pytest.mark.parametrize("step", STEPS)
def test_a_run_ends_with_one_job_though_its_function_dies(world, step):
    """A kill may miss the moment at which the function is at work; then there is another run."""
    died = []
    for attempt in range(ATTEMPTS):
        died = _errors_of_a_run_under_fire(world, step, attempt)
        if died or step == "ReceiveUpload":
            break
    assert set(died) == (set() if step == "ReceiveUpload" else {"Runtime.ExitError"})


def _errors_of_a_run_under_fire(world, step, attempt):
    server, function = world.instance.pid, f"dev-Training-{step}"
    for idle in processes(server, function):
        kill(idle)
    over, killed = threading.Event(), []
    killer = threading.Thread(
        target=lambda: killed.extend(killing(server, function, over, 0.1 * attempt, KILLS))
    )
    killer.start()
    try:
        data = conversations(f"Dies {step} {attempt}")
        row = world.ended(world.upload(data, f"{RECIPE}/dies-{step}-{attempt}"))
    finally:
        over.set()
        killer.join()
    assert killed
    assert row.state == "trained"
    jobs = world.client("bedrock").list_model_customization_jobs(nameContains=row.id[:20])
    assert len(jobs["modelCustomizationJobSummaries"]) == 1
    return [
        event["taskFailedEventDetails"]["error"]
        for event in world.account.executions.history(row.id)
        if event["type"] == "TaskFailed"
    ]
