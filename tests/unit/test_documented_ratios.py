"""Ratios of docs/performance.md that `make bench` compares with its own output, and what README says of its durations."""

import re

import pytest

from benchmarks.documented_ratios import PAGE, RATIOS, TOLERANCE

WORDS = ("no", "one", "two", "three", "four", "five")
PRINTED = """
tuning check, 1 core       elapsed 0.56 s (median 0.99), 1.98 x the loop; processor 0.26 s (median 0.26), 1.12 x
tuning check, 100 records  elapsed 0.24 s (median 0.38), 4.66 x the loop; processor 0.09 s (median 0.10), 3.22 x
│ prepare_dataset   │ 225 │            1.60 │
"""


@pytest.mark.parametrize("ratio", RATIOS, ids=lambda ratio: ratio.name)
def test_each_compared_ratio_is_stated_once_and_read_from_what_is_printed(ratio):
    assert 0.5 < ratio.stated(PAGE.read_text("utf-8")) < 10
    assert ratio.measured(PRINTED) in (1.12, 3.22, 1.60)


@pytest.mark.parametrize("ratio", RATIOS, ids=lambda ratio: ratio.name)
def test_what_is_worse_than_stated_by_more_than_the_tolerance_has_drifted(ratio):
    worse = 2.0 * TOLERANCE if ratio.more_is_worse else 2.0 / TOLERANCE
    assert not ratio.drifted(2.0, 2.0)
    assert not ratio.drifted(2.0, worse)
    assert ratio.drifted(2.0, worse * (1.01 if ratio.more_is_worse else 0.99))
    assert not ratio.drifted(2.0, 1.0 if ratio.more_is_worse else 4.0)


def test_readme_says_of_the_demo_what_was_measured():
    """Whole minutes, of the seconds that the page has with command and date."""
    page, readme = PAGE.read_text("utf-8"), (PAGE.parents[1] / "README.md").read_text("utf-8")
    (first, later), *_ = re.findall(
        r"make demo +# about (\w+) minutes the first time, about (\w+) after that", readme
    )
    ((seconds, shortest, longest),) = re.findall(
        r"`make demo` (\d+) s when set up \(20\d\d-\d\d-\d\d.*\), and (\d+) s to ([\d.]+) minutes from a clean clone",
        page,
    )
    assert WORDS.index(later) == round(int(seconds) / 60)
    assert int(shortest) / 60 <= WORDS.index(first) <= float(longest)
