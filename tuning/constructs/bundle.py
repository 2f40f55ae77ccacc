"""The functions' code: one deterministic zip for all functions, built without Docker, and one for those that merge
tensors, which have two more packages of many megabytes.

Pinned wheels for the platform that will run it, our own code, the checker's kernel, and of botocore's
service models only those that a function calls. Recipes come later: `functions_code.py`. Needs a checkout. Two targets: `lambda` is deployed; `laptop` is for the
emulator, which runs functions on this interpreter.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from tuning.constructs import service_models
from tuning.constructs.functions_code import (
    EPOCH,
    PYTHON,
    Bundle,
    BundleContents,
    BundleError,
    BundleTarget,
)
from tuning.datasets.kernel import build as kernel
from tuning.datasets.kernel import library_name

_ROOT = Path(__file__).parents[2]
_CACHE = _ROOT / "build"
_MADE_BY = (Path("tuning/constructs/bundle.py"), Path("tuning/constructs/service_models.py"))
_PINS: dict[BundleContents, tuple[Path, ...]] = {
    "functions": (Path("lambdas/requirements.txt"),),
    "merging": (Path("lambdas/requirements.txt"), Path("lambdas/merging.txt")),
}
_OURS = ("lambdas", "tuning")
_SUFFIXES = {".css", ".json", ".py", ".toml"}
_KERNEL = Path("tuning/datasets/kernel")
_FALLBACK = Path("tuning/datasets/fast.py")  # for where the kernel was not built
# What no function imports or reads: HTTP routing of Powertools, time zones by name, libraries' own tests.
_WASTE = (
    "bin",
    ".lock",
    "aws_lambda_powertools/event_handler",
    "aws_lambda_powertools/utilities/parser",
    "dateutil/zoneinfo/dateutil-zoneinfo.tar.gz",
    "jsonschema/benchmarks",
    "jsonschema/tests",
    "jsonschema_specifications/tests",
    "referencing/tests",
    "numpy/_core/include",
    "numpy/_core/lib",
    "numpy/f2py",
    "ml_dtypes/include",
)
_WASTE_ANYWHERE = ("**/examples-1.json*", "*.dist-info/RECORD", "*.dist-info/INSTALLER")
_WASTE_OF_NUMPY = ("numpy/**/tests", "numpy/**/*.pyi", "ml_dtypes/tests")
_LEFT_OUT = {
    *(Path("tuning/cli"), Path("tuning/constructs"), Path("tuning/__main__.py")),
    *(_FALLBACK, _KERNEL / "build.py", _KERNEL / "folds.py"),
}

# The service models that the functions call; all others, 20 MB of them, are listed twice by botocore
# each time that a client is made.
_SERVICES = {
    *("bedrock", "bedrock-agent", "bedrock-agent-runtime", "bedrock-agentcore", "bedrock-runtime"),
    *("dynamodb", "ec2", "lambda", "s3", "sns", "stepfunctions"),
}
_ENDPOINT_NAMES = {"stepfunctions": "states"}


@cache
def build_bundle(target: BundleTarget, contents: BundleContents = "functions") -> Bundle:
    """The zip for `target`, made anew only when something in it changed."""
    compiler = _compiler(target)
    digest = _digest(target, contents, compiler)
    path = _CACHE / f"{contents}-{target}-{digest[:16]}.zip"
    if not path.exists():
        _CACHE.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=_CACHE) as folder:
            staging = Path(folder) / "staging"
            _install(staging, target, _PINS[contents])
            _prune(staging)
            _copy_ours(staging)
            machine = _machine(target)
            shutil.copyfile(kernel.built(machine), staging / _KERNEL / library_name(*machine))
            if compiler:
                _compile(staging, compiler)
            unfinished = Path(folder) / f"{contents}.zip"
            _zip(staging, unfinished)
            unfinished.replace(path)
        for stale in _CACHE.glob(f"{contents}-{target}-*.zip"):
            if stale != path:
                stale.unlink()
    return Bundle(path=path, compiled=compiler is not None)


def _digest(target: BundleTarget, contents: BundleContents, compiler: str | None) -> str:
    known = (target, compiler is not None, sys.version, _machine(target), kernel.source())
    state = hashlib.sha256(repr(known).encode())
    for path in (*_MADE_BY, *_PINS[contents], *_our_files()):
        state.update(f"\0{path.as_posix()}\0".encode())
        state.update((_ROOT / path).read_bytes())
    return state.hexdigest()


def _machine(target: BundleTarget) -> kernel.Machine:
    return ("Linux", "aarch64") if target == "lambda" else kernel.here()


def _our_files() -> Iterator[Path]:
    """Paths from the root of the repository, in order."""
    for room in _OURS:
        for path in sorted((_ROOT / room).rglob("*")):
            inside = path.relative_to(_ROOT)
            left_out = _LEFT_OUT & {inside, *inside.parents}
            if path.suffix in _SUFFIXES and not left_out:
                yield inside


def _install(staging: Path, target: BundleTarget, pins: Sequence[Path]) -> None:
    """Wheels as pinned; nothing is ever built from source."""
    platform = ["--python-version", PYTHON, "--python-platform", "aarch64-manylinux_2_28"]
    command = [
        *(sys.executable, "-m", "uv", "pip", "install", "--quiet", "--target", str(staging)),
        *("--only-binary", ":all:", "--no-deps"),
        *(word for path in pins for word in ("-r", str(_ROOT / path))),
        *(["--require-hashes", *platform] if target == "lambda" else _host_pins()),
    ]
    done = subprocess.run(  # noqa: S603 — our own words
        command, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        raise BundleError(
            f"{', '.join(map(str, pins))}: the functions' packages could not be installed for {target}; a network to "
            f"a package index is needed once. uv said: {done.stderr.strip()}"
        )


def _host_pins() -> list[str]:
    """The hashes are those of the arm64 wheels; here the same versions come for this machine."""
    return ["--python", sys.executable, "--no-verify-hashes"]


def _prune(staging: Path) -> None:
    models = staging / "botocore" / "data"
    for folder in models.iterdir():
        if folder.is_dir() and folder.name not in _SERVICES:
            shutil.rmtree(folder)
    _prune_endpoints(models / "endpoints.json")
    sources = [*(_ROOT / path for path in _our_files()), *(staging / "botocore").glob("*.py")]
    service_models.prune(models, sources)
    waste = [staging / each for each in _WASTE]
    for pattern in (*_WASTE_ANYWHERE, *_WASTE_OF_NUMPY):
        waste += staging.glob(pattern)
    for path in waste:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def _prune_endpoints(path: Path) -> None:
    """Every client reads this file whole; of 1.2 MB, our services are a fiftieth."""
    known = json.loads(path.read_text(encoding="utf-8"))
    for partition in known["partitions"]:
        services = partition["services"]
        names = {_ENDPOINT_NAMES.get(service, service) for service in _SERVICES}
        partition["services"] = {n: services[n] for n in sorted(names) if n in services}
    path.write_text(json.dumps(known), encoding="utf-8")


def _copy_ours(staging: Path) -> None:
    for path in _our_files():
        target = staging / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_ROOT / path, target)


def _compiler(target: BundleTarget) -> str | None:
    """A Python of the version that will run the code, or None when this machine has none."""
    if target == "laptop":
        return sys.executable
    found = shutil.which(f"python{PYTHON}")
    if found is None:
        return None
    question = [found, "-c", ""]  # a version manager's shim may stand for nothing
    answer = subprocess.run(question, check=False, capture_output=True)  # noqa: S603 — idem
    return found if answer.returncode == 0 else None


def _compile(staging: Path, compiler: str) -> None:
    """`unchecked-hash` makes .pyc files that say nothing of time, and that are not checked against
    their source at each import.
    """
    command = [
        *(compiler, "-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash"),
        *("-s", str(staging), str(staging)),
    ]
    environment = {"PYTHONHASHSEED": "0"}  # sets are stored in hash order
    subprocess.run(command, check=True, env=environment, stdin=subprocess.DEVNULL)  # noqa: S603


def _zip(staging: Path, target: Path) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for path in sorted(p for p in staging.rglob("*") if p.is_file()):
            entry = zipfile.ZipInfo(path.relative_to(staging).as_posix(), EPOCH)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, path.read_bytes())
