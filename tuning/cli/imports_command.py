"""`tuning imports`: adapters and models that were trained elsewhere, on their way to versions; and how to bring one."""

from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from tuning.aws.clients import chosen_region
from tuning.aws.import_ledger import Imports
from tuning.aws.ledger import Unreadable
from tuning.aws.stack_outputs import import_outputs
from tuning.cli import completions
from tuning.cli.account import Account
from tuning.cli.aws_errors import UnknownRunError, speaks_to_aws
from tuning.cli.deployed_options import EnvironmentOption, FormatOption, Region, recipe_option
from tuning.cli.output import print_json, say
from tuning.cli.table_console import table_console
from tuning.imports.import_run import ImportRecord
from tuning.models.import_units import ExpectedUnits, awake_words
from tuning.reports.visible_text import printable
from tuning.runs.json_record import json_value

_SHORT = 12
_GB = 10**9


@speaks_to_aws
def imports_command(
    import_id: Annotated[
        str | None,
        typer.Argument(
            metavar="IMPORT",
            help="Its id or the beginning of it: all of this one.",
            autocompletion=completions.complete_imports,
        ),
    ] = None,
    recipe: Annotated[str | None, recipe_option("Only imports of this recipe.")] = None,
    environment: EnvironmentOption = "dev",
    region: Region = None,
    shown: FormatOption = "text",
) -> None:
    """List imports of adapters and models that were trained elsewhere, newest first, or show one."""
    account = Account.of(environment, region)
    found = list(Imports(ledger=account.ledger).records())
    if import_id is not None:
        _one(_only(found, import_id), region or chosen_region() or "", shown)
    else:
        listed = [each for each in found if recipe in (None, getattr(each, "recipe", None))]
        listed.sort(key=lambda each: str(getattr(each, "arrived_at", "")), reverse=True)
        _all(listed, account, environment, recipe, shown)


def _one(record: ImportRecord, region: str, shown: str) -> None:
    if shown == "json":
        print_json(_document(record))
        return
    out = Console(markup=False, highlight=False, emoji=False, soft_wrap=True)
    out.print(f"Import {record.import_id}: {record.state}", style="bold")
    lines = [(name, value) for name, value in _lines(record, region) if value]
    width = max(len(name) for name, _ in lines)
    for name, value in lines:
        out.print(f"  {name:<{width}}  {printable(value)}".rstrip())


def _all(
    found: list[ImportRecord | Unreadable],
    account: Account,
    environment: str,
    recipe: str | None,
    shown: str,
) -> None:
    if shown == "json":
        print_json({"imports": [_document(each) for each in found]})
        return
    if not found:
        say("no import matches. To bring an adapter, or full weights, that were trained elsewhere:")
        for command in _uploads(account, environment, recipe or "RECIPE"):
            say(f"  {command}")
        return
    table = Table(box=None, pad_edge=False)
    for name in ("import", "arrived", "state", "recipe", "version", "upload"):
        table.add_column(name, no_wrap=name in ("import", "arrived"), overflow="fold")
    for each in found:
        table.add_row(*map(printable, _row(each)))
    table_console().print(table)


def _row(each: ImportRecord | Unreadable) -> tuple[str, ...]:
    if isinstance(each, Unreadable):
        return (each.id, "", f"cannot be read: {each.why}", "", "", "")
    arrived = each.arrived_at[:16].replace("T", " ")
    version = "" if each.version is None else str(each.version)
    return (each.import_id[:_SHORT], arrived, each.state, each.recipe, version, each.upload.key)


def _lines(record: ImportRecord, region: str) -> Iterator[tuple[str, str]]:
    """What is known of it; nothing of what is not known yet."""
    upload = record.upload
    yield "upload", f"{upload.uri}, version {upload.version_id}, arrived {record.arrived_at}"
    yield "recipe", record.recipe
    yield "why", record.why or ""
    yield from (("note", each) for each in record.notes)
    yield "base", record.base or ""
    if record.architecture:
        asked = "Converse" if record.converse else "InvokeModel"
        yield "model", f"{record.architecture}, asked by {asked}"
    if record.bytes:
        yield "weights", f"{record.bytes / _GB:.2f} GB, merged in {record.groups} groups"
    yield "receipt", record.receipt_uri or ""
    yield "job", record.job_arn or ""
    yield "imported as", record.model_arn or ""
    if record.version:
        yield "version", f"{record.version}; to bring it live: tuning promote {record.recipe} {record.version}"  # fmt: skip
    yield from _cost(record, region)
    yield "ended", record.ended_at or ""


def _cost(record: ImportRecord, region: str) -> Iterator[tuple[str, str]]:
    if record.reservation:
        yield "reserved", f"{record.reservation.usd} USD, of {record.reservation.month}"
    if record.settlement:
        yield "settled", f"{record.settlement.usd} USD, the first month of its storage"
    if record.architecture:
        units = record.model_units
        words = f"{units} custom model units" if units else ExpectedUnits(units=None).words
        yield "units", words
        yield "awake", awake_words(region, units)


def _uploads(account: Account, environment: str, recipe: str) -> Iterator[str]:
    """Commands that begin an import."""
    datasets = account.outputs["DatasetsBucket"]
    yield f"aws s3 cp --recursive ADAPTER/ s3://{datasets}/adapters/{recipe}/NAME/"
    outputs = import_outputs(account.client, environment)
    if outputs is None:
        say(f"  {environment} has no recipe of method IMPORT: name one in app.py, and deploy")
        return
    weights = outputs["WeightsBucket"]
    yield f"aws s3 cp --recursive MODEL/ s3://{weights}/models/{recipe}/NAME/"
    yield f"aws s3 cp --recursive BASE/ s3://{weights}/bases/NAME/"


def _document(each: ImportRecord | Unreadable) -> dict[str, Any]:
    if isinstance(each, Unreadable):
        return {"import": each.id, "state": None, "why": f"cannot be read: {each.why}"}
    facts = {name: json_value(getattr(each, name)) for name in each.__struct_fields__}
    return {"import": each.import_id} | {n: v for n, v in facts.items() if n != "id"}


def _only(found: list[ImportRecord | Unreadable], beginning: str) -> ImportRecord:
    records = [each for each in found if isinstance(each, ImportRecord)]
    fits = [each for each in records if each.import_id.startswith(beginning.lower())]
    if len(fits) == 1 and beginning:
        return fits[0]
    if fits:
        some = ", ".join(each.import_id[:_SHORT] for each in fits[:5])
        raise UnknownRunError(
            f"{beginning}: {len(fits)} imports begin with this, such as {some}; give more of the id"
        )
    raise UnknownRunError(f"{beginning}: no such import; tuning imports lists them")
