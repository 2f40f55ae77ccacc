"""docs/verdicts.md says what check and convert say, where the public sets are beside the repository."""

import json
import re
import shlex
from pathlib import Path

import pytest
from convert.test_convert_real import DATA

PAGE = (Path(__file__).parents[3] / "docs" / "verdicts.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if re.match(r"\| [\w-]+/", line)
]
MODELS = {
    "Nova Micro": "amazon.nova-micro-v1:0:128k",
    "Nova 2 Lite": "amazon.nova-2-lite-v1:0:256k",
    "Titan Image": "amazon.titan-image-generator-v2:0",
}
METHODS = {
    "SFT": "FINE_TUNING",
    "RFT": "REINFORCEMENT_FINE_TUNING",
    "distillation": "DISTILLATION",
}


def test_the_page_has_a_row_for_every_set():
    if DATA.is_dir():
        there = {
            path.relative_to(DATA).as_posix()
            for kind in ("aws-bedrock-samples", "nova-forge-test-data", "axolotl-fixtures")
            for path in (DATA / kind).iterdir()
            if path.suffix in (".json", ".jsonl", ".csv")
        }
        assert {row[0] for row in ROWS} == there
    assert len(ROWS) == 30


@pytest.mark.thorough
@pytest.mark.skipif(not DATA.is_dir(), reason="the public datasets are not beside us")
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_says_what_the_commands_say(run, row):
    file, reader, checked, converted, advised = row
    model, method = reader.split(", ")
    options = f"--model {MODELS[model]} --method {METHODS[method]} --format json"
    code, out, _ = run(f"tuning check {shlex.quote(str(DATA / file))} {options}")
    assert _verdict(code, json.loads(out)["findings"], "accepted") == checked
    code, out, _ = run(f"tuning convert {shlex.quote(str(DATA / file))} {options} -o out.jsonl")
    reported = json.loads(out)
    findings = [found for source in reported["sources"] for found in source["findings"]]
    assert _verdict(code, findings, str(reported["written"])) == converted
    commands = (reported["advice"] or {}).get("commands", [])
    assert bool(commands) == (advised != "–")  # noqa: RUF001 — as the page has it
    if commands:
        code, out, _ = run(f"{commands[0]} --format json")
        added, _, written = advised.rpartition(": ")
        assert added.strip("`") in commands[0]
        assert (code, json.loads(out)["written"]) == (0, int(written))


def _verdict(code, findings, sound):
    if code == 0:
        return sound
    rules = {found["rule"] for found in findings if found["severity"] == "error"}
    return "refused: " + ", ".join(sorted(rules))
