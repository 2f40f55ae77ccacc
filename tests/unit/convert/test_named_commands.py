"""Commands of other programs that are advised, run where the program is."""

import json
import shutil
import subprocess

import pytest
from typer.testing import CliRunner

from tuning.__main__ import application

MICRO = "amazon.nova-micro-v1:0:128k"
SQUAD = {
    "version": "1",
    "data": [
        {
            "title": "Orders",
            "paragraphs": [
                {
                    "context": "An order takes two days.",
                    "qas": [
                        {"id": "1", "question": "How long?", "answers": [{"text": "Two days."}]},
                        {"id": "2", "question": "Why?", "answers": []},
                    ],
                }
            ],
        }
    ],
}


@pytest.mark.skipif(not shutil.which("jq"), reason="jq is not on this machine")
def test_the_command_for_squad_writes_each_answered_question_with_its_paragraph(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "squad v1.json").write_text(json.dumps(SQUAD), "utf-8")
    said = CliRunner().invoke(
        application(["convert"]),
        ["convert", "squad v1.json", "--model", MICRO, "--format", "json"],
    )
    (source,) = json.loads(said.stdout)["sources"]
    (found,) = source["findings"]
    command = found["fix"][found["fix"].index("jq ") :]
    subprocess.run(command, shell=True, check=True)  # noqa: S602 — as a person would type it
    assert json.loads((tmp_path / "train.jsonl").read_text("utf-8")) == {
        "prompt": "An order takes two days.\n\nHow long?",
        "completion": "Two days.",
    }
