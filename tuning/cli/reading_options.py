"""Options of the commands that read a dataset in any dialect, and how they are said again."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Annotated, Any

import typer

from tuning.cli.exits import Exit
from tuning.cli.output import say
from tuning.datasets.bounds import OverLimitError
from tuning.datasets.convert.conversion_refusals import Option
from tuning.datasets.convert.detect import CONTAINERS, SHAPES
from tuning.datasets.convert.mapping import parse_mapping
from tuning.errors import OptionError

SourceOption = Annotated[
    str | None,
    typer.Option("--from", help=f"What PATH is: {', '.join((*CONTAINERS, *SHAPES))}."),
]
Mapping = Annotated[
    list[str] | None,
    typer.Option(
        "--map", help="NAME=FIELD: take NAME from FIELD, as in prompt=question, messages.role=who."
    ),
]
Drop = Annotated[
    list[str] | None,
    typer.Option("--drop", help="Drop a field, as in id or messages.name; it is counted."),
]
MaxUnpacked = Annotated[
    int,
    typer.Option("--max-unpacked-mb", min=1, help="What an archive may unpack to, at most."),
]
MAX_UNPACKED = 20_000
"""MB."""
_MB = 1_000_000


@dataclass(frozen=True, kw_only=True)
class ReadingOptions:
    """How a file is read, as it was said."""

    source: SourceOption = None
    mapping: Mapping = None
    drop: Drop = None
    keep: Annotated[
        str | None,
        typer.Option("--keep", help="chosen: of preference data, keep the preferred answers."),
    ] = None
    encoding: Annotated[
        str | None,
        typer.Option("--encoding", help="Of a file that is not UTF-8, such as gb18030 or cp1252."),
    ] = None
    columns: Annotated[
        str | None,
        typer.Option("--columns", help="Names for the columns of a table without a row of names."),
    ] = None
    records: Annotated[
        str | None,
        typer.Option("--records", help="The field that holds the list of records, as in data."),
    ] = None
    sheet: Annotated[str | None, typer.Option("--sheet", help="Of a workbook with several.")] = None

    @property
    def options(self) -> tuple[Option, ...]:
        """Raises OptionError for a side that is not kept, or a mapping that is none."""
        parse_mapping(self.mapping or [])
        if self.keep not in (None, "chosen"):
            raise OptionError(f"--keep {self.keep}: only chosen makes a fine-tuning set")
        return (
            *_said("--from", [self.source]),
            *_said("--encoding", [self.encoding]),
            *_said("--columns", [self.columns]),
            *_said("--records", [self.records]),
            *_said("--sheet", [self.sheet]),
            *_said("--keep", [self.keep]),
            *_said("--map", self.mapping or []),
            *_said("--drop", self.drop or []),
        )


def reads_a_dataset(command: Callable[..., None]) -> Callable[..., None]:
    """A command with a parameter `reading`: to typer, it has each of the ReadingOptions in its place."""
    options = [
        Parameter(each.name, Parameter.KEYWORD_ONLY, default=each.default, annotation=each.type)
        for each in fields(ReadingOptions)
    ]

    @wraps(command)
    def reads(**given: Any) -> None:
        said = {each.name: given.pop(each.name) for each in options}
        command(reading=ReadingOptions(**said), **given)

    shown = [
        seen
        for each in signature(command).parameters.values()
        for seen in (options if each.name == "reading" else [each])
    ]
    reads.__signature__ = Signature(shown)  # type: ignore[attr-defined]  # of inspect's, on any function
    reads.__annotations__ = {each.name: each.annotation for each in shown}
    return reads


@contextmanager
def unpacking(most: int) -> Iterator[int]:
    """The bytes that an archive may unpack to; one that gives more is refused, with exit code 1."""
    try:
        yield most * _MB
    except OverLimitError as error:
        say(
            f"tuning: {error.name}: unpacks to more than {most:,} MB; if that is meant, raise it: "
            f"--max-unpacked-mb {most * 2}"
        )
        raise SystemExit(Exit.REFUSED) from None


def _said(name: str, values: Iterable[str | None]) -> Iterable[Option]:
    return ((name, value) for value in values if value is not None)
