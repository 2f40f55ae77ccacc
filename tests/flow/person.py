"""A person at a shell, who types the documents' commands at an emulated account: `aws`, `npx cdk`, `tuning`."""

import atexit
import os
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

from documented_commands import NOT_FOLLOWED, ROOT, blocks

PINS = Path(__file__).with_name("awscli.txt")
"""`uv pip compile --universal --python-version 3.11` of `awscli==` renews it: it pins what we pin otherwise."""
PYTHON = f"""#!/bin/sh
# The emulator keeps its files here, and takes a free port.
cd {ROOT} && exec {sys.executable} - "$@" <<'END'
import pathlib, sys
from emulator import environment
python = environment.interpreter()
environment.HOME = pathlib.Path("@HOME@")
environment.interpreter = lambda: python
assert sys.argv[1:3] == ["-m", "emulator"], sys.argv
sys.argv[1:3] = []
if sys.argv[1] == "up":
    sys.argv += ["--port", "0"]
from emulator.__main__ import run_emulator
run_emulator()
END
"""
NPX = f"""#!/bin/sh
# Without a terminal nobody is asked; functions are bundled for this machine.
[ "$1" = cdk ] && shift
verb=$1
shift
case $verb in
destroy) set -- "$@" --force ;;
deploy) set -- "$@" --require-approval never ;;
bootstrap) cd "$(mktemp -d)" && exec {ROOT}/node_modules/.bin/cdk bootstrap aws://000000000000/us-east-1 ;;
esac
export CDK_VALIDATION=false  # which the gates are for
cd {ROOT}
# The same app is synthesized alike each time, as tests show: once is enough until it is edited.
if [ "$verb" = synth ] || ! [ @HOME@/cdk.out/manifest.json -nt @HOME@/app.py ]; then
  {ROOT}/node_modules/.bin/cdk synth --quiet --ci --context functions=laptop \\
    --output @HOME@/cdk.out --app "{sys.executable} @HOME@/app.py" || exit
fi
[ "$verb" = synth ] || exec {ROOT}/node_modules/.bin/cdk "$verb" "$@" --ci --app @HOME@/cdk.out
"""
AWS = """#!/bin/sh
# AWS CLI 1 does not read AWS_ENDPOINT_URL for SQS; docs/emulator.md says so.
[ "$1" = sqs ] && set -- "$@" --endpoint-url "$AWS_ENDPOINT_URL"
exec @AWSCLI@ "$@"
"""
WHAT_PEOPLE_EDIT = "recipes_folder=RECIPES,"


@cache
def awscli():
    """The program, made once and compiled, for it is started a hundred times."""
    made = tempfile.TemporaryDirectory(prefix="awscli-")
    atexit.register(made.cleanup)
    uv, python = Path(sys.executable).with_name("uv"), Path(made.name) / "bin" / "python"
    install = ("pip", "install", "--compile-bytecode", "--python", python, "--requirement", PINS)
    for command in (("venv", "--no-project", "--python", sys.executable, made.name), install):
        subprocess.run([uv, "--quiet", *command], check=True)  # noqa: S603 — our own words
    return str(python.with_name("aws"))


class Person:
    """Someone in a folder with their files, and a shell that remembers what they have set."""

    def __init__(self, folder, instance):
        self.folder, self.instance = folder, instance
        self._state = folder / "state"
        self._state.touch()
        self._make_programs()
        self.edit_app()

    def _make_programs(self):
        programs = self.folder / ".venv" / "bin"
        programs.mkdir(parents=True)
        for name, text in (("python", PYTHON), ("npx", NPX), ("aws", AWS)):
            there = text.replace("@HOME@", str(self.folder)).replace("@AWSCLI@", awscli())
            (programs / name).write_text(there, encoding="utf-8")
            (programs / name).chmod(0o755)
        (programs / "activate").touch()
        (programs / "tuning").symlink_to(Path(sys.executable).with_name("tuning"))

    def edit_app(self, **instead):
        """`app.py` as they have it; `instead` replaces text."""
        text = (ROOT / "app.py").read_text("utf-8")
        here = 'Path(__file__).parent / "recipes"'
        for old, new in {here: f'Path("{ROOT}/recipes")', **instead}.items():
            assert old in text
            text = text.replace(old, new)
        (self.folder / "app.py").write_text(text, encoding="utf-8")

    def follow(self, document, beginning, *, exits=0, keep=False, **filled):
        """Types a block, each `filled` in place of what the text leaves to its reader."""
        (block,) = (b for b in blocks() if (b.document, b.followed) == (document, beginning))
        lines = block.text.splitlines()
        if any(line.startswith("$ ") for line in lines):
            lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        left_out = tuple(NOT_FOLLOWED)
        script = "\n".join(line for line in lines if not line.startswith(left_out))
        for old, new in filled.items():
            assert old in script, old
            script = script.replace(old, new)
        return self.type(script, exits=exits, keep=keep)

    def type(self, script, *, exits=0, keep=False):
        kept = f"\ndeclare -p TOPIC LEDGER BUDGETS MACHINE DATASETS ARTIFACTS QUEUE DEAD >{self._state}"
        done = subprocess.run(  # noqa: S603 — the documents' own words
            [
                "/bin/bash",
                "-c",
                f"set -eo pipefail\n. {self._state}\n{script}{kept if keep else ''}",
            ],
            cwd=self.folder,
            env=self._environment(),
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == exits, f"{script}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def _environment(self):
        path = (self.folder / ".venv/bin", Path(sys.executable).parent, os.environ["PATH"])
        ours = {
            "PATH": os.pathsep.join(map(str, path)),
            "PYTHONPATH": str(ROOT),
            "TUNING_RECIPES": str(ROOT / "recipes"),
        }
        there = self.instance.client_environment() if self.instance else {}
        return {**os.environ, **ours, **there}
