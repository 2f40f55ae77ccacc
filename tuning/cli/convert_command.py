"""`tuning convert`: a dataset in any known dialect, as the format that a model takes."""

import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Annotated

import typer

from tuning.cli import completions
from tuning.cli.conversion_output import Done, print_conversion
from tuning.cli.deployed_options import FormatOption, model_option
from tuning.cli.exits import Exit
from tuning.cli.output import Shown, draft
from tuning.cli.reading_options import (
    MAX_UNPACKED,
    MaxUnpacked,
    ReadingOptions,
    reads_a_dataset,
    unpacking,
)
from tuning.datasets.convert.checked import Places, checked
from tuning.datasets.convert.command import Command
from tuning.datasets.convert.conversion import Summary
from tuning.datasets.convert.conversion_refusals import Option
from tuning.datasets.convert.detect import DOCUMENT_SUFFIXES
from tuning.datasets.convert.targets.target import TARGET_FORMATS, Target
from tuning.datasets.convert.tried_commands import END, SKIP, Advice, advised
from tuning.errors import OptionError


@reads_a_dataset
def convert_command(  # noqa: PLR0913 — one parameter an option; typer reads them from here
    path: Annotated[Path, typer.Argument(help="The dataset, or a folder of text documents.")],
    *,
    model: Annotated[str | None, model_option("Convert to what this base model takes.")] = None,
    method: Annotated[
        str | None,
        typer.Option(
            help="With --model; default: FINE_TUNING, if the model supports it.",
            autocompletion=completions.complete_methods,
        ),
    ] = None,
    to: Annotated[
        str | None, typer.Option(help=f"Convert to a format: {', '.join(TARGET_FORMATS)}.")
    ] = None,
    reading: ReadingOptions,
    join: Annotated[
        bool, typer.Option("--join", help="Join several texts where the target allows one.")
    ] = False,
    skip_refused: Annotated[
        bool,
        typer.Option(
            "--skip-refused",
            help="Leave refused records out, fewer than half of them; they are counted.",
        ),
    ] = False,
    chunk_tokens: Annotated[
        int, typer.Option(min=16, help="Running text: estimated tokens of a piece at most.")
    ] = 4000,
    media_folder: Annotated[
        str | None, typer.Option(help="s3://BUCKET/FOLDER/ of pictures given by name only.")
    ] = None,
    bucket_owner: Annotated[
        str | None, typer.Option(help="Account of the bucket that holds pictures and videos.")
    ] = None,
    max_unpacked_mb: MaxUnpacked = MAX_UNPACKED,
    output: Annotated[
        str | None, typer.Option("-o", "--output", help="Output file; - is standard output.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the output.")] = False,
    shown: FormatOption = "text",
) -> None:
    """Turn a dataset into the format that a model takes; refuse what would lose meaning."""
    command = Command(
        path=str(path),
        options=(
            *_target(model, method, to),
            *reading.options,
            *([("--join", "")] if join else []),
            *([("--skip-refused", "")] if skip_refused else []),
            *([("--chunk-tokens", str(chunk_tokens))] if chunk_tokens != 4000 else []),  # noqa: PLR2004 — the default
            *([("--media-folder", media_folder)] if media_folder else []),
            *([("--bucket-owner", bucket_owner)] if bucket_owner else []),
            *([("-o", output)] if output else []),
            *([("--force", "")] if force else []),
        ),
    )
    command.target  # noqa: B018 — unknown models, methods and formats are reported before the file is read
    with unpacking(max_unpacked_mb) as limit:
        job = _Job(sources=_sources(path), command=command, limit=limit)
        done = _to_standard_output(job, shown) if output == "-" else _to_file(job, path)
    print_conversion(done, shown)
    if not done.kept:
        raise SystemExit(Exit.REFUSED)


