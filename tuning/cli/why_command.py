"""`tuning why`: what became of an object that was uploaded."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from tuning.cli.account import Account
from tuning.cli.aws_errors import speaks_to_aws
from tuning.cli.deployed_options import EnvironmentOption, FormatOption, Region
from tuning.cli.exits import Exit
from tuning.cli.output import answer
from tuning.errors import OptionError
from tuning.runs.object_history import Left
from tuning.runs.object_history import why as explained

_SCHEME = "s3://"


@speaks_to_aws
def why_command(
    uri: Annotated[str, typer.Argument(metavar="S3_URI", help="Such as s3://BUCKET/datasets/….")],
    *,
    version: Annotated[
        str | None, typer.Option(help="Its version id; default: the newest.")
    ] = None,
    environment: EnvironmentOption = "dev",
    region: Region = None,
    shown: FormatOption = "text",
) -> None:
    """Say what became of an uploaded object: its run, a refusal, or why there is neither. Exit 1: neither."""
    account = Account.of(environment, region)
    left = left_of(account, key_of(account, uri), version)
    found = explained(left, datetime.now(UTC))
    of = left.upload.version_id if left.upload else version
    words = f"{uri}: {found.summary}{' ' if found.next else ''}{found.next}"
    if left.hidden:
        words += " It has since been deleted by name; a run reads the version that was uploaded."
    run = left.run_id or (left.reader.id if left.reader else None)
    answer(shown, words, object=uri, version=of, fate=found.fate, run=run, next=found.next)
    raise SystemExit(Exit.DONE if found.known else Exit.REFUSED)


def key_of(account: Account, uri: str) -> str:
    """Raises OptionError for what is not an object of the environment's datasets bucket."""
    bucket, _, key = uri.removeprefix(_SCHEME).partition("/")
    if not uri.startswith(_SCHEME) or not key:
        raise OptionError(f"{uri}: must be the URI of an object, such as s3://BUCKET/datasets/…")
    if bucket != account.outputs["DatasetsBucket"]:
        ours = account.outputs["DatasetsBucket"]
        raise OptionError(f"{uri}: not in the bucket of datasets, {ours}; nothing starts elsewhere")
    return key


def left_of(account: Account, key: str, version: str | None) -> Left:
    """What the account has of a version: events, queue, dead letters, ledger and executions."""
    upload, hidden = account.objects.version(key, version)
    if upload is None:
        return Left(key=key, upload=None, hidden=hidden)
    ledger = account.ledger
    if run_id := ledger.became(upload):
        record = ledger.read(run_id)
        newest = account.executions.described(record.last_execution if record else run_id)
        status = newest.status if newest else None
        return Left(
            key=key, upload=upload, hidden=hidden, run_id=run_id, record=record, execution=status
        )
    if upload.is_held_out and (kept := ledger.validation_set(upload)):
        reader = ledger.newest_of_its_folder(upload)
        return Left(
            key=key,
            upload=upload,
            hidden=hidden,
            reading="open" if kept.open else "closed",
            reader=reader,
        )
    if upload.is_empty_folder:
        return Left(key=key, upload=upload, hidden=hidden)
    sends = account.objects.sends_events()
    return Left(
        key=key,
        upload=upload,
        hidden=hidden,
        dead_letters=account.dead_letters.about(key, upload.version_id),
        queued=account.dead_letters.waiting(),
        broken=() if sends else ("the bucket sends no events to EventBridge",),
    )
