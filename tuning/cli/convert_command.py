"""`tuning convert`: a dataset in any known dialect, as the format that a model takes."""

import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Annotated

import typer

from tuning.cli.conversion_output import Done, converted
from tuning.cli.exits import Exit
from tuning.cli.output import Shown, draft
from tuning.datasets.convert import conversion
from tuning.datasets.convert.conversion import Summary
from tuning.datasets.convert.detect import CONTAINERS, DOCUMENTS, SHAPES
from tuning.datasets.convert.mapping import parse
from tuning.datasets.convert.targets.target import FORMATS, Target
from tuning.datasets.convert.targets.writing import Options
from tuning.errors import OptionError
from tuning.models.catalog import catalog


def convert(  # noqa: PLR0913 — one parameter an option; typer reads them from here
    path: Annotated[Path, typer.Argument(help="The dataset, or a folder of text documents.")],
    *,
    model: Annotated[
        str | None, typer.Option(help="Convert to what this base model takes.")
    ] = None,
    method: Annotated[str | None, typer.Option(help="With --model; FINE_TUNING if it can.")] = None,
    to: Annotated[
        str | None, typer.Option(help=f"Convert to a format: {', '.join(FORMATS)}.")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--from", help=f"What PATH is: {', '.join((*CONTAINERS, *SHAPES))}."),
    ] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option("--map", help="NAME=FIELD: take NAME from FIELD, as in prompt=question."),
    ] = None,
    drop: Annotated[
        list[str] | None,
        typer.Option(help="Give up a field, as in id or messages.name; it is counted."),
    ] = None,
    join: Annotated[
        bool, typer.Option("--join", help="Join several texts where the target holds one.")
    ] = False,
    skip_refused: Annotated[
        bool, typer.Option("--skip-refused", help="Leave refused records out; they are counted.")
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
    output: Annotated[
        str | None, typer.Option("-o", "--output", help="Where to; - is standard output.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the output.")] = False,
    shown: Annotated[Shown, typer.Option("--format", help="What to print.")] = "text",
) -> None:
    """Turn a dataset into the format that a model takes; refuse what would lose meaning."""
    job = _Job(
        sources=_sources(path),
        source=source,
        target=_target(model, method, to),
        mapping=parse(mapping or []),
        options=Options(
            drop=frozenset(drop or ()),
            join=join,
            chunk_tokens=chunk_tokens,
            media_folder=media_folder,
            bucket_owner=bucket_owner,
        ),
        skip_refused=skip_refused,
    )
    if output == "-":
        if shown == "json":
            raise OptionError("-o - and --format json would share standard output")
        done = _to_standard_output(job)
    else:
        place = Path(output) if output else _beside(path, job.target)
        with draft(place, force=force, inputs=job.sources) as making:
            done = job.into(making.file, str(place))
            if done.kept:
                making.keep()
    converted(done, shown)
    if not done.kept:
        raise SystemExit(Exit.REFUSED)


@dataclass(frozen=True, kw_only=True)
class _Job:
    sources: list[Path]
    source: str | None
    target: Target
    mapping: dict[str, str]
    options: Options
    skip_refused: bool

    def into(self, file: IO[bytes], output: str) -> Done:
        made = tuple(self._one(path, file) for path in self.sources)
        lost = any(summary.cut_short or summary.verdict == "refused" for summary in made)
        bearable = self.skip_refused and not any(summary.cut_short for summary in made)
        some = any(summary.written for summary in made)
        return Done(
            output=output, target=self.target, kept=some and (bearable or not lost), sources=made
        )

    def _one(self, path: Path, file: IO[bytes]) -> Summary:
        with path.open("rb") as stream:
            reading = conversion.convert(
                stream,
                name=str(path),
                target=self.target,
                source=self.source,
                mapping=self.mapping,
                options=self.options,
            )
            for line in reading:
                file.write(line.record)
        return reading.summary


def _to_standard_output(job: _Job) -> Done:
    with tempfile.TemporaryFile() as held:
        done = job.into(held, "standard output")
        if done.kept:
            held.seek(0)
            shutil.copyfileobj(held, sys.stdout.buffer)
            sys.stdout.buffer.flush()
    return done


def _target(model: str | None, method: str | None, to: str | None) -> Target:
    if (model is None) == (to is None):
        formats = ", ".join(FORMATS)
        raise OptionError(f"say what to convert to: --model ID, or --to with one of {formats}")
    if to is not None:
        if method is not None:
            raise OptionError("--method goes with --model")
        return Target.of_format(to)
    known = catalog().model(str(model))
    first = next((name for name in ("FINE_TUNING", *known.methods) if name in known.methods), "")
    name = method or first
    if name not in known.methods:
        offered = ", ".join(known.methods)
        raise OptionError(f"--method {name}: {known.id} offers {offered}")
    return Target.of_model(known, known.methods[name])


def _sources(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(p for p in path.rglob("*") if p.suffix.lower() in DOCUMENTS and p.is_file())
    if not found:
        raise OptionError(
            f"{path}: no text documents ({', '.join(DOCUMENTS)}) in this folder; "
            "other datasets are converted file by file"
        )
    return found


def _beside(path: Path, target: Target) -> Path:
    stem = path.name.removesuffix(".gz")
    stem = stem if path.is_dir() else Path(stem).stem
    return path.resolve().parent / f"{stem}.{target.format}.jsonl"
