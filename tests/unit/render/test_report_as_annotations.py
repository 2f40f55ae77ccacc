import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_reports import SAMPLES, a_refusal, empty, refused

from tuning.reports.annotations import github

COMMAND = re.compile(r"::(error|warning|notice) ([^:]*)::(.*)")


def read(lines):
    """Commands as a runner reads them: properties by comma and `=`, then unescaped."""
    for line in lines.split("\n"):
        if match := COMMAND.fullmatch(line):
            level, properties, message = match.groups()
            pairs = (pair.split("=", 1) for pair in properties.split(","))
            yield level, {name: unescaped(value) for name, value in pairs}, unescaped(message)


def unescaped(text):
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, character)
    return text


def test_an_empty_file_is_refused_in_full():
    assert github(empty()) == (
        "::error file=train.jsonl,title=DS601 Too few records::"
        "the file holds no record. How to fix: Upload a file with at least 8 records.\n"
        "::notice title=Refused::0 records: 1 error\n"
    )


def test_a_finding_is_at_its_line_and_column():
    found = [properties for _, properties, _ in read(github(refused()))]
    assert {
        "file": "train.jsonl",
        "line": "7",
        "col": "133",
        "title": "DS201 Not valid JSON",
    } in found


def test_no_rule_hides_another_behind_the_ten_that_are_shown():
    titles = [properties["title"] for _, properties, _ in read(github(refused()))]
    assert [title.split()[0] for title in titles[:3]] == ["DS201", "DS401", "DS702"]


@pytest.mark.parametrize("name", SAMPLES)
def test_there_is_one_command_for_each_finding_and_one_for_the_verdict(name):
    report = SAMPLES[name]()
    assert len(list(read(github(report)))) == len(report.findings) + 1


@given(st.text(st.characters(), max_size=80))
@settings(max_examples=40)
def test_no_text_starts_a_command_or_ends_a_property(anything):
    report = a_refusal(file=anything, message=anything, fix=anything)
    lines = github(report)
    assert len(lines.splitlines()) == 2
    (_, properties, _), _ = read(lines)
    assert properties.keys() == {"file", "line", "title"}


def test_percent_colon_and_comma_come_through():
    report = a_refusal(file="a,b:c%2C.jsonl", message="50%, 10:30")
    (_, properties, message), _ = read(github(report))
    assert properties["file"] == "a,b:c%2C.jsonl"
    assert message.startswith("50%, 10:30.")
