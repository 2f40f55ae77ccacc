"""`tuning advise`: when to train and when to retrieve, with the costs of both for one's own numbers."""

import re
import sys
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from tuning.assistants.advice_case import WANTS, AdviceCase, case_of
from tuning.assistants.advised_way import WayAdvice, advised_way
from tuning.assistants.way_costs import NOT_COUNTED, WayCosts, WayName, costs_of
from tuning.cli.chosen_recipe import method_of
from tuning.cli.deployed_options import FormatOption, ModelOption
from tuning.cli.output import print_json
from tuning.datasets.files import check_files
from tuning.datasets.tally import Policy
from tuning.errors import OptionError
from tuning.models.catalog import catalog
from tuning.reports.advice import dollars
from tuning.reports.visible_text import printable
from tuning.runs.recipes import FINE_TUNING, Recipe

_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,6})?) ?(B|KB|MB|GB|TB)?", re.IGNORECASE | re.ASCII)
_UNITS = {"B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_WIDE = 120
_HEADINGS: dict[WayName, str] = {
    "train": "Train",
    "retrieve": "Retrieve",
    "both": "Both",
}
_WORDS = {
    "train": "Train a model.",
    "retrieve": "Retrieve from documents.",
    "both": "Do both: train how it answers, and retrieve what it says.",
    "neither": "Neither: there is nothing to train on, or to search, that does what you want.",
}


def advise_command(  # noqa: PLR0913 — one parameter an option; typer reads them from here
    *,
    want: Annotated[
        list[str] | None,
        typer.Option(
            metavar="|".join(WANTS), help="What the model should have; may be given several times."
        ),
    ] = None,
    documents: Annotated[
        str | None, typer.Option(help="A folder, or a size such as 20MB. Assumed: 5MB.")
    ] = None,
    changes: Annotated[
        str | None, typer.Option(help="How often the facts change in a month. Assumed: 1.")
    ] = None,
    changed_percent: Annotated[
        int | None,
        typer.Option(help="Percentage of the documents that changes each time. Assumed: 10."),
    ] = None,
    questions: Annotated[
        int | None, typer.Option(help="Questions per month. Assumed: 1000.")
    ] = None,
    question_tokens: Annotated[
        int | None, typer.Option(help="Tokens per question. Assumed: 100.")
    ] = None,
    answer_tokens: Annotated[
        int | None, typer.Option(help="Tokens per answer. Assumed: 300.")
    ] = None,
    examples: Annotated[int | None, typer.Option(help="Records to train on. Assumed: 500.")] = None,
    dataset: Annotated[
        Path | None, typer.Option(help="A training file, in place of --examples: it is counted.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Default: the service's own.")] = None,
    model: ModelOption = None,
    passages: Annotated[
        int | None, typer.Option(help="Passages sent with each question. Assumed: 5.")
    ] = None,
    chunk_tokens: Annotated[
        int | None, typer.Option(help="Tokens per passage. Assumed: 300.")
    ] = None,
    rerank: Annotated[
        str | None, typer.Option(metavar="MODEL", help="Reranks the passages; default: none.")
    ] = None,
    zones: Annotated[
        int | None, typer.Option(help="Zones with endpoints for documents. Assumed: 2.")
    ] = None,
    months: Annotated[int | None, typer.Option(help="Months to compare over. Assumed: 12.")] = None,
    shown: FormatOption = "text",
) -> None:
    """Say when to train and when to retrieve, and what both cost for your own numbers.

    Prices are those of tuning prices; whatever has none is listed, and not counted. AWS is not called.
    """
    if dataset is not None and examples is not None:
        raise OptionError("--dataset: its records are counted, so omit --examples")
    given = {
        "documents": None if documents is None else _bytes(documents),
        "changes": None if changes is None else _number("--changes", changes),
        "changed_percent": changed_percent,
        "questions": questions,
        "question_tokens": question_tokens,
        "answer_tokens": answer_tokens,
        "examples": examples,
        "epochs": epochs,
        "model": model and catalog().model(model).id,
        "passages": passages,
        "chunk_tokens": chunk_tokens,
        "rerank": rerank,
        "zones": zones,
        "months": months,
    }
    case = case_of(given, want or ())
    if dataset is not None:
        case = case_of({**given, **_counted(dataset, case)}, want or ())
    costs = costs_of(case)
    advice = advised_way(case, costs)
    if shown == "json":
        print_json(_document(case, costs, advice), indent=2)
    else:
        _print(case, costs, advice)


def _bytes(text: str) -> int:
    path = Path(text)
    if found := _SIZE.fullmatch(text):
        return int(Decimal(found[1]) * _UNITS[(found[2] or "B").upper()])
    if not path.is_dir():
        raise OptionError(
            f"--documents {text}: is neither a folder nor a size; give a size, such as 20MB"
        )
    return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())


def _number(option: str, text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise OptionError(f"{option} {text}: must be a number, such as 0, 0.5 or 4") from None


def _counted(path: Path, case: AdviceCase) -> dict[str, Any]:
    recipe = Recipe(name="", description="", base_model=case.model, method=FINE_TUNING)
    report = check_files(path, method=method_of(recipe), policy=Policy(listed=0))
    tokens = report.tokens()
    if not report.records or tokens is None:
        raise OptionError(f"--dataset {path}: no records were read: tuning check says why")
    return {"examples": report.records, "training_tokens": tokens}


def _document(
    case: AdviceCase, costs: dict[WayName, WayCosts], advice: WayAdvice
) -> dict[str, Any]:
    return {
        "advice": advice.to_dict(),
        "months": case.months,
        "ways": {way: found.to_dict() for way, found in costs.items()},
        "assumptions": list(case.assumptions()),
        "not_counted": list(NOT_COUNTED),
    }


def _print(case: AdviceCase, costs: dict[WayName, WayCosts], advice: WayAdvice) -> None:
    width = None if sys.stdout.isatty() else _WIDE  # in a pipe a cost is one line
    out = Console(highlight=False, markup=False, emoji=False, soft_wrap=True, width=width)
    out.print(_WORDS[advice.way], style="bold")
    for reason in advice.reasons:
        out.print(f"  {printable(reason)}")
    sources = list(dict.fromkeys(line.basis for way in costs.values() for line in way.lines))
    for way, found in costs.items():
        out.print()
        out.print(_table(_HEADINGS[way], found, sources))
    numbered = [f"[{number}] {source}" for number, source in enumerate(sources, 1)]
    for heading, lines in (
        ("Assumed or given", list(case.assumptions())),
        ("Not in the figures", list(NOT_COUNTED)),
        ("Sources of the prices", numbered),
    ):
        out.print()
        out.print(heading, style="bold")
        for line in lines:
            out.print(f"  {printable(line)}")


def _table(heading: str, found: WayCosts, sources: list[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", show_footer=True)
    least = ", at least: not everything is known" if found.unknown else ""
    table.add_column(heading, footer=f"over {found.months} months{least}", overflow="fold")
    table.add_column("once", justify="right")
    table.add_column("a month", justify="right", footer=f"${found.total:,.2f}")
    table.add_column("price", justify="right")
    for line in found.lines:
        usd, source = dollars(line.usd), f"[{sources.index(line.basis) + 1}]"
        table.add_row(line.what, *((usd, "") if line.each == "once" else ("", usd)), source)
    table.add_row("together", f"${found.once:,.2f}", f"${found.month:,.2f}", style="bold")
    return table
