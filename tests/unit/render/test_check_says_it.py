import json

import pytest
from typer.testing import CliRunner

from tuning.__main__ import application

RECORD = {
    "schemaVersion": "bedrock-conversation-2024",
    "messages": [
        {"role": "user", "content": [{"text": "Grüße?"}]},
        {"role": "assistent", "content": [{"text": "Ja."}]},
    ],
}


@pytest.fixture
def said(tmp_path, monkeypatch):
    (tmp_path / "support").mkdir()
    lines = "".join(f"{json.dumps(RECORD | {'n': n})}\n" for n in range(2))
    (tmp_path / "support" / "train.jsonl").write_text(lines, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def run(form):
        model = "amazon.nova-lite-v1:0:300k"
        options = ["--model", model, "--format", form, "--jobs", "1"]
        result = CliRunner().invoke(application(), ["check", "support/train.jsonl", *options])
        assert result.exit_code == 1, result.output
        return result.stdout_bytes.decode()

    return run


@pytest.mark.parametrize(
    ("form", "place"),
    [
        ("text", "support/train.jsonl:1"),
        ("json", '"file": "support/train.jsonl"'),
        ("markdown", "`support/train.jsonl:1`"),
        ("sarif", '"uri": "support/train.jsonl"'),
        ("github", "::error file=support/train.jsonl,line=1,"),
        ("html", '>support/train.jsonl<span class="at">:1<'),
    ],
)
def test_every_form_names_the_file_as_it_was_given(said, form, place):
    assert place in said(form)
