"""The process of one function is killed while it is at work, three times, in each step of a run."""

import os
import signal
import threading
from pathlib import Path

import pytest
from accounts import conversations

RECIPE = "support-nova-micro"
KILLS = 3
"""A message is put aside after five receives, a step is given up after nine tries."""
STEPS = (
    *("ReceiveUpload", "PrepareDataset", "AuthorizeSpend", "StartTraining"),
    *("TrackTraining", "CollectResults", "SettleSpend"),
)


def processes(server, function):
    """Of the server's children, those that run this function."""
    found = set()
    for child in Path(f"/proc/{server}/task").glob("*/children"):
        for pid in child.read_text("utf-8").split():
            try:
                environment = Path(f"/proc/{pid}/environ").read_bytes()
            except OSError:  # it is gone already
                continue
            if f"AWS_LAMBDA_FUNCTION_NAME=dev-Training-{function}".encode() in environment:
                found.add(int(pid))
    return found


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def killing(server, function, over):
    """Kill every new process: it was made for an invocation. Each lives a little longer than the last."""
    killed = set()
    while len(killed) < KILLS and not over.wait(0.01):
        for pid in processes(server, function) - killed:
            over.wait(0.5 * len(killed))
            if kill(pid):
                killed.add(pid)
    return killed


@pytest.mark.parametrize("step", STEPS)
def test_a_run_ends_with_one_job_though_its_function_dies(world, step):
    for idle in processes(world.instance.pid, step):
        kill(idle)
    over, killed = threading.Event(), []
    killer = threading.Thread(target=lambda: killed.extend(killing(world.instance.pid, step, over)))
    killer.start()
    try:
        upload = world.upload(conversations(f"Dies {step}"), f"{RECIPE}/dies-{step}")
        row = world.ended(upload)
    finally:
        over.set()
        killer.join()
    assert killed
    assert row["state"] == "trained"
    jobs = world.client("bedrock").list_model_customization_jobs(nameContains=row["pk"][:20])
    assert len(jobs["modelCustomizationJobSummaries"]) == 1
    died = [
        event["taskFailedEventDetails"]["error"]
        for event in world.account.events(row["pk"])
        if event["type"] == "TaskFailed"
    ]
    assert set(died) == (set() if step == "ReceiveUpload" else {"Runtime.ExitError"})
