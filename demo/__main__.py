"""`make demo`: deploy to an emulated AWS, upload a broken dataset and a sound one, bring its model live, and let a gate decide.

With ASSISTANT=1 it is assistants around that model in place of the gate: documents, a guardrail and a tool.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer
from rich.text import Text

from demo import screen
from demo.assistants_shown import AssistantsShown
from demo.gated import GateShown
from emulator import EmulatorSettings, Instance, running
from emulator.deploy import Deployer, Outputs, end_with_parent
from emulator.emulator_settings import NEW_ACCOUNT
from emulator.instance import default_directory, find, start
from emulator.start_errors import EmulatorError
from tuning.cli.account import Account
from tuning.runs.run_record import RunRecord
from tuning.runs.uploads import PREFIX, Upload

RECIPE = "support-nova-micro"
SAMPLES = Path("samples")
PAGE = Path("build/demo-run.html")
_WITH_ASSISTANTS = f"env PYTHONPATH=. {sys.executable} -m stacks.demo_app"
PACE: dict[str, Any] = {"phase_seconds": 1.0, "wait_scale": 0.004}
"""A job's phases take a second each, and the state machine polls every 1.2 s, not every 300."""


def demo(
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Keep the emulator running.")] = False,
    new_account: Annotated[
        bool, typer.Option("--new-account", help="With the quotas of a new account.")
    ] = False,
    assistant: Annotated[
        bool, typer.Option("--assistant", help="With assistants in place of the gate.")
    ] = False,
) -> None:
    """Show the whole flow on this machine. No AWS account, no cost, nothing leaves the laptop."""
    screen.console.rule("[bold]From an upload to a private model, on an emulated AWS")
    screen.console.print(
        "The stacks, the functions and the state machine are the real ones. AWS is an emulator on "
        "127.0.0.1: [bold]it trains no model[/], and says so on everything that it makes.\n"
    )
    quotas = NEW_ACCOUNT if new_account else {}
    settings = EmulatorSettings(port=4566 if keep else 0, **PACE, **quotas)
    with _emulator(settings, keep=keep) as instance:
        account, outputs = _deploy(instance, _WITH_ASSISTANTS if assistant else "")
        _refuse(account)
        run = _train(account)
        _release(instance, run)
        _report(instance, run)
        if assistant:
            asked = partial(_tuning, instance, refused=True)
            AssistantsShown(account=account, outputs=outputs["dev-Assistants"], tuning=asked).show()
        else:
            GateShown(account=account, tuning=partial(_tuning, instance)).show()
        if keep:
            _how_to_explore(instance, account)
    if not keep:
        screen.console.print(
            "\nThe emulator of this demo has ended. To keep one:  [bold]make demo KEEP=1[/]"
        )


@contextmanager
def _emulator(settings: EmulatorSettings, *, keep: bool) -> Iterator[Instance]:
    if keep:
        with screen.step("Start the emulated AWS"):
            found = find(default_directory())
            instance = found or start(settings, default_directory()).instance
        yield instance
        return
    with ExitStack() as until_the_end:
        with screen.step("Start the emulated AWS"):
            instance = until_the_end.enter_context(running(**asdict(settings)))
        yield instance


def _deploy(instance: Instance, app: str) -> tuple[Account, Outputs]:
    """`app`: the command of another CDK app than this repository's; empty: this one."""
    with screen.step("Prepare the account: cdk bootstrap") as say:
        deployer = Deployer(instance=instance, say=say)
        deployer.bootstrap(["us-east-1"])
    with screen.step("Deploy every environment: cdk deploy --all") as say:
        outputs = Deployer(instance=instance, say=say, app=app).deploy()
    quiet = Deployer(instance=instance, say=lambda _line: None)
    return Account(client=quiet.client, outputs=outputs["dev-Training"]), outputs


def _refuse(account: Account) -> None:
    screen.console.print()
    upload = _upload(account, SAMPLES / "broken" / "train.jsonl", "first-try")
    run = screen.show_run(lambda: account.started_by(upload.uri), "A dataset with mistakes")
    screen.findings(account.files.report(run.id))


