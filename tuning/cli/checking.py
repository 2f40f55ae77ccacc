"""What `tuning check` does, without the library that reads its options: its import takes as long as a small check."""

import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from tuning.cli.chosen_recipe import method_of, wanted
from tuning.cli.exits import Exit
from tuning.cli.output import say
from tuning.datasets.bounds import OverLimitError
from tuning.datasets.files import check_files
from tuning.datasets.report import Report
from tuning.datasets.rules import known_rule
from tuning.datasets.tally import Policy
from tuning.errors import OptionError, nearest
from tuning.runs.recipes import FINE_TUNING, Recipe

_PRICED = {"json": "document.json", "markdown": "markdown.report_markdown"}
_WRITTEN = {"sarif": "sarif.sarif", "github": "annotations.github"}
REPORT_FORMATS = ("text", *_PRICED, *_WRITTEN, "html")
_MB = 1 << 20


def checking(  # noqa: PLR0913 — one parameter an option of the command
    path: Path,
    *,
    model: str | None = None,
    method: str | None = None,
    validation: Path | None = None,
    evaluation: Path | None = None,
    recipe: Path | None = None,
    environment: str | None = None,
    output: str = "text",
    jobs: int = 0,
    max_findings: int = 20,
    strict: list[str] | None = None,
    max_unpacked_mb: int = 2048,
) -> None:
    """Check the dataset, print the report and exit; `check_command` says what each is."""
    if output not in REPORT_FORMATS:
        raise OptionError(
            f"--format {output}: unknown{nearest(output, REPORT_FORMATS)}; one of {', '.join(REPORT_FORMATS)}"
        )
    asked = wanted(model, method, recipe, environment)
    strictly = frozenset(map(known_rule, (*(strict or ()), *asked.strict)))
    chosen = method_of(asked)
    try:
        report = check_files(
            path,
            validation,
            method=chosen,
            policy=Policy(listed=max_findings, strict=strictly),
            jobs=jobs,
            limit=max_unpacked_mb * _MB,
            evaluation=evaluation,
            fewest=asked.release.min_prompts if asked.release else None,
        )
    except OverLimitError as error:
        say(
            f"tuning: {error.name}: unpacks to more than {max_unpacked_mb:,} MB and was not read to "
            "its end; raise --max-unpacked-mb if it is meant to be that large"
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
    from tuning.models.estimate import estimate_of  # noqa: PLC0415 — of no use to a refused dataset

    return estimate_of(recipe, report).to_dict()


def _say(report: Report, output: str, path: Path, price: Mapping[str, Any] | None) -> None:
    """Each form is imported when it is asked for: rich alone takes as long as a small check."""
    if output == "text":
        from rich.console import Console  # noqa: PLC0415 — idem

        from tuning.reports.text import text  # noqa: PLC0415 — idem

        text(report, Console(), estimate=price)
        return
    if output == "html":
        from tuning.reports.report_page import report_html  # noqa: PLC0415 — idem

        written = report_html(report, title=path.name, estimate=price)
    else:
        module, name = {**_PRICED, **_WRITTEN}[output].split(".")
        write = getattr(import_module(f"tuning.reports.{module}"), name)
        written = write(report, estimate=price) if output in _PRICED else write(report)
    sys.stdout.flush()
    sys.stdout.buffer.write(written.encode())  # UTF-8, whatever the terminal's letters are
