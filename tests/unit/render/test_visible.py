import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuning.reports.visible_text import visible

ANYTHING = st.text(st.characters(), max_size=1_000)


@given(ANYTHING)
@settings(max_examples=40)
def test_nothing_unseen_and_no_line_end_is_left(text):
    shown = visible(text)
    hidden = {c for c in shown if unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"}}
    assert not hidden
    assert len(shown.splitlines()) <= 1
    shown.encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("a\r\nb", r"a\r\nb", id="line end"),
        pytest.param("\x1b[2J", r"\x1b[2J", id="terminal escape"),
        pytest.param("\x9b2J", r"\x9b2J", id="eight-bit terminal escape"),
        pytest.param("a\u202eb", r"a\u202eb", id="right-to-left override"),
        pytest.param("a\u2066b", r"a\u2066b", id="isolate"),
        pytest.param("\ud800", r"\ud800", id="lone surrogate"),
        pytest.param("a\u200bb", r"a\u200bb", id="zero-width space"),
        pytest.param("\U000e0041", r"\U000e0041", id="tag letter"),
    ],
)
def test_what_cannot_be_seen_is_spelled(text, shown):
    assert visible(text) == shown


@pytest.mark.parametrize("text", ["Grüße", "中文", "कि", "क\u094d\u200dष", "👩\u200d🚀", "e\u0301"])
def test_what_people_write_stays_as_it_is(text):
    assert visible(text) == text


def test_marks_do_not_pile_up():
    assert visible("Z" + "\u0301" * 6) == "Z" + "\u0301" * 4 + r"\u0301\u0301"


def test_a_long_text_is_cut_and_says_by_how_much():
    assert visible("x" * 5_000) == "x" * 400 + " … and 4,600 more characters"
