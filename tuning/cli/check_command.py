"""`tuning check`: the verdict on a dataset, before money is spent."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from tuning.cli.chosen_recipe import method_of, wanted
from tuning.cli.exits import Exit
from tuning.cli.followed_fixes import followed
from tuning.datasets.files import check_files
from tuning.datasets.report import Report
from tuning.datasets.rules import known
from tuning.datasets.tally import Policy
from tuning.errors import OptionError, nearest
from tuning.models.estimate import estimated
from tuning.models.plan import tokens_of
from tuning.reports.annotations import github
from tuning.reports.document import json
from tuning.reports.markdown import markdown
from tuning.reports.report_page import html
from tuning.reports.sarif import sarif
from tuning.reports.text import text
from tuning.runs.recipes import FINE_TUNING, Recipe

_PRICED = {"json": json, "markdown": markdown}
_WRITTEN = {"sarif": sarif, "github": github}
_FORMATS = ("text", *_PRICED, *_WRITTEN, "html")


def check(
    path: Annotated[Path, typer.Argument(help="The training file.")],
    model: Annotated[str | None, typer.Option(help="Base model id; see tuning models.")] = None,
    method: Annotated[str | None, typer.Option(help="Such as FINE_TUNING, DISTILLATION.")] = None,
    validation: Annotated[Path | None, typer.Option(help="The validation file.")] = None,
    recipe: Annotated[
        Path | None, typer.Option(help="A file or a name; model and strictness are its own.")
    ] = None,
    output: Annotated[
        str, typer.Option("--format", help=f"One of {', '.join(_FORMATS)}.")
    ] = "text",
    jobs: Annotated[int, typer.Option(min=0, help="Processes; 0 takes every core.")] = 0,
    max_findings: Annotated[int, typer.Option(min=0, help="Listed for each rule.")] = 20,
    strict: Annotated[
        list[str] | None, typer.Option(help="Let this warning refuse the dataset.")
    ] = None,
) -> None:
    """Check a dataset: every fault with its line and how to mend it. Exit 0 accepted, 1 refused."""
    if output not in _FORMATS:
        raise OptionError(
            f"--format {output}: unknown{nearest(output, _FORMATS)}; one of {', '.join(_FORMATS)}"
        )
    asked = wanted(model, method, recipe)
    report = check_files(
        path,
        validation,
        method=(chosen := method_of(asked)),
        policy=Policy(
            listed=max_findings, strict=frozenset(map(known, (*(strict or ()), *asked.strict)))
        ),
        jobs=jobs,
    )
    report = followed(report, asked, chosen)
    _say(report, output, path, _price(report, asked))
    raise SystemExit(Exit.DONE if report.verdict == "accepted" else Exit.REFUSED)


def _price(report: Report, recipe: Recipe) -> Mapping[str, Any] | None:
    """What the training would cost, of what can be trained and has prices at all."""
    if report.verdict == "refused" or recipe.method != FINE_TUNING:
        return None
    return estimated(recipe, tokens=tokens_of(report) or 0).to_dict()


def _say(report: Report, output: str, path: Path, price: Mapping[str, Any] | None) -> None:
    if output == "text":
        text(report, Console(), estimate=price)
        return
    if output == "html":
        written = html(report, title=path.name, estimate=price)
    elif output in _PRICED:
        written = _PRICED[output](report, estimate=price)
    else:
        written = _WRITTEN[output](report)
    typer.echo(written.encode(), nl=False)  # UTF-8, whatever the terminal's letters are
