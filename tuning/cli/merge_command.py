"""`tuning merge`: a LoRA adapter into its base, exactly, with a receipt; and the receipt's proof."""

import json
import signal
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from tuning.adapters.refused import MergeRefusedError
from tuning.adapters.rounding import Rounding
from tuning.cli.deployed_options import FormatOption
from tuning.cli.exits import Exit
from tuning.cli.output import Shown, print_json, say
from tuning.errors import OptionError

_NEEDED = ("numpy", "ml_dtypes")
_INTERRUPTED = 130  # as a shell reports a program that Ctrl-C ended


def merge_command(
    base: Annotated[
        Path | None, typer.Argument(help="Folder of the base model, as on Hugging Face.")
    ] = None,
    adapter: Annotated[Path | None, typer.Argument(help="Folder of the LoRA adapter.")] = None,
    *,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Folder to create; must not exist yet.")
    ] = None,
    verify: Annotated[
        Path | None,
        typer.Option(help="Verify a merged folder: merge again, and compare every byte."),
    ] = None,
    rounding: Annotated[
        Rounding,
        typer.Option(help="once: exact, then rounded once. peft: the bytes that PEFT makes."),
    ] = "once",
    threads: Annotated[
        int, typer.Option(min=1, max=64, help="How many; the bytes are the same.")
    ] = 2,
    chunk: Annotated[
        int, typer.Option(min=1, help="Elements computed at once; the bytes are the same.")
    ] = 1024 * 1024,
    shown: FormatOption = "text",
) -> None:
    """Merge a LoRA adapter into its base: exact, with a receipt. Exit 0 merged, 1 refused."""
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        named = " and ".join(missing)
        raise OptionError(f"tuning merge needs {named}: pip install 'bedrock-private-tuning[lora]'")
    _folders(base, adapter)
    before = signal.signal(signal.SIGTERM, _interrupted)
    try:
        with ExitStack() as stack:
            settings = {
                "rounding": rounding,
                "threads": threads,
                "chunk": chunk,
                "progress": _progress(stack),
            }
            if verify is not None:
                document = _verified(verify, base, adapter, output, settings)
            else:
                document = _merged(base, adapter, output, settings)
    except MergeRefusedError as error:
        _refused(error, shown)
        raise SystemExit(Exit.REFUSED) from None
    except KeyboardInterrupt:
        say("tuning: interrupted; nothing was written")
        raise SystemExit(_INTERRUPTED) from None
    finally:
        signal.signal(signal.SIGTERM, before)
    _print(document, shown)


def _merged(
    base: Path | None, adapter: Path | None, output: Path | None, settings: dict[str, Any]
) -> dict[str, Any]:
    from tuning.adapters.folder_merge import Order, merge  # noqa: PLC0415 — numpy, which is an extra

    if base is None or adapter is None or output is None:
        raise OptionError("say what to merge: tuning merge BASE ADAPTER -o OUT")
    _free(output, base, adapter)
    receipt = merge(Order(base=base, adapter=adapter, **settings), output)
    return receipt.content() | {"output_folder": str(output)}


def _verified(
    folder: Path,
    base: Path | None,
    adapter: Path | None,
    output: Path | None,
    settings: dict[str, Any],
) -> dict[str, Any]:
    from tuning.adapters.folder_merge import Order, verify  # noqa: PLC0415 — idem

    if output is not None:
        raise OptionError("--verify writes nothing: omit -o")
    if not folder.is_dir():
        raise OptionError(f"{folder}: no such folder")
    order = Order(base=base or Path(), adapter=adapter or Path(), **settings)
    content = verify(folder, base, adapter, order)
    return content | {"outcome": "verified", "output_folder": str(folder)}


def _folders(*given: Path | None) -> None:
    for folder in given:
        if folder is not None and not folder.is_dir():
            raise OptionError(f"{folder}: no such folder")


def _free(output: Path, base: Path, adapter: Path) -> None:
    place = output.resolve()
    for folder in (base.resolve(), adapter.resolve()):
        if place == folder or folder in place.parents:
            raise OptionError(f"{output}: is inside {folder}, which is an input; name another")
    if not place.parent.is_dir():
        raise OptionError(f"{output.parent}: no such folder; create it first")
    if output.is_file() or (output.is_dir() and any(output.iterdir())):
        raise OptionError(f"{output}: already exists; name another")


def _progress(stack: ExitStack) -> Any:
    """A bar with the rate on standard error, where that is a terminal."""
    console = Console(stderr=True)
    columns = (
        TextColumn("Merging"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    bar = stack.enter_context(
        Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    )
    task = bar.add_task("merge", total=None)
    return lambda done, total: bar.update(task, completed=done, total=total)


def _refused(error: MergeRefusedError, shown: Shown) -> None:
    if shown == "json":
        document = {
            "outcome": "refused",
            "reason": str(error),
            "rule": error.rule.id,
            "title": error.rule.title,
            "fix": error.rule.fix,
            "changed": {},
            "added": [],
            "config_changes": {},
        }
        print_json(document)
        return
    say(f"Refused. {error}")
    say(f"  Why: {error.rule.why}")
    say(f"  Fix: {error.rule.fix}")


def _print(document: dict[str, Any], shown: Shown) -> None:
    changed = {name: tensor["sha256"] for name, tensor in sorted(document["changed"].items())}
    if shown == "json":
        printed = {
            "outcome": document["outcome"],
            "changed": changed,
            "added": document["added"],
            "config_changes": document["config_changes"],
            "unchanged": document["unchanged"]["count"],
            "rounding": document["rounding"],
            "notes": document["notes"],
            "output": document["output_folder"],
        }
        print_json(printed)
        return
    say(
        f"{document['outcome'].capitalize()}: {len(changed)} tensors changed,"
        f" {document['unchanged']['count']} as they were; rounding {document['rounding']}"
    )
    for name, value in document["config_changes"].items():
        say(f"  config.json: {name} is now {json.dumps(value)}")
    for note in document["notes"]:
        say(f"  note: {note}")
    say(f"  in {document['output_folder']}, with merge-receipt.json")


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt
