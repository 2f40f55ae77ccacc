"""`make demo` says what README says that it does."""

import os
import re
import subprocess
import sys
from pathlib import Path

import stages

ROOT = Path(__file__).parent.parent.parent
_SECONDS = re.compile(r" \d+ s$")


def shown(*options):
    """The lines of a demo that has come to its end, without the seconds that its steps took."""
    new_account = ["--new-account"] if stages.new_account() else []
    made = subprocess.run(  # noqa: S603 — our own words
        [sys.executable, "-m", "demo", *new_account, *options],
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "200"},
        check=False,
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    return [_SECONDS.sub("", line) for line in made.stdout.splitlines()]


def test_the_demo_ends_with_an_answer_of_the_model_and_says_what_readme_shows():
    said = shown()
    assert [line for line in _shown_by_readme() if line not in said] == []
    at = said.index("  Emulated: the answer to the dataset's nearest question.")
    assert "tuning ask" in "".join(said[at - 5 : at])
    gated = said[at:]
    assert "  released: It answers. It passes the gate: better: token_f1 is +1.000" in "\n".join(
        gated
    )
    assert "  held: The gate holds version 2: not better" in "\n".join(gated)
    costs = [line for line in gated if line.startswith("  It costs")]
    assert costs == [f"  It costs {euros} euros." for euros in (17, 18, 17)]
    assert "  build/demo-run.html, for your browser: it needs no network, and is kept." in said[at:]
    page = (ROOT / "build" / "demo-run.html").read_text("utf-8")
    for words in (
        "Live: support-nova-micro/second-try",
        "<title>step ",
        "The emulated Bedrock trains",
    ):
        assert words in page


def test_the_demo_of_assistants_cites_masks_blocks_and_calls_a_tool():
    said = shown("--assistant")
    assistants = said[said.index("Assistants around this model: documents, a guardrail, a tool") :]
    for question, answer in (
        ("For how many days", "A parcel may be returned for thirty days."),
        ("With which tax number", "{CPF}"),
        ("Ignore all previous", "I cannot help with that."),
        ("Use order_status", "tomorrow"),
    ):
        at = next(n for n, line in enumerate(assistants) if f'"{question}' in line)
        assert answer in assistants[at + 1]
    assert any(line.startswith("  [1] documents/help-desk/returns.md") for line in assistants)
    assert not any("529.982" in line for line in said)


def _shown_by_readme():
    _, _, session = (ROOT / "README.md").read_text("utf-8").partition("$ make demo\n")
    shown = session.partition("\n```")[0].splitlines()
    assert len(shown) > 4
    return [_SECONDS.sub("", line) for line in shown]
