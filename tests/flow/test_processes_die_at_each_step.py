"""The process of one function is killed while it is at work, three times, in each step of a run."""

import os
import signal
import threading
from pathlib import Path

import pytest
from accounts import conversations

from tuning.pipeline.manifest import of_kind

RECIPE = "support-nova-micro"
KILLS = 3
"""A message is put aside after five receives, a step is given up after nine tries."""
ATTEMPTS = 8
STEPS = [step.construct_id for step in of_kind("consumer", "task")]


def processes(server, function):
    """Of the server's children, those that run this function."""
    children = (
        pid
        for thread in Path(f"/proc/{server}/task").glob("*/children")
        for pid in _read(thread).split()
    )
    named = f"AWS_LAMBDA_FUNCTION_NAME=dev-Training-{function}".encode()
    return {int(pid) for pid in children if named in _read(Path(f"/proc/{int(pid)}/environ"))}


def _read(of_a_process):
    """What /proc has; nothing once the process, or the thread, is gone."""
    try:
        return of_a_process.read_bytes()
    except OSError:
        return b""


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def killing(server, function, over, wait):
    """Kill every new process: it was made for an invocation. Each lives a little longer than the last."""
    killed = set()
    while len(killed) < KILLS and not over.wait(0.01):
        for pid in processes(server, function) - killed:
            over.wait(wait + 0.5 * len(killed))
            if kill(pid):
                killed.add(pid)
    return killed


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
    server = world.instance.pid
    for idle in processes(server, step):
        kill(idle)
    over, killed = threading.Event(), []
    killer = threading.Thread(
        target=lambda: killed.extend(killing(server, step, over, 0.1 * attempt))
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
