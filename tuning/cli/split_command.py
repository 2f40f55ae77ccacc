"""`tuning split`: training and validation from one dataset, no question on both sides."""

import json
from pathlib import Path
from typing import Annotated

import typer

from tuning.cli.conversion_output import refused
from tuning.cli.exits import Exit
from tuning.cli.output import Shown, draft, free, say
from tuning.datasets.convert import conversion
from tuning.datasets.convert.conversion import Conversion
from tuning.datasets.split import Rule, Sides, copy, sides
from tuning.errors import OptionError, SplitError
from tuning.models.catalog import catalog


def split(
    path: Annotated[Path, typer.Argument(help="A dataset with one record a line.")],
    *,
    validation: Annotated[
        float, typer.Option(help="Share of the prompts for validation, such as 0.1.")
    ] = 0.1,
    seed: Annotated[int, typer.Option(help="Another seed, another split.")] = 0,
    model: Annotated[str | None, typer.Option(help="Respect what this base model takes.")] = None,
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
    try:
        decided = _decide(path, rule)
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
    _tell(decided, rule, places, shown)


def _rule(share: float, seed: int, model: str | None) -> Rule:
    if model is None:
        return Rule(share=share, seed=seed)
    known = catalog().model(model)
    method = known.methods.get("FINE_TUNING") or next(iter(known.methods.values()))
    return Rule.of_model(share, seed, known, method)


def _decide(path: Path, rule: Rule) -> Sides:
    with path.open("rb") as stream:
        reading = conversion.convert(stream, name=str(path))
        decided = sides((record for _, record in reading.records()), rule)
    _one_record_a_line(reading, path)
    return decided


def _one_record_a_line(reading: Conversion, path: Path) -> None:
    summary = reading.summary
    if summary.counts:
        refused(summary)
        raise SystemExit(Exit.REFUSED)
    if summary.container != "jsonl":
        raise OptionError(
            f"{path}: is {summary.container}; a split copies lines: `tuning convert` it first"
        )


def _tell(decided: Sides, rule: Rule, places: tuple[Path, Path], shown: Shown) -> None:
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
    say(f"{train + held_out} records, {decided.prompts} different prompts, seed {rule.seed}")
    say(f"  {train:>8} to {places[0]}")
    say(f"  {held_out:>8} to {places[1]} ({share:.1%})")
