"""The real CDK command line, deploying the real stacks to an emulator."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.emulator_settings import ACCOUNT
from emulator.environment import ROOT
from emulator.instance import Instance
from emulator.start_errors import EmulatorError

_CDK = ROOT / "node_modules" / ".bin" / "cdk"
_KEPT = ("HOME", "LANG", "LC_ALL", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "TMPDIR")
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)

Outputs = dict[str, dict[str, str]]
"""Stack name → output name → value."""


@dataclass(frozen=True, kw_only=True)
class Deployer:
    """Deploys to one emulator. `say` gets each line that the CDK prints."""

    instance: Instance
    say: Callable[[str], None]
    app: str = ""
    """A command that synthesizes, or a folder that one has synthesized into, in place of the repository's `app.py`."""

    def bootstrap(self, regions: Sequence[str]) -> None:
        """What `cdk deploy` expects in an account: once a Region. Run where no app is found, so
        that nothing is synthesized for it.
        """
        with tempfile.TemporaryDirectory() as nowhere:
            environments = [f"aws://{ACCOUNT}/{region}" for region in regions]
            self._cdk("bootstrap", *environments, folder=Path(nowhere))

    def deploy(self, stacks: Sequence[str] = ("--all",)) -> Outputs:
        """Synthesize with the functions bundled for this machine, and deploy. Returns outputs."""
        with tempfile.TemporaryDirectory() as folder:
            outputs = Path(folder) / "outputs.json"
            self._cdk(
                "deploy",
                *stacks,
                *(("--app", self.app) if self.app else ()),
                *("--context", "functions=laptop"),
                *("--require-approval", "never", "--concurrency", "3"),
                *("--output", str(Path(folder) / "cdk.out"), "--outputs-file", str(outputs)),
                folder=ROOT,
            )
            deployed: Outputs = json.loads(outputs.read_text(encoding="utf-8"))
        return deployed

    def synthesize(self, folder: Path) -> None:
        """Every template into the folder, as `make synth` does, with the functions of this machine."""
        context = ("--context", "functions=laptop")
        self._cdk("synth", "--quiet", *context, "--output", str(folder), folder=ROOT)

    def client(self, service: str, region: str = "us-east-1") -> Any:
        """A boto3 client of this emulator."""
        import boto3  # noqa: PLC0415 — half a second that `up` and `down` do not need

        environment = self.instance.client_environment()
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.instance.endpoint,
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            verify=self.instance.settings.authority or None,
        )

    def _cdk(self, *arguments: str, folder: Path) -> None:
        if not _CDK.exists():
            raise EmulatorError("the CDK command line is not installed; run: make setup")
        environment = {k: v for k, v in os.environ.items() if k in _KEPT}
        environment |= self.instance.client_environment()
        # Rules about templates are for `make synth` and the gates; to ask them is half of a synthesis.
        environment["CDK_VALIDATION"] = "false"
        environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        command = [str(_CDK), "--ci", "--no-version-reporting", "--no-notices", *arguments]
        tail: list[str] = []
        with subprocess.Popen(  # noqa: S603 — our own words
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509 — no threads have been started
        ) as process:
            assert process.stdout is not None  # noqa: S101 — narrows what PIPE promises
            for line in process.stdout:
                tail = [*tail[-40:], line.rstrip()]
                self.say(line.rstrip())
        if process.returncode:
            said = "\n".join(tail)
            raise EmulatorError(f"cdk {arguments[0]} failed ({process.returncode}):\n{said}")


def end_with_parent() -> None:
    """On Linux the CDK ends when this program is killed; elsewhere it ends on its next call to the
    emulator, which ends with this program everywhere.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGTERM)
