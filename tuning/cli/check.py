"""`tuning check`: the verdict on a dataset, before money is spent."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tuning import recipes
from tuning.catalog import Method, catalog
from tuning.cli.exits import Exit
from tuning.dataset.files import check_files
from tuning.dataset.report import Report
from tuning.dataset.rules import known
from tuning.dataset.tally import Policy
from tuning.errors import TuningError, nearest
from tuning.render.annotations import github
from tuning.render.document import json
from tuning.render.markdown import markdown
from tuning.render.page import html
from tuning.render.sarif import sarif
from tuning.render.text import text

_WRITTEN = {"json": json, "markdown": markdown, "sarif": sarif, "github": github}
_FORMATS = ("text", *_WRITTEN, "html")


class OptionError(TuningError):
    """An option that does not fit the others."""


def check(
    path: Annotated[Path, typer.Argument(help="The training file.")],
    model: Annotated[str | None, typer.Option(help="Base model id; see tuning models.")] = None,
    method: Annotated[str | None, typer.Option(help="Such as FINE_TUNING, DISTILLATION.")] = None,
    validation: Annotated[Path | None, typer.Option(help="The validation file.")] = None,
    recipe: Annotated[Path | None, typer.Option(help="Take model and strictness from it.")] = None,
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
    wanted = recipes.load(recipe) if recipe else None
    rules = (*(strict or ()), *(wanted.strict if wanted else ()))
    report = check_files(
        path,
        validation,
        method=_method(
            model or (wanted.base_model if wanted else None),
            method or (wanted.method if wanted else "FINE_TUNING"),
        ),
        policy=Policy(listed=max_findings, strict=frozenset(map(known, rules))),
        jobs=jobs,
    )
    _say(report, output, path)
    raise SystemExit(Exit.DONE if report.verdict == "accepted" else Exit.REFUSED)


def _method(model: str | None, name: str) -> Method:
    if model is None:
        raise OptionError("say which model the data is for: --model ID (see tuning models)")
    chosen = catalog().model(model)
    if chosen.status != "ACTIVE":
        gone = chosen.eol_date or chosen.legacy_date
        typer.echo(
            f"tuning: no job can start on {chosen.id}: {chosen.status} since {gone}", err=True
        )
    if name in chosen.methods:
        return chosen.methods[name]
    if name in catalog().historic_methods:
        return catalog().historic_methods[name]
    offered = ", ".join(chosen.methods)
    hint = nearest(name, chosen.methods)
    raise OptionError(f"--method {name}: {chosen.id} offers {offered}{hint}")


def _say(report: Report, output: str, path: Path) -> None:
    if output == "text":
        text(report, Console())
        return
    written = html(report, title=path.name) if output == "html" else _WRITTEN[output](report)
    typer.echo(written.encode(), nl=False)  # UTF-8, whatever the terminal's letters are
