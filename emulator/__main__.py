"""`python -m emulator up|down|status|fault`."""

import json
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from emulator import instance as instances
from emulator.emulator_settings import NEW_ACCOUNT, EmulatorSettings
from emulator.instance import Instance
from emulator.start_errors import EmulatorError

cli = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="AWS on a laptop: an emulated account to deploy to. It trains nothing.",
)
NOT_RUNNING, FAULT = 1, 3
OUT = Console(highlight=False, soft_wrap=True, markup=False)
ERR = Console(stderr=True, highlight=False, soft_wrap=True, markup=False)


class Form(StrEnum):
    TEXT = "text"
    JSON = "json"


class _Kind(StrEnum):
    FAIL = "fail"
    STALL = "stall"
    THROTTLE = "throttle"
    QUOTA = "quota"
    LOST_RESPONSE = "lost-response"


class _Phase(StrEnum):
    VALIDATION = "Validation"
    DATA_PROCESSING = "DataProcessing"
    TRAINING = "Training"
    DEPLOYMENT = "Deployment"
    EVALUATION = "Evaluation"
    IMPORT = "Import"
    INGESTION = "Ingestion"


FormOption = Annotated[Form, typer.Option("--format", help="For people, or one JSON document.")]


@cli.command()
def up(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 4566,
    phase_seconds: Annotated[float, typer.Option(min=0, help="Length of a job's phase.")] = 0.5,
    wait_scale: Annotated[
        float, typer.Option(min=0, help="Factor on Step Functions waits and retry intervals.")
    ] = 0.02,
    quota: Annotated[int, typer.Option(min=0, help="Customization jobs in progress.")] = 10,
    *,
    new_account: Annotated[
        bool, typer.Option("--new-account", help="With the quotas of a new account.")
    ] = False,
    enforce: Annotated[
        bool, typer.Option("--auth", help="Hold calls to IAM, bucket and key policies, over TLS.")
    ] = False,
    form: FormOption = Form.TEXT,
) -> None:
    """Start an emulator in the background and wait until it answers."""
    directory = instances.default_directory()
    found = instances.find(directory)
    if found is None:
        settings = EmulatorSettings(
            port=port,
            phase_seconds=phase_seconds,
            wait_scale=wait_scale,
            quota=quota,
            enforce=enforce,
            **(NEW_ACCOUNT if new_account else {}),
        )
        found = instances.start(settings, directory).instance
        said = "answers"
    else:
        said = "already answers"
    if form is Form.JSON:
        _print_json(_described(found))
        return
    OUT.print(f"# The emulator {said} at {found.endpoint} and trains nothing. To use it:")
    for name, value in found.client_environment().items():
        OUT.print(f"export {name}={value}")


@cli.command()
def down() -> None:
    """Stop the emulator and everything it started."""
    found = instances.find(instances.default_directory())
    if found is None:
        OUT.print("No emulator is running.")
    else:
        instances.stop(found)
        OUT.print(f"The emulator at {found.endpoint} is stopped.")


@cli.command()
def status(form: FormOption = Form.TEXT) -> None:
    """Say whether an emulator runs, and how it is set; exit code 1 when none does."""
    found = instances.find(instances.default_directory())
    if form is Form.JSON:
        _print_json(_described(found) if found else {"running": False})
    elif found is None:
        OUT.print("No emulator is running; `python -m emulator up` starts one.")
    else:
        found.request("GET", "/_emulator/health")
        OUT.print(_table(_described(found)))
    if found is None:
        raise typer.Exit(NOT_RUNNING)


@cli.command()
def fault(
    kind: Annotated[_Kind | None, typer.Argument(help="What should go wrong.")] = None,
    *,
    phase: Annotated[_Phase, typer.Option(help="For fail and stall.")] = _Phase.TRAINING,
    message: Annotated[str | None, typer.Option(help="The job's failureMessage.")] = None,
    operation: Annotated[
        str, typer.Option(help="For throttle and lost-response, such as GetModelCustomizationJob.")
    ] = "*",
    jobs: Annotated[str, typer.Option(help="Shell pattern of job names.")] = "*",
    times: Annotated[int | None, typer.Option(min=1, help="How often; default: forever.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Jobs in progress, for quota.")] = 0,
    clear: Annotated[bool, typer.Option("--clear", help="Remove all faults first.")] = False,
    form: FormOption = Form.TEXT,
) -> None:
    """Make customization jobs go wrong; without a kind, list the faults in force."""
    found = instances.find(instances.default_directory())
    if found is None:
        raise EmulatorError("no emulator is running; `python -m emulator up` starts one")
    if clear:
        found.request("DELETE", "/_emulator/faults")
    if kind is not None:
        asked: dict[str, Any] = {"kind": kind, "phase": phase, "operation": operation}
        asked |= {"jobs": jobs, "times": times, "limit": limit}
        found.add_fault(**asked, **({"message": message} if message else {}))
    standing = found.request("GET", "/_emulator/faults")
    if form is Form.JSON:
        _print_json(standing)
    elif standing:
        for each in standing:
            OUT.print(_table(each))
    else:
        OUT.print("No faults are in force.")


def _described(found: Instance) -> dict[str, Any]:
    return {
        "running": True,
        "endpoint": found.endpoint,
        "pid": found.pid,
        "phase_seconds": found.settings.phase_seconds,
        "wait_scale": found.settings.wait_scale,
        "quota": found.settings.quota,
        "account_concurrency": found.settings.account_concurrency,
        "model_units": found.settings.model_units,
        "enforces_policies": found.settings.enforce,
        "environment": found.client_environment(),
    }


def _table(document: dict[str, Any]) -> Table:
    table = Table(show_header=False, box=None)
    for name, value in document.items():
        if not isinstance(value, dict):
            table.add_row(name, str(value))
    return table


def _print_json(document: Any) -> None:
    OUT.print(json.dumps(document, indent=1))


def run_emulator() -> None:
    try:
        cli()
    except EmulatorError as error:
        ERR.print(f"emulator: {error}")
        raise SystemExit(FAULT) from None


if __name__ == "__main__":
    run_emulator()