def _train(account: Account) -> RunRecord:
    _upload(account, SAMPLES / "support" / "validation.jsonl", "second-try")
    upload = _upload(account, SAMPLES / "support" / "train.jsonl", "second-try")
    run = screen.show_run(lambda: account.started_by(upload.uri), "A sound dataset")
    if run.state != "trained":
        raise EmulatorError(f"the sound dataset was not trained: {run.summary}")
    screen.console.print("  [dim]Emulated: no model was trained, and the losses are made up.[/]")
    screen.console.print("\n[bold]Where to find it[/]")
    screen.print_facts(_facts(account, run))
    return run


def _release(instance: Instance, run: RunRecord) -> None:
    """By the commands that a person would type."""
    screen.console.print()
    with screen.step("Bring its model live: tuning release"):
        released = _tuning(instance, "release", run.id)
    screen.console.print(Text(f"  {released}"))
    with (SAMPLES / "support" / "train.jsonl").open(encoding="utf-8") as lines:
        first = json.loads(next(lines))
    question, system = first["messages"][0]["content"][0]["text"], first["system"][0]["text"]
    screen.console.print(Text(f'  tuning ask {RECIPE} "{question}"', style="bold"))
    answer = _tuning(instance, "ask", RECIPE, question, "--system", system)
    screen.console.print(Text(f"  {answer}"))
    screen.console.print("  [dim]Emulated: the answer to the dataset's nearest question.[/]")


def _report(instance: Instance, run: RunRecord) -> None:
    screen.console.print()
    PAGE.parent.mkdir(exist_ok=True)
    with screen.step("Write the page of its run: tuning report"):
        _tuning(instance, "report", run.id, "--out", str(PAGE))
    screen.console.print(f"  {PAGE}, for your browser: it needs no network, and is kept.")


def _tuning(instance: Instance, *words: str, refused: bool = False) -> str:
    """What a command printed. Raises EmulatorError when it failed; `refused`: when it was not even answered."""
    made = subprocess.run(  # noqa: S603 — our own command
        [sys.executable, "-m", "tuning", *words],
        env=os.environ | instance.client_environment(),
        check=False,
        capture_output=True,
        text=True,
    )
    if made.returncode and not (refused and made.stdout):
        raise EmulatorError(f"tuning {words[0]}: {made.stderr or made.stdout}")
    return (made.stdout or made.stderr).strip()  # what is for people and no data goes to stderr


def _upload(account: Account, file: Path, folder: str) -> Upload:
    return account.objects.put_file(f"{PREFIX}{RECIPE}/{folder}/{file.name}", file)


def _facts(account: Account, run: RunRecord) -> dict[str, str]:
    expected = run.estimate.training_usd if run.estimate else None
    price = f"{expected} USD to train at Bedrock, known before the job was started"
    states = dict.fromkeys(name for name, _at in account.executions.entered(run.id))
    return {
        "run": run.id,
        "ledger": f"{account.ledger.table}, key {run.id}",
        "price": f"{price}; here it was free, since nothing was trained",
        "job": run.job_arn or "",
        "model": run.model_arn or "",
        "states": " → ".join(states),
        "artifacts": "\n".join(account.files.artifacts(run.id)),
    }


def _how_to_explore(instance: Instance, account: Account) -> None:
    screen.console.print("\n[bold]It is still running.[/] With the AWS command line:\n")
    for name, value in instance.client_environment().items():
        screen.console.print(f"export {name}={value}", highlight=False)
    bucket = account.outputs["DatasetsBucket"]
    for command in (
        f"aws s3 cp samples/support/train.jsonl s3://{bucket}/datasets/{RECIPE}/mine/train.jsonl",
        f"aws s3 ls --recursive s3://{account.outputs['ArtifactsBucket']}",
        f"aws dynamodb scan --table-name {account.outputs['LedgerTable']}",
        f"aws stepfunctions list-executions --state-machine-arn {account.outputs['StateMachine']}",
        "aws bedrock list-model-customization-jobs",
    ):
        screen.console.print(command, highlight=False, soft_wrap=True)
    screen.console.print("\nTo end it: [bold].venv/bin/python -m emulator down[/]")


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    """SIGTERM ends a `with` block like Ctrl-C does."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _end)
    end_with_parent()  # of `make`, which passes no signals on when it is killed
    try:
        typer.run(demo)
    except (EmulatorError, screen.StillRunningError) as error:
        sys.exit(f"demo: {error}")
    except KeyboardInterrupt:
        sys.exit("demo: ended early; the emulator is gone")
