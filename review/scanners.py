"""cfn-lint and checkov on synthesized templates.

checkov pins botocore far below ours, so it has an environment of its own, which uv makes from
`checkov.txt` and keeps: `uv pip compile --universal --python-version 3.11` of `checkov==` renews it.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from review.findings import ToolFinding, located

_PYTHON = Path(sys.executable).absolute()
"""Python knows itself by the PATH that found it, which may be relative; scanners run elsewhere."""


class ScannerError(Exception):
    """A scanner did not run, which must not look like a scanner that found nothing."""


def cfn_lint(folder: Path) -> Iterator[ToolFinding]:
    """Rules of all kinds but the informational."""
    templates = sorted(map(str, folder.glob("*.template.json")))
    program = str(_PYTHON.with_name("cfn-lint"))
    for found in _json([program, "--format", "json", "--", *templates], folder):
        where: list[Any] = found["Location"]["Path"]
        logical_id = where[1] if len(where) > 1 else ""
        yield _finding(
            "cfn-lint", found["Rule"]["Id"], Path(found["Filename"]), logical_id, found["Message"]
        )


def checkov(folder: Path) -> Iterator[ToolFinding]:
    """Run inside `folder`: checkov takes the path of a file for one of a function's variables, and
    a path of forty characters for a secret.
    """
    uv = shutil.which("uv", path=os.pathsep.join((str(_PYTHON.parent), os.defpath)))
    pins = Path(__file__).with_name("checkov.txt")
    command = [
        *(uv or "uv", "run", "--quiet", "--no-project", "--system-certs", "--python", str(_PYTHON)),
        *("--with-requirements", str(pins), "checkov", "--framework", "cloudformation"),
        *("--directory", ".", "--skip-download", "--quiet", "--output", "json"),
    ]
    for found in _json(command, folder)["results"]["failed_checks"]:
        template = folder / found["file_path"].lstrip("/")
        text = found["check_name"]
        yield _finding(
            "checkov", found["check_id"], template, found["resource"].split(".")[1], text
        )


def _json(command: Sequence[str], folder: Path) -> Any:
    """Both exit with codes other than 0 when they find something, and without JSON when they fail."""
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)  # noqa: S603 — our own fixed command lines, no shell
    try:
        return json.loads(done.stdout)
    except ValueError:
        said = (done.stderr or done.stdout).strip()[-2000:]
        raise ScannerError(f"{' '.join(command[:8])} … gave no result:\n{said}") from None


def _finding(tool: str, rule: str, template: Path, logical_id: str, text: str) -> ToolFinding:
    paths = _paths(template.with_name(template.name.replace(".template.", ".metadata.")))
    environment, path = located(paths.get(logical_id, f"{template.name}/{logical_id}"))
    return ToolFinding(
        tool=tool, rule=f"{tool}::{rule}", environment=environment, path=path, text=text
    )


@cache
def _paths(metadata: Path) -> Mapping[str, str]:
    """Construct paths by logical id, as CDK writes them beside each template."""
    return {
        entry["data"]: path.lstrip("/")
        for path, entries in json.loads(metadata.read_bytes()).items()
        for entry in entries
        if entry["type"] == "aws:cdk:logicalId"
    }
