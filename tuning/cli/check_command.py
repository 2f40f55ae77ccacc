"""`tuning check`: the verdict on a dataset, before money is spent."""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from tuning.cli import completions
from tuning.cli.chosen_recipe import method_of, wanted
from tuning.cli.exits import Exit
from tuning.datasets.bounds import OverLimitError
from tuning.datasets.files import check_files
from tuning.datasets.report import Report
from tuning.datasets.rules import known
from tuning.datasets.tally import Policy
from tuning.errors import OptionError, nearest
from tuning.runs.recipes import FINE_TUNING, Recipe

_PRICED = {"json": "document.json", "markdown": "markdown.markdown"}
_WRITTEN = {"sarif": "sarif.sarif", "github": "annotations.github"}
_FORMATS = ("text", *_PRICED, *_WRITTEN, "html")
_MB = 1 << 20


def check(  # noqa: PLR0913, PLR0917 — one parameter an option; typer reads them from here
    path: Annotated[Path, typer.Argument(help="The training file.")],
    model: Annotated[
        str | None,
        typer.Option(help="Base model id; see tuning models.", autocompletion=completions.models),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(help="Such as FINE_TUNING, DISTILLATION.", autocompletion=completions.methods),
    ] = None,
    validation: Annotated[Path | None, typer.Option(help="The validation file.")] = None,
    recipe: Annotated[
        Path | None,
        typer.Option(
            help="A file or a name; model and strictness are its own.",
            autocompletion=completions.recipes,
        ),
    ] = None,
    output: Annotated[
        str, typer.Option("--format", help=f"One of {', '.join(_FORMATS)}.")
    ] = "text",
    jobs: Annotated[int, typer.Option(min=0, help="Processes; 0 takes every core.")] = 0,
    max_findings: Annotated[int, typer.Option(min=0, help="Listed for each rule.")] = 20,
    strict: Annotated[
        list[str] | None,
        typer.Option(help="Let this warning refuse the dataset.", autocompletion=completions.rules),
    ] = None,
    max_unpacked_mb: Annotated[
        int, typer.Option(min=1, help="What an archive may unpack to, in MB.")
    ] = 2048,
) -> None:
    """Check a dataset: every fault with its line and how to mend it. Exit 0 accepted, 1 refused."""
    if output not in _FORMATS:
        raise OptionError(
            f"--format {output}: unknown{nearest(output, _FORMATS)}; one of {', '.join(_FORMATS)}"
        )
    asked = wanted(model, method, recipe)
    strictly = frozenset(map(known, (*(strict or ()), *asked.strict)))
    chosen = method_of(asked)
    try:
        report = check_files(
            path,
            validation,
            method=chosen,
            policy=Policy(listed=max_findings, strict=strictly),
            jobs=jobs,
            limit=max_unpacked_mb * _MB,
        )
    except OverLimitError as error:
        typer.echo(
            f"tuning: {error.name}: unpacks to more than {max_unpacked_mb:,} MB and was not read to "
            "its end; raise --max-unpacked-mb if it is meant to be so large",
            err=True,
        )
        raise SystemExit(Exit.REFUSED) from None
    if report.verdict == "refused":
        from tuning.cli.followed_fixes import followed  # noqa: PLC0415 — imports all of convert

        report = followed(report, asked, chosen)
    _say(report, output, path, _price(report, asked))
    raise SystemExit(Exit.DONE if report.verdict == "accepted" else Exit.REFUSED)


def _price(report: Report, recipe: Recipe) -> Mapping[str, Any] | None:
    """What the training would cost, of what can be trained and has prices at all."""
    if report.verdict == "refused" or recipe.method != FINE_TUNING:
        return None
    from tuning.models.estimate import estimated  # noqa: PLC0415 — of no use to a refused dataset
    from tuning.models.plan import tokens_of  # noqa: PLC0415 — idem

    return estimated(recipe, tokens=tokens_of(report) or 0).to_dict()


def _say(report: Report, output: str, path: Path, price: Mapping[str, Any] | None) -> None:
    """Each form is imported when it is asked for: rich alone takes as long as a small check."""
    if output == "text":
        from rich.console import Console  # noqa: PLC0415 — idem

        from tuning.reports.text import text  # noqa: PLC0415 — idem

        text(report, Console(), estimate=price)
        return
    if output == "html":
        from tuning.reports.report_page import html  # noqa: PLC0415 — idem

        written = html(report, title=path.name, estimate=price)
    else:
        module, name = {**_PRICED, **_WRITTEN}[output].split(".")
        write = getattr(import_module(f"tuning.reports.{module}"), name)
        written = write(report, estimate=price) if output in _PRICED else write(report)
    typer.echo(written.encode(), nl=False)  # UTF-8, whatever the terminal's letters are
