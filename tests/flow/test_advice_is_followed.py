"""Commands that a notice prints, typed as they are printed."""

import os
import re
import subprocess
from datetime import UTC, datetime

from accounts import conversations, tuning
from patience import until
from person import AWS, awscli

from tuning.runs.validation_sets import GRACE, fate

RECIPE = "support-nova-micro"


def printed(words, beginning):
    """The command at the end of a line of a notice."""
    (line,) = (line for line in words.splitlines() if beginning in line)
    return line[line.index(beginning) :]


def test_a_misnamed_training_set_is_renamed_as_its_notice_says(world, tmp_path):
    """With a space in its folder, which the command quotes."""
    program = tmp_path / "aws"
    program.write_text(AWS.replace("@AWSCLI@", awscli()), encoding="utf-8")
    program.chmod(0o755)
    uri = world.upload(conversations("Misnamed"), f"{RECIPE}/mis named", "my_data.jsonl")
    refused = world.ended(uri)
    command = printed(world.notice(refused.id)["Message"], "aws s3 mv ")
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(  # noqa: S603 — as the notice has it
        ["/bin/bash", "-c", command],
        env={**os.environ, **world.instance.client_environment(), "PATH": path},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    row = world.ended(uri.replace("my_data", "train"))
    assert row.state == "trained"


def test_a_late_validation_set_is_trained_with_as_its_notice_says(world):
    """The words are those that the reconciler sends an hour later."""
    folder = f"{RECIPE}/late-advice"
    upload = world.upload(conversations("Late advice"), folder)
    first = world.ended(upload)
    late = world.upload(conversations("Late held out", 4), folder, "validation.jsonl")
    key = re.sub(r"^s3://[^/]*/", "", late)
    version, _ = world.account.objects.version(key, None)
    became, words = fate(version, first, datetime.now(UTC) + 2 * GRACE)
    assert became == "unread"
    command = printed(words, "tuning retrain ").split()
    done = tuning(world, *command[1:])
    assert done.returncode == 0, done.stderr

    def again():
        rows = [row for row in world.account.ledger.runs() if getattr(row, "upload", "") == upload]
        return next((row for row in rows if row.id != first.id and row.ended_at), None)

    row = until(again, "the run of the new version to end")
    assert (row.state, row.dataset.validation_version) == ("trained", version.version_id)


def test_retraining_the_same_data_by_the_same_recipe_asks_first(world):
    upload = world.upload(conversations("Retrained"), f"{RECIPE}/retrained")
    first = world.ended(upload)
    assert tuning(world, "retrain", first.id).returncode == 0

    def asks():
        rows = [row for row in world.account.ledger.runs() if getattr(row, "upload", "") == upload]
        return next((row for row in rows if row.id != first.id and row.task_token), None)

    row = until(asks, "the run of the new version to ask")
    assert f"Run {first.id} was trained" in row.approval_reason
    assert tuning(world, "reject", row.id).returncode == 0
