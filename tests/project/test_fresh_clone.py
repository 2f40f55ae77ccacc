"""What a fresh clone needs, where nothing was built: README's quick start on AWS, as CI runs it first."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tuning.datasets.kernel import build

ROOT = Path(__file__).parents[2]


def shell(command, folder, **environment):
    done = subprocess.run(  # noqa: S603 — our own words
        ["/bin/sh", "-c", command],
        cwd=folder,
        env={**os.environ, **environment},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def test_the_cdk_cli_starts_a_python_that_knows_where_it_is():
    """Found by a relative PATH it does not, and whatever it starts from another folder fails."""
    app = json.loads((ROOT / "cdk.json").read_bytes())["app"]
    assert app.endswith("python app.py")
    asked = app.replace("app.py", '-c "import sys; print(sys.executable)"')
    assert shell(asked, ROOT) == str(ROOT / ".venv" / "bin" / "python")


def test_packages_come_through_a_proxy_whose_certificate_the_system_trusts():
    """As pip's do, whoever calls uv in a checkout: make, the CDK or the emulator."""
    settings = f"'{sys.executable}' -m uv pip sync --show-settings requirements.txt"
    assert "system_certs: true" in shell(settings, ROOT)
    assert "system_certs: false" in shell(settings, ROOT, UV_SYSTEM_CERTS="false")


def test_a_clone_in_a_folder_with_a_space_is_no_trouble(tmp_path):
    folder = tmp_path / "a clone"
    (folder / ".venv" / "bin").mkdir(parents=True)
    (folder / ".venv" / "bin" / "python").symlink_to(sys.executable)
    app = json.loads((ROOT / "cdk.json").read_bytes())["app"]
    found = shell(app.replace("python app.py", "command -v python"), folder)
    assert found == str(folder / ".venv" / "bin" / "python")


def test_the_kernel_is_built_by_a_python_that_was_found_by_a_relative_path(tmp_path, monkeypatch):
    """As in a fresh clone, where no earlier build hides it."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "executable", os.path.relpath(sys.executable))
    monkeypatch.setattr(build, "_BUILD", tmp_path)
    assert build.built(("Linux", "aarch64")).stat().st_size > 0


@pytest.fixture
def quick_start():
    return shell(str(ROOT / ".ci" / "quick-start"), ROOT).splitlines()


def test_ci_runs_the_quick_start_on_aws_as_readme_says_it_up_to_synth(quick_start):
    section = (ROOT / "README.md").read_text("utf-8").partition("## Quick start on AWS")[2]
    block = section.partition("```sh\n")[2].partition("```")[0]
    assert (
        "\n".join(quick_start) + "\n" == block[: block.index("\n", block.index("make synth")) + 1]
    )
    assert quick_start[0].startswith("make setup")
    assert quick_start[-1].startswith("make synth")


def test_ci_does_so_in_a_clone_before_anything_else_is_built():
    lines = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    clone, start, check = (
        next(number for number, line in enumerate(lines) if line.strip().startswith(words))
        for words in ("git clone", ".ci/quick-start", "make check")
    )
    assert clone < start < check
    assert not [line for line in lines[:start] if line.startswith("make ")]
