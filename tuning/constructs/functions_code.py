"""The functions' code as deployed: a zip for all of them, with an environment's own recipes, and where models
are imported a second one for those that read tensors.

Without recipes it is built in a checkout (`bundle.py`), or comes with the wheel. Recipes are added at
synth, the same bytes each time, so that a consumer needs neither uv nor a C compiler.
"""

import hashlib
import os
import shutil
import tempfile
import time
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from tuning.errors import TuningError

BundleTarget = Literal["lambda", "laptop"]
"""`lambda` is deployed; `laptop` is for the emulator, which runs functions on this interpreter."""

BundleContents = Literal["functions", "merging"]
"""`merging` is `functions` and what reads tensors, which is larger than all else."""

PYTHON = "3.14"
"""What Lambda runs them on."""
AGENT_ENTRY = "agent.py"
"""https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/runtime-get-started-code-deploy.html"""
_STARTS_AGENT = b"from lambdas.serve_agent import run_agent\n\nrun_agent()\n"
SHIPPED = Path(__file__).with_name("functions.zip")
"""Where the wheel has what a checkout builds; the other contents lie beside it."""
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can say
_KEPT_SECONDS = 7 * 24 * 3600
"""Since it was last asked for."""
_CHECKOUT = Path(__file__).parents[2]


class BundleError(TuningError):
    """The functions' code cannot be had."""


@dataclass(frozen=True, kw_only=True)
class Bundle:
    path: Path
    compiled: bool
    """Whether it holds .pyc files. Without them a cold start takes twice as long, because Lambda's
    code folder is read-only; they can be made only where Python of the same version is found."""


def without_recipes(target: BundleTarget, contents: BundleContents = "functions") -> Bundle:
    """Raises BundleError where there is neither a wheel's zip nor a checkout to build one in."""
    shipped = SHIPPED.with_name(f"{contents}.zip")
    if shipped.exists():
        if target != "lambda":
            raise BundleError(
                f"functions = {target!r}: an installed package has the code for Lambda only; the "
                "emulator runs from a checkout"
            )
        with zipfile.ZipFile(shipped) as archive:
            compiled = any(name.endswith(".pyc") for name in archive.namelist())
        return Bundle(path=shipped, compiled=compiled)
    try:
        from tuning.constructs.bundle import build_bundle  # noqa: PLC0415 — a wheel has none
    except ModuleNotFoundError:
        raise BundleError(
            f"{shipped}: the functions' code is missing; install the package again, from its wheel"
        ) from None
    return build_bundle(target, contents)


def with_recipes(
    target: BundleTarget,
    recipes: Iterable[Path],
    contents: BundleContents = "functions",
    assistants: Iterable[Path] = (),
) -> Bundle:
    """That of `target` with the recipes' files in its folder `recipes/`, and those of assistants in `assistants/`. Its
    name says what is in it.
    """
    return merged(
        target,
        tuple((path.name, path.read_bytes()) for path in recipes),
        contents,
        tuple((path.name, path.read_bytes()) for path in assistants),
    )


def with_agent(target: BundleTarget, assistant: Path) -> Bundle:
    """That of an agent: the functions' code with its assistant's file, and what AgentCore Runtime starts."""
    file = (assistant.name, assistant.read_bytes())
    return merged(target, (), "functions", (file,), ((AGENT_ENTRY, _STARTS_AGENT),))


@cache
def merged(
    target: BundleTarget,
    recipes: tuple[tuple[str, bytes], ...],
    contents: BundleContents = "functions",
    assistants: tuple[tuple[str, bytes], ...] = (),
    beside: tuple[tuple[str, bytes], ...] = (),
) -> Bundle:
    base = without_recipes(target, contents)
    name = f"deployed-{target}-{_digest(base.path.read_bytes())}"
    added = [(f"recipes/{each}", text) for each, text in sorted(recipes)]
    added += [(f"assistants/{each}", text) for each, text in sorted(assistants)]
    added += beside
    said = "".join(repr(sorted(each)) for each in (recipes, assistants, beside) if each)
    said = said if recipes else f"[]{said}"
    path = _folder() / f"{name}-{_digest(said.encode())}.zip"
    if path.exists():
        os.utime(path)
    else:
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            unfinished = Path(folder) / path.name
            shutil.copyfile(base.path, unfinished)
            with zipfile.ZipFile(unfinished, "a") as archive:
                for file, text in added:
                    archive.writestr(_entry(file), text)
            unfinished.replace(path)
        _tidy(path.parent)
    return Bundle(path=path, compiled=base.compiled)


def _tidy(folder: Path) -> None:
    """Remove what was made long ago. Not what is merely of other code: a synth beside this one may be
    about to read it.
    """
    for old in folder.glob("deployed-*.zip"):
        with suppress(FileNotFoundError):  # another process tidies, too
            if time.time() - old.stat().st_mtime > _KEPT_SECONDS:
                old.unlink()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.external_attr = 0o644 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _folder() -> Path:
    """`build` in a checkout, the user's cache elsewhere."""
    if (_CHECKOUT / "lambdas").is_dir():
        folder = _CHECKOUT / "build"
    else:
        from platformdirs import user_cache_path  # noqa: PLC0415 — a checkout needs none

        folder = user_cache_path("bedrock-private-tuning")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BundleError(f"{folder}: the functions' code needs a place: {error}") from None
    return folder
