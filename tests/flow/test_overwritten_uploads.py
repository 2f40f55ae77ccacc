"""Many versions of one object at once, where the recipe has the older ones give way."""

from dataclasses import replace
from uuid import uuid4

from accounts import UNASKED, conversations, new_version, start_run, tuning
from patience import until
from test_money import reached

from tuning.runs.recipes import Limits

GIVES_WAY, TRAINS_EACH = "support-nova-lite", "support-nova-micro"
VERSIONS = 20


def overwritten(world, recipe, about):
    """The runs of an object that is uploaded many times within a few seconds, once all are received."""
    for number in range(VERSIONS):
        body = conversations(f"{about} {number}")
        upload = world.upload(body, f"{recipe}/{about}")
    world.upload(conversations(f"{about} held out", 4), f"{recipe}/{about}", "validation.jsonl")

    def all_ended():
        rows = [row for row in world.account.ledger.runs() if getattr(row, "upload", "") == upload]
        return rows if [bool(row.ended_at) for row in rows] == [True] * VERSIONS else None

    def progress():
        rows = world.account.ledger.runs()
        return [row.state for row in rows if getattr(row, "upload", "") == upload]

    return until(
        lambda: all_ended() or world.dispatch(), f"the runs of {upload} to end", progress=progress
    )


def test_twenty_versions_at_once_are_one_paid_job_and_twenty_answers(world):
    rows = overwritten(world, GIVES_WAY, "overwritten")
    (trained,) = (row for row in rows if row.state == "trained")
    newest = world.client("s3").head_object(
        Bucket=world.account.outputs["DatasetsBucket"],
        Key=f"datasets/{GIVES_WAY}/overwritten/train.jsonl",
    )
    assert trained.run["upload"]["version_id"] == newest["VersionId"]
    gave_way = [row for row in rows if row is not trained]
    assert {row.state for row in gave_way} == {"stopped"}
    assert [row.job_arn for row in gave_way] == [None] * (VERSIONS - 1)
    for row in gave_way:
        assert "of a newer version of the same object" in row.summary
        assert "of a newer version of the same object" in world.notice(row.id)["Message"]


def test_without_the_option_each_of_them_is_trained(world):
    rows = overwritten(world, TRAINS_EACH, "each-trained")
    assert [row.state for row in rows] == ["trained"] * VERSIONS


def version(world, key, about, *, limits=None, supersedes=None):
    """The run of a new version of an object; with limits it asks a person first. Returns its id."""
    run = new_version(world, key, about, limits=limits)
    return start_run(world, replace(run, supersedes=supersedes))


def test_a_request_for_approval_is_withdrawn_when_a_newer_version_comes(world):
    key = f"datasets/canary/asks-{uuid4().hex[:8]}/{UNASKED}"
    first = version(world, key, "Asks", limits=Limits())
    reached(world, first, "awaiting_approval")
    second = version(world, key, "Asks no more", supersedes=first)
    row = reached(world, first, "stopped")
    assert second in row.summary
    assert (row.task_token, row.reservation) == (None, None)
    reached(world, second, "trained")


def waits_for_a_slot(world, run):
    until(
        lambda: (found := world.account.ledger.read(run, secrets=True)) and found.slot_token,
        f"{run} to wait for a job slot",
    )


def test_a_position_in_the_queue_is_given_up_when_a_newer_version_comes(world):
    key = f"datasets/canary/queues-{uuid4().hex[:8]}/{UNASKED}"
    world.instance.add_fault(kind="quota", limit=0)
    try:
        first = version(world, key, "Queues")
        waits_for_a_slot(world, first)
        second = version(world, key, "Queues behind", supersedes=first)
        reached(world, first, "stopped")
        waits_for_a_slot(world, second)
    finally:
        world.instance.clear_faults()
    world.forget_the_slots()
    until(
        lambda: world.account.ledger.read(second).state == "trained" or world.dispatch(),
        "the second to be trained",
        progress=lambda: world.account.ledger.read(second).state,
    )


def test_a_run_of_another_object_is_not_stopped_whatever_an_input_says(world):
    mine, other = (f"datasets/canary/own-{uuid4().hex[:8]}/{name}/{UNASKED}" for name in ("a", "b"))
    asks = version(world, other, "Of another", limits=Limits())
    reached(world, asks, "awaiting_approval")
    thief = version(world, mine, "Of its own", supersedes=asks)
    reached(world, thief, "trained")
    assert world.account.ledger.read(asks).stop_asked is None
    assert tuning(world, "reject", asks).returncode == 0
