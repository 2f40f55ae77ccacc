from itertools import chain, repeat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from sample_reports import SAMPLES, a_finding, a_refusal, empty, refused

from tuning.datasets.report import Report
from tuning.reports.markdown import report_markdown

OURS = {"strong_open", "strong_close", "em_open", "em_close", "text", "code_inline", "softbreak"}


def spans(text):
    """Kinds of inline tokens that a Markdown reader finds."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    return {child.type for token in tokens for child in token.children or ()}


def test_an_empty_file_is_refused_in_full():
    assert report_markdown(empty()) == (
        "### ❌ Refused\n\n"
        "1 error; no record was read\\. Nothing was trained and nothing was spent\\.\n\n"
        "🛑 **DS601** Too few records (1 time)\n\n"
        "- `train.jsonl`: the file holds no record\n"
        "- *How to fix:* Upload a file with at least 8 records\\.\n"
    )


@pytest.mark.parametrize("name", SAMPLES)
def test_a_comment_holds_only_our_markup_and_fits(name):
    comment = report_markdown(SAMPLES[name]())
    assert spans(comment) <= OURS
    assert len(comment) < 65_536


@given(st.text(st.characters(), max_size=80))
@settings(max_examples=40)
def test_no_text_brings_markup_of_its_own(anything):
    report = a_refusal(file=anything, field=anything, message=anything, fix=anything)
    comment = report_markdown(report)
    assert spans(comment) <= OURS | {"text_special"}
    assert comment.count("\n- ") == 2


@pytest.mark.parametrize("call", ["@someone", "#1", "https://evil.example", "www.evil.example"])
def test_nobody_is_called_and_no_address_becomes_a_link(call):
    report = a_refusal(message=f"says {call}", fix=call)
    assert call not in report_markdown(report)


def test_a_code_span_is_not_left_by_a_backtick_in_the_name():
    report = a_refusal(file="a``b", line=None)
    assert "``` a``b ```" in report_markdown(report)


def test_what_a_comment_cannot_hold_is_counted():
    findings = tuple(
        a_finding(f"DS{n}", line=line, message=f"{line}{'x' * size}")
        for n, size in zip(range(100, 190), chain([1_000] * 15, repeat(50)), strict=False)
        for line in range(1, 11)
    )
    counts = {f"DS{n}": 10 for n in range(100, 190)}
    report = Report(verdict="refused", records=1, findings=findings, counts=counts)
    comment = report_markdown(report)
    assert len(comment) < 65_536
    assert all(f"**{rule}**" in comment for rule in counts)


def test_findings_beyond_the_listed_are_counted():
    assert "- and 1,184 more of this kind" in report_markdown(refused())
