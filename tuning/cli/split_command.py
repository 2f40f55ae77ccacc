"""`tuning split`: training and validation from one dataset, no question on both sides."""

import json
from pathlib import Path
from typing import Annotated

import typer

from tuning.cli import completions
from tuning.cli.conversion_output import print_advice, refused
from tuning.cli.exits import Exit
from tuning.cli.output import Shown, draft, free, say
from tuning.cli.reading_options import (
    MAX_UNPACKED,
    Drop,
    Mapping,
    MaxUnpacked,
    ReadingOptions,
    SourceOption,
    unpacking,
)
from tuning.datasets.convert.command import Command
from tuning.datasets.convert.tried_commands import Advice, read_first
from tuning.datasets.split import Sides, SplitRule, copy, sides
from tuning.errors import SplitError
from tuning.models.catalog import catalog
from tuning.reports.scale import count

_OWN = frozenset({"--from", "--map", "--drop"})


def split_command(  # noqa: PLR0913 — one parameter an option; typer reads them from here
    path: Annotated[Path, typer.Argument(help="A dataset with one record a line.")],
    *,
    validation: Annotated[
        float, typer.Option(help="Share of the prompts for validation, such as 0.1.")
    ] = 0.1,
    seed: Annotated[int, typer.Option(help="Another seed, another split.")] = 0,
    model: Annotated[
        str | None,
        typer.Option(
            help="Respect what this base model takes.", autocompletion=completions.complete_models
        ),
    ] = None,
    source: SourceOption = None,
    mapping: Mapping = None,
    drop: Drop = None,
    max_unpacked_mb: MaxUnpacked = MAX_UNPACKED,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for train.jsonl and validation.jsonl; default: beside PATH."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the outputs.")] = False,
    shown: Annotated[Shown, typer.Option("--format", help="What to print.")] = "text",
) -> None:
    """Split by hash of the normalised prompt: duplicates and near-duplicates stay together."""
    rule = _rule(validation, seed, model)
    folder = out or path.resolve().parent
    places = (folder / "train.jsonl", folder / "validation.jsonl")
    for place in places if folder.is_dir() else ():
        free(place, force=force, inputs=[path])
    command = Command(
        path=str(path),
        options=ReadingOptions(source=source, mapping=mapping, drop=drop).options,
        program="tuning split",
    )
    try:
        with unpacking(max_unpacked_mb) as limit:
            decided = _decide(path, rule, command, limit, model)
    except SplitError as error:
        say(f"tuning: {path}: {error}")
        raise SystemExit(Exit.REFUSED) from None
    folder.mkdir(parents=True, exist_ok=True)
    with (
        path.open("rb") as stream,
        draft(places[0], force=force, inputs=[path]) as train,
        draft(places[1], force=force, inputs=[path]) as held_out,
    ):
        copy(stream, decided, train.file, held_out.file)
        train.keep()
        held_out.keep()
    _print(decided, rule, places, shown)


def _rule(share: float, seed: int, model: str | None) -> SplitRule:
    if model is None:
        return SplitRule(share=share, seed=seed)
    known = catalog().model(model)
    method = known.methods.get("FINE_TUNING") or next(iter(known.methods.values()))
    return SplitRule.of_model(share, seed, known, method)


def _decide(path: Path, rule: SplitRule, command: Command, limit: int, model: str | None) -> Sides:
    with path.open("rb") as stream:
        reading = command.conversion(stream, name=str(path), limit=limit)
        try:
            decided = sides((record for _, record in reading.records()), rule)
        except SplitError:
            if not reading.summary.counts:
                raise
        summary = reading.summary
    if summary.counts:
        refused(summary)
    elif summary.container == "jsonl":
        return decided
    else:
        say(f"tuning: {path}: is {summary.container}; a split copies lines, so convert it first")
    print_advice(_advice(path, command, model, whole=not summary.counts))
    raise SystemExit(Exit.REFUSED if summary.counts else Exit.USAGE)


def _advice(path: Path, command: Command, model: str | None, *, whole: bool) -> Advice:
    """The split with other options, or the conversion that has to come before it."""
    to = ("--model", model) if model else ("--to", "converse")
    own = frozenset() if whole else _OWN
    return read_first(command, lambda: path.open("rb"), name=str(path), own=own, to=to)


def _print(decided: Sides, rule: SplitRule, places: tuple[Path, Path], shown: Shown) -> None:
    train, held_out = decided.counts
    if shown == "json":
        document = {
            "seed": rule.seed,
            "prompts": decided.prompts,
            "train": {"path": str(places[0]), "records": train},
            "validation": {"path": str(places[1]), "records": held_out},
        }
        print(json.dumps(document, indent=2))  # noqa: T201 — what the user asked for
        return
    share = held_out / (train + held_out)
    say(
        f"{count(train + held_out, 'record')}, {count(decided.prompts, 'different prompt')}, seed {rule.seed}"
    )
    say(f"  {train:>8} to {places[0]}")
    say(f"  {held_out:>8} to {places[1]} ({share:.1%})")
