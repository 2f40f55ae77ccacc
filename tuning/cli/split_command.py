"""`tuning split`: training, validation and evaluation from one dataset, no question on two sides."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer

from tuning.cli.conversion_output import print_advice, refused
from tuning.cli.deployed_options import FormatOption, model_option
from tuning.cli.exits import Exit
from tuning.cli.output import Shown, draft, free, print_json, say
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
from tuning.datasets.convert.sources.json_files import REWRITTEN
from tuning.datasets.convert.tried_commands import Advice, read_first
from tuning.datasets.split import Sides, SplitRule, copy, sides
from tuning.errors import SplitError
from tuning.models.catalog import catalog
from tuning.reports.scale import count

_SETS = ("train", "validation", "evaluation")
_OWN = frozenset({"--from", "--map", "--drop"})


def split_command(  # noqa: PLR0913 — one parameter an option; typer reads them from here
    path: Annotated[Path, typer.Argument(help="A dataset with one record a line.")],
    *,
    validation: Annotated[
        float, typer.Option(help="Share of the prompts for validation, such as 0.1.")
    ] = 0.1,
    evaluation: Annotated[
        float, typer.Option(help="Share of the prompts for an evaluation set, such as 0.1.")
    ] = 0.0,
    seed: Annotated[int, typer.Option(help="Another seed, another split.")] = 0,
    model: Annotated[str | None, model_option("Respect this base model's limits.")] = None,
    source: SourceOption = None,
    mapping: Mapping = None,
    drop: Drop = None,
    max_unpacked_mb: MaxUnpacked = MAX_UNPACKED,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for train.jsonl and the others; default: beside PATH."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the outputs.")] = False,
    shown: FormatOption = "text",
) -> None:
    """Split by hash of the normalised prompt: duplicates and near-duplicates stay together."""
    rule = _rule(validation, evaluation, seed, model)
    folder = out or path.resolve().parent
    names = _SETS if evaluation else _SETS[:2]
    places = [folder / f"{name}.jsonl" for name in names]
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
    with path.open("rb") as stream, ExitStack() as stack:
        drafts = [stack.enter_context(draft(place, force=force, inputs=[path])) for place in places]
        copy(stream, decided, [each.file for each in drafts])
        for each in drafts:
            each.keep()
    _print(decided, rule, places, shown)


def _rule(share: float, evaluation: float, seed: int, model: str | None) -> SplitRule:
    if model is None:
        return SplitRule(share=share, evaluation=evaluation, seed=seed)
    known = catalog().model(model)
    method = known.methods.get("FINE_TUNING") or next(iter(known.methods.values()))
    return SplitRule.of_model(share, seed, known, method, evaluation=evaluation)


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
    elif summary.container == "jsonl" and REWRITTEN.isdisjoint(summary.changed):
        return decided
    else:
        kind = "not one record a line" if summary.container == "jsonl" else summary.container
        say(f"tuning: {path}: is {kind}; a split copies lines, so convert it first")
    print_advice(_advice(path, command, model, whole=not summary.counts))
    raise SystemExit(Exit.REFUSED if summary.counts else Exit.USAGE)


def _advice(path: Path, command: Command, model: str | None, *, whole: bool) -> Advice:
    """The split with other options, or the conversion that has to come before it."""
    to = ("--model", model) if model else ("--to", "converse")
    own = frozenset() if whole else _OWN
    return read_first(command, lambda: path.open("rb"), name=str(path), own=own, to=to)


def _print(decided: Sides, rule: SplitRule, places: Sequence[Path], shown: Shown) -> None:
    counts = decided.counts
    if shown == "json":
        document = {
            "seed": rule.seed,
            "prompts": decided.prompts,
            **{
                place.stem: {"path": str(place), "records": records}
                for place, records in zip(places, counts, strict=False)
            },
        }
        print_json(document, indent=2)
        return
    total = sum(counts)
    say(f"{count(total, 'record')}, {count(decided.prompts, 'different prompt')}, seed {rule.seed}")
    say(f"  {counts[0]:>8} to {places[0]}")
    for place, records in zip(places[1:], counts[1:], strict=False):
        say(f"  {records:>8} to {place} ({records / total:.1%})")
