"""`tuning report`: the page of a run, written anew from what is known of it now."""

import json
import webbrowser
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from tuning.aws.live_models import LiveModels
from tuning.aws.model_registry import ModelRegistry
from tuning.cli.account import Account
from tuning.cli.aws_errors import speaks_to_aws
from tuning.cli.deployed_options import EnvironmentOption, FormatOption, Region, RunId
from tuning.cli.exits import Exit
from tuning.cli.output import answer, draft
from tuning.errors import OptionError
from tuning.evaluation.gate import Evaluation
from tuning.reports.run_facts import RunPage
from tuning.reports.run_page import is_run_page, run_html
from tuning.runs.json_record import RecordError
from tuning.runs.run_record import RunRecord
from tuning.runs.times import zulu


@speaks_to_aws
def report_command(
    run: RunId,
    *,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="The file; else RUN.html in this folder.")
    ] = None,
    shows: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
    evaluation: Annotated[
        Path | None,
        typer.Option(help="What tuning evaluate --format json printed of the run's model."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite any file.")] = False,
    environment: EnvironmentOption = "dev",
    region: Region = None,
    shown: FormatOption = "text",
) -> None:
    """Write the page of a run: outcome, next command, curves, evaluation, check, lineage, price, model card.

    It is one file that needs no network. An earlier page of a run is overwritten, another file is not.
    """
    evaluated = _evaluation(evaluation) if evaluation else None
    account = Account.of(environment, region)
    record = account.run(run)
    page = replace(
        _page(account, record, environment),
        evaluation=evaluated,
        evaluated_from=evaluation.name if evaluation else None,
    )
    path = out or Path(f"{record.id}.html")
    ours = path.is_file() and is_run_page(path.read_text("utf-8", "replace"))
    with draft(path, force=force or ours, inputs=[evaluation] if evaluation else []) as making:
        making.file.write(run_html(page).encode())
        making.keep()
    uri = path.resolve().as_uri()
    opened = shows and webbrowser.open(uri)
    words = f"{path}: the page of run {record.id}, {page.heading.lower()}"
    words += f"; no browser was found to show it: {uri}" if shows and not opened else ""
    answer(shown, words, run=record.id, state=record.state, page=str(path), opened=opened)
    raise SystemExit(Exit.DONE)


def _page(account: Account, record: RunRecord, environment: str) -> RunPage:
    checked = account.files.check(record.id) if record.reports else None
    model = ModelRegistry(ledger=account.ledger).of_run(record.id)
    return RunPage(
        record=record,
        environment=environment,
        made_at=zulu(datetime.now(UTC)),
        check=None if isinstance(checked, str) else checked,
        check_missing=f"Its report cannot be read. {checked}" if isinstance(checked, str) else None,
        model=model,
        live=LiveModels(ledger=account.ledger).read(model.recipe) if model else None,
    )


def _evaluation(path: Path) -> Evaluation:
    try:
        return Evaluation.from_json(json.loads(path.read_text("utf-8")))
    except (ValueError, RecordError) as error:
        raise OptionError(
            f"--evaluation {path}: not what tuning evaluate --format json prints: {error}"
        ) from None
