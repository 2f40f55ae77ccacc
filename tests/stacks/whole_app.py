"""`app.py` as the CDK CLI runs it: a process of its own, with nothing from this one's environment."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
ENVIRONMENTS = ("dev", "prod")


@dataclass(frozen=True, kw_only=True)
class Running:
    folder: Path
    child: subprocess.Popen[str]

    def end(self, *, seconds: int = 120) -> "Synthesis":
        output, errors = self.child.communicate(timeout=seconds)
        return Synthesis(
            folder=self.folder, code=self.child.returncode, output=output, errors=errors
        )


@dataclass(frozen=True, kw_only=True)
class Synthesis:
    folder: Path
    code: int
    output: str
    errors: str

    @property
    def report(self) -> dict[str, Any]:
        """cdk-nag's and the built-in validator's; the exit code alone is not to be trusted."""
        text = (self.folder / "validation-report.json").read_bytes()
        return {plugin["pluginName"]: plugin for plugin in json.loads(text)["pluginReports"]}


def start(folder: Path, *, program: Path = ROOT / "app.py", **environment: str) -> Running:
    """Context and folder come as the CLI hands them over; credentials are made unfindable."""
    context = json.loads((ROOT / "cdk.json").read_bytes())["context"]
    child = subprocess.Popen(  # noqa: S603 — our own words
        [sys.executable, str(program)],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "HOME": os.environ["HOME"],  # caches of jsii and uv
            "PYTHONPATH": str(ROOT),
            "CDK_OUTDIR": str(folder),
            "CDK_CONTEXT_JSON": json.dumps(context),
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            # What jsii has to say of Node.js is not what the app says; it takes major versions here.
            "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "18,20,22,24",
            "JSII_SILENCE_WARNING_DEPRECATED_NODE_VERSION": "1",
            "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
            **environment,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    return Running(folder=folder, child=child)
