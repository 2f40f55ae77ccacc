"""Uploads in one go on the emulator: is each accounted for, how long does it take, how much memory?

`python -m benchmarks.thousand_uploads`, beside the others because it takes minutes: an emulated account is
started, `dev` is deployed to it, and datasets are put at once. Figures go to docs/reliability.md by hand.

Jobs of an instant seldom fill the quota, so hardly anyone waits. Hundreds of runs in line, each of which looks
a hundred times as often as on AWS, would leave two cores no time for anything else: the line has a test of its
own, with a hundred runs.
"""

import argparse
import itertools
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from emulator import Instance, running
from emulator.deploy import Deployer
from tuning.cli.account import Account

RECIPE = "support-nova-micro"
RECORD = (
    '{"schemaVersion": "bedrock-conversation-2024", "messages": ['
    '{"role": "user", "content": [{"text": "Upload %d, question %d?"}]}, '
    '{"role": "assistant", "content": [{"text": "Answer %d."}]}]}\n'
)
PATIENCE_SECONDS = 3600
SECONDS_BETWEEN_LOOKS = 5  # the emulator shares the machine with who asks it
ENDS = ("trained", "refused", "failed", "stopped")


def main(count: int, quota: int) -> None:
    with running(phase_seconds=0.05, wait_scale=0.01, quota=quota) as instance:
        deployer = Deployer(instance=instance, say=lambda _line: None)
        deployer.bootstrap(["us-east-1"])
        outputs = deployer.deploy(["dev/*"])["dev-Training"]
        account = Account(client=deployer.client, outputs=outputs)
        began = time.monotonic()
        uploads = upload(account, count)
        print(f"{count} uploads in {time.monotonic() - began:.0f} s", flush=True)
        peak = wait(account, instance, uploads, began)
        report(account, uploads)
        print(f"{time.monotonic() - began:.0f} s from the first upload to the last end")
        print(f"peak memory of the emulator and its functions: {peak / 1024:,.0f} MB")


def upload(account: Account, count: int) -> set[str]:
    s3, bucket = account.client("s3"), account.outputs["DatasetsBucket"]

    def put(number: int) -> str:
        key = f"datasets/{RECIPE}/{number}/train.jsonl"
        body = "".join(RECORD % (number, line, line) for line in range(10))
        s3.put_object(Bucket=bucket, Key=key, Body=body.encode())
        return f"s3://{bucket}/{key}"

    with ThreadPoolExecutor(8) as uploaders:
        return set(uploaders.map(put, range(count)))


def wait(account: Account, instance: Instance, uploads: set[str], began: float) -> int:
    """Until all have ended; returns the most memory that was seen, in KB."""
    peak, over = 0, threading.Event()
    while not over.wait(SECONDS_BETWEEN_LOOKS):
        peak = max(peak, memory(instance.pid))
        states = Counter(run.state for run in account.ledger.runs() if run.upload in uploads)
        passed = time.monotonic() - began
        print(f"{passed:5.0f} s {peak // 1024:6,} MB {dict(states)}", flush=True)
        if sum(states[state] for state in ENDS) >= len(uploads) or passed > PATIENCE_SECONDS:
            over.set()
    return peak


def report(account: Account, uploads: set[str]) -> None:
    runs = [run for run in account.ledger.runs() if run.upload in uploads]
    jobs = Counter(run.job_arn for run in runs if run.job_arn)
    print(f"runs {len(runs)}, outcomes {dict(Counter(run.state for run in runs))}")
    print(f"uploads without a run {len(uploads - {run.upload for run in runs})}")
    print(f"jobs {len(jobs)}, of more than one run {sum(n > 1 for n in jobs.values())}")
    print(f"most in progress at once {most_at_once(account)}")
    letters = account.client("sqs").get_queue_attributes(
        QueueUrl=account.outputs["DeadLetters"], AttributeNames=["ApproximateNumberOfMessages"]
    )
    print(f"dead letters {letters['Attributes']['ApproximateNumberOfMessages']}")


def most_at_once(account: Account) -> int:
    pages = account.client("bedrock").get_paginator("list_model_customization_jobs")
    jobs = [j for page in pages.paginate() for j in page["modelCustomizationJobSummaries"]]
    moves = [(job["creationTime"], 1) for job in jobs] + [(job["endTime"], -1) for job in jobs]
    return max(itertools.accumulate(step for _, step in sorted(moves)))


def memory(server: int) -> int:
    """KB of a process and its children; what they share is counted once."""
    family = [server]
    for thread in Path(f"/proc/{server}/task").iterdir():
        with suppress(FileNotFoundError):  # it has ended
            family += map(int, (thread / "children").read_text("ascii").split())
    return sum(map(_proportional, family))


def _proportional(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines()
    except OSError:  # it has ended
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1000, help="uploads")
    parser.add_argument("--quota", type=int, default=10, help="jobs in progress")
    main(**vars(parser.parse_args()))
