"""`tuning submit`: check a folder as its recipe would, upload it in the right order, follow its run."""

import re
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryFile
from typing import Annotated

import typer
from rich.console import Console

from tuning.cli.account import Account
from tuning.cli.aws_errors import speaks_to_aws
from tuning.cli.chosen_recipe import wanted
from tuning.cli.deployed_options import EnvironmentOption, FormatOption, Region, recipe_option
from tuning.cli.exits import Exit
from tuning.cli.output import answer, say
from tuning.cli.watch_command import begun, follow
from tuning.cli.watched import Watched
from tuning.errors import OptionError
from tuning.reports.text import text
from tuning.runs.preparation import Prepared, prepare
from tuning.runs.readings import Source
from tuning.runs.recipes import Recipe
from tuning.runs.same_data import data_key, same_data
from tuning.runs.uploads import PREFIX, Upload, UploadKind, kind_of, set_named

_KINDS = (UploadKind.TRAINING_SET, UploadKind.VALIDATION_SET, UploadKind.EVALUATION_SET)
_ONE_PUT = 5_000_000_000
"""Bytes of one request: https://docs.aws.amazon.com/AmazonS3/latest/userguide/upload-objects.html"""


@speaks_to_aws
def submit_command(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="With a training set in it.")],
    *,
    recipe: Annotated[str, recipe_option("A deployed recipe; see the folder recipes.")],
    name: Annotated[
        str | None, typer.Option(help="The folder under the recipe's; default: the name of DIR.")
    ] = None,
    wait: Annotated[
        bool, typer.Option("--follow/--no-follow", help="Follow the run to its end.")
    ] = True,
    every: Annotated[float, typer.Option(min=0.2, help="Seconds between two polls.")] = 5,
    environment: EnvironmentOption = "dev",
    region: Region = None,
    shown: FormatOption = "text",
) -> None:
    """Check DIR, upload it, print the run's id and follow the run. Exit 1: refused, and nothing was uploaded.

    The training set is uploaded last: it starts the run, which finds the validation and the evaluation set.
    """
    sets = _sets(folder)
    asked = wanted(None, None, Path(recipe), environment)
    checked = _checked(asked, sets)
    if checked.report.verdict == "refused":
        text(checked.report, Console(stderr=True))
        say(f"{folder}: refused; nothing was uploaded")
        raise SystemExit(Exit.REFUSED)
    account = Account.of(environment, region)
    if again := _same_data(account, asked, checked):
        say(f"{folder}: {again} The run asks for approval before it spends: tuning approve RUN")
    where = f"{PREFIX}{asked.name}/{name or _plain(folder)}/"
    files = [
        *reversed(sets.values())
    ]  # the training set is last: the run reads what is there already
    uploads = [_put(account, where, file) for file in files]
    watched = Watched(account=account, awaited=[uploads[-1]], every_run=False)
    run = begun(watched, every)
    if run is None:
        say(f"{uploads[-1].uri}: uploaded; no run of it was found: tuning why {uploads[-1].uri}")
        raise SystemExit(Exit.FAULT)
    answer(shown, f"run {run}: {uploads[-1].uri}", run=run, uploads=[each.uri for each in uploads])
    if wait:
        follow(watched, every, shown)


def _sets(folder: Path) -> dict[UploadKind, Path]:
    """The training set of a folder, and its validation and evaluation set if it has them. Raises OptionError when it has no training
    set, or several of a kind.
    """
    if not folder.is_dir():
        raise OptionError(
            f"{folder}: must be a folder that holds train.jsonl, or train with another suffix"
        )
    files = sorted(file for file in folder.iterdir() if file.is_file())
    kinds = {file: kind_of(f"{PREFIX}x/{file.name}") for file in files}
    found = {kind: [file for file in files if kinds[file] is kind] for kind in _KINDS}
    if not found[UploadKind.TRAINING_SET]:
        there = ", ".join(file.name for file in files[:10]) or "nothing"
        raise OptionError(f"{folder}: no training set; call it train.jsonl. There is: {there}")
    for kind, named in found.items():
        if len(named) > 1:
            names = ", ".join(file.name for file in named)
            raise OptionError(f"{folder}: {len(named)} {kind}s, {names}; keep one in it")
    sets = {kind: named[0] for kind, named in found.items() if named}
    for file in sets.values():
        if file.stat().st_size > _ONE_PUT:
            raise OptionError(f"{file}: larger than 5 GB, which one request to S3 may not be")
    return sets


def _checked(recipe: Recipe, sets: Mapping[UploadKind, Path]) -> Prepared:
    """The verdict that the environment will come to, but for its limit of size."""
    with ExitStack() as open_files:
        sources = {
            kind: Source(
                name=file.name,
                stream=open_files.enter_context(file.open("rb")),
                copy=open_files.enter_context(TemporaryFile()),
            )
            for kind, file in sets.items()
        }
        return prepare(
            recipe,
            sources[UploadKind.TRAINING_SET],
            sources.get(UploadKind.VALIDATION_SET),
            evaluation=sources.get(UploadKind.EVALUATION_SET),
        )


def _same_data(account: Account, recipe: Recipe, checked: Prepared) -> str | None:
    """Why the run will ask: its data are those of another run."""
    before = account.ledger.trained_on(data_key(recipe, checked.digests))
    return same_data(recipe, account.ledger.read(before) if before else None)


def _plain(folder: Path) -> str:
    """The folder's name as part of a key that is easy to type."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", folder.resolve().name).strip("-.") or "upload"


def _put(account: Account, where: str, file: Path) -> Upload:
    """Under the plain name of its kind: another spelling in the same folder would be a second set."""
    suffix = file.name[file.name.index(".") :].lower()
    upload = account.objects.put_file(f"{where}{set_named(file.name)}{suffix}", file)
    say(f"uploaded {file.name} to {upload.uri}")
    return upload
