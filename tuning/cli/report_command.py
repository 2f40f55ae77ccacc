"""`tuning report`: the page of a run, written anew from what is known of it now."""

import json
import webbrowser
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from tuning.aws.candidates import Candidates
from tuning.aws.live_models import LiveModels
from tuning.cli.account import Account
from tuning.cli.aws_errors import speaks_to_aws
from tuning.cli.deployed_options import EnvironmentOption, FormatOption, Region, RunId
from tuning.cli.output import answer, draft
from tuning.errors import OptionError
from tuning.evaluation.gate import Evaluation
from tuning.releases.model_version import ModelVersion
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
        Path | None, typer.Option("--out", "-o", help="The file; default: RUN.html in this folder.")
    ] = None,
    shows: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
    evaluation: Annotated[
        Path | None,
        typer.Option(help="The output of tuning evaluate --format json for the run's model."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite any file.")] = False,
    environment: EnvironmentOption = "dev",
    region: Region = None,
    shown: FormatOption = "text",
) -> None:
    """Write the page of a run: outcome, next command, curves, evaluation, check, lineage, price, model card.

    It is one file that needs no network. An earlier page of a run is overwritten; no other file is.
    """
    evaluated = _evaluation(evaluation) if evaluation else None
    account = Account.of(environment, region)
    record = account.run(run)
    page = _page(account, record, environment)
    if evaluation:
        page = replace(page, evaluation=evaluated, evaluated_from=evaluation.name)
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


def _page(account: Account, record: RunRecord, environment: str) -> RunPage:
    checked = account.files.check(record.id) if record.reports else None
    model = account.registry.of_run(record.id)
    found = _kept_evaluation(account, model) if model else None
    return RunPage(
        record=record,
        environment=environment,
        made_at=zulu(datetime.now(UTC)),
        check=None if isinstance(checked, str) else checked,
        check_missing=f"Its report cannot be read. {checked}" if isinstance(checked, str) else None,
        model=model,
        evaluation=None if isinstance(found, str) else found,
        evaluation_missing=found if isinstance(found, str) else None,
        live=LiveModels(ledger=account.ledger).read(model.recipe) if model else None,
    )


def _kept_evaluation(account: Account, model: ModelVersion) -> Evaluation | str | None:
    """Of the model's release; or why there is none to show. None of a model that was never evaluated."""
    evaluated = Candidates(ledger=account.ledger).of(model.recipe, model.version)
    if evaluated is None:
        return None
    if evaluated.evaluation_uri is None:
        return evaluated.summary or "It is being evaluated."
    found = account.files.document(evaluated.evaluation_uri)
    return found if isinstance(found, str) else Evaluation.from_json(found)


def _evaluation(path: Path) -> Evaluation:
    try:
        return Evaluation.from_json(json.loads(path.read_text("utf-8")))
    except (ValueError, RecordError) as error:
        raise OptionError(
            f"--evaluation {path}: not what tuning evaluate --format json prints: {error}"
        ) from None