@dataclass(frozen=True, kw_only=True)
class _Job:
    sources: list[Path]
    command: Command
    limit: int

    def into(self, file: IO[bytes], output: str) -> Done:
        places = Places()
        made = tuple(self._one(i, path, file, places) for i, path in enumerate(self.sources))
        notes: tuple[str, ...] = ()
        if method := self.command.method:
            made, notes = checked(file, made, places, method)
        lost = any(summary.cut_short or summary.verdict == "refused" for summary in made)
        kept = any(summary.written for summary in made) and (not lost or self._bearable(made))
        return Done(
            output=output,
            target=self.command.target,
            kept=kept,
            sources=made,
            notes=notes,
            advice=None if kept else self._advice(made),
        )

    def _bearable(self, made: Sequence[Summary]) -> bool:
        """Leaving out what is refused was allowed; leaving out half of the data, or more, is not a success."""
        refused, records = sum(s.refused for s in made), sum(s.records for s in made)
        whole = not any(summary.cut_short for summary in made)
        return self.command.has("--skip-refused") and whole and refused * 2 < records

    def _advice(self, made: Sequence[Summary]) -> Advice:
        """What to do after a refusal, tried on the first file that has one."""
        path, summary = next(
            (path, summary)
            for path, summary in zip(self.sources, made, strict=True)
            if summary.verdict == "refused"
        )
        if all(rule.startswith("DS") for rule in summary.counts):
            return self._without(made)
        return advised(self.command, lambda: path.open("rb"), name=str(path))

    def _without(self, made: Sequence[Summary]) -> Advice:
        """Of records that only the checker refuses, there is nothing to convert otherwise."""
        allowed = replace(self, command=self.command.changed((SKIP,)))
        if allowed.command == self.command or not allowed._bearable(made):  # noqa: SLF001 — its own
            return Advice(end=END)
        return Advice(commands=(allowed.command,), left_out=sum(s.refused for s in made))

    def _one(self, index: int, path: Path, file: IO[bytes], places: Places) -> Summary:
        with path.open("rb") as stream:
            reading = self.command.conversion(stream, name=str(path), limit=self.limit)
            for line in reading:
                file.write(line.record)
                places.add(index, line)
        return reading.summary


def _to_file(job: _Job, path: Path) -> Done:
    output = job.command.value("-o")
    place = Path(output) if output else _beside(path, job.command.target)
    with draft(place, force=job.command.has("--force"), inputs=job.sources) as making:
        done = job.into(making.file, str(place))
        if done.kept:
            making.keep()
    return done


def _to_standard_output(job: _Job, shown: Shown) -> Done:
    if shown == "json":
        raise OptionError("-o - and --format json would share standard output")
    with tempfile.TemporaryFile() as held:
        done = job.into(held, "standard output")
        if done.kept:
            held.seek(0)
            shutil.copyfileobj(held, sys.stdout.buffer)
            sys.stdout.buffer.flush()
    return done


def _target(model: str | None, method: str | None, to: str | None) -> tuple[Option, ...]:
    if (model is None) == (to is None):
        formats = ", ".join(TARGET_FORMATS)
        raise OptionError(f"say what to convert to: --model ID, or --to with one of {formats}")
    if to is not None:
        if method is not None:
            raise OptionError("--method goes with --model")
        return (("--to", to),)
    return (("--model", str(model)), *([("--method", method)] if method else []))


def _sources(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(
        p for p in path.rglob("*") if p.suffix.lower() in DOCUMENT_SUFFIXES and p.is_file()
    )
    if not found:
        raise OptionError(
            f"{path}: no text documents ({', '.join(DOCUMENT_SUFFIXES)}) in this folder; "
            "other datasets are converted file by file"
        )
    return found


def _beside(path: Path, target: Target) -> Path:
    stem = path.name
    for packed in (".gz", ".bz2", ".xz", ".zst"):
        stem = stem.removesuffix(packed)
    stem = stem if path.is_dir() else Path(stem).stem
    return path.resolve().parent / f"{stem}.{target.format}.jsonl"
