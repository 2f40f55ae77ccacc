import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from rich.cells import cell_len
from rich.console import Console
from sample_reports import SAMPLES, a_finding, accepted, empty, hostile, refused

from tuning.datasets.report import Report
from tuning.reports.text import text


def said(report, *, width=80, terminal=False, encoding="utf-8"):
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
    text(report, Console(file=out, width=width, force_terminal=terminal))
    return raw.getvalue().decode(encoding)


def test_an_empty_file_is_refused_in_full():
    assert said(empty()) == (
        "Refused\n"
        "1 error; no record was read. Nothing was trained and nothing was spent.\n"
        "\n"
        "error DS601  Too few records\n"
        "  train.jsonl  the file holds no record\n"
        "  Fix: Upload a file with at least 8 records.\n"
    )


def test_in_a_pipe_what_is_found_is_one_line_that_starts_with_its_place_and_has_all_lines():
    lines = said(refused()).splitlines()
    assert any(
        line.startswith('  train.jsonl:12 messages[1].role  the role is "assistent" (did you mean')
        and "(lines 12, 18, " in line
        for line in lines
    )
    assert sum(line.startswith("  train.jsonl:") for line in lines) == 3


def test_lines_in_a_row_are_a_span():
    findings = tuple(a_finding(line=line) for line in (*range(1, 61), 73))
    report = structs.replace(refused(), findings=findings, counts={findings[0].rule: 61})
    assert "(lines 1\u201360, 73)" in said(report)
    assert "lines 1\u201360, 73" in said(report, terminal=True, width=200)


def test_of_a_file_without_a_record_there_is_no_table_of_zeros():
    report = structs.replace(
        empty(), statistics={"training": {"records": 0, "bytes": 0, "lines": 3}}
    )
    assert "sha256" not in said(report)
    assert "bytes" not in said(report)


def test_on_a_terminal_what_many_findings_share_is_said_once():
    reported = said(refused(), terminal=True)
    assert reported.count("the role is") == 1
    assert "train.jsonl lines 12, 18, " in reported
    assert "and 1,184 more" in reported


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("name", SAMPLES)
def test_a_terminal_line_is_never_longer_than_the_terminal(name, width):
    out = io.StringIO()
    text(SAMPLES[name](), Console(file=out, width=width, force_terminal=True, color_system=None))
    assert all(cell_len(line.rstrip()) <= width for line in out.getvalue().splitlines())


def test_a_pipe_gets_no_colour_and_no_box():
    assert not set(said(accepted())) & set("\x1b│┃─━┏┓┗┛╭╮╰╯")


def test_neither_markup_nor_escape_sequences_in_the_data_reach_the_terminal():
    reported = said(hostile())
    assert "[bold red]markup[/]" in reported
    assert "\x1b" not in reported
    assert "\x9b" not in reported
    assert "\u202e" not in reported


def test_a_terminal_without_unicode_is_reported_in_its_own_letters():
    reported = said(hostile(), encoding="ascii")
    assert r"\u0633" in reported


@given(st.text(st.characters(), max_size=80))
@settings(max_examples=40)
def test_no_text_adds_a_line_to_what_is_piped(anything):
    finding = a_finding(anything, file=anything, field=anything, message=anything, fix=anything)
    report = Report(verdict="refused", records=1, findings=(finding,), counts={anything: 1})
    assert len(said(report).split("\n")) == 7
