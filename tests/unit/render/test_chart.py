import math
import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuning.reports import chart
from tuning.reports.chart import Bin, Series
from tuning.reports.scale import short, ticks

BINS = (
    Bin(low=64, high=128, count=3),
    Bin(low=128, high=256, count=0),
    Bin(low=256, high=512, count=40),
    Bin(low=512, high=None, count=1),
)
TRAINING = Series(name="training", points=[(n, 2 / (n + 1)) for n in range(50)])
VALIDATION = Series(name="validation", points=[(24, 0.9), (49, 0.7)], marked=True)


def histogram(bins):
    return chart.histogram(bins, anchor="h", title="Lengths", noun="record", unit="characters")


def lines(*series):
    return chart.line_chart(series, anchor="loss", title="Loss", x_name="step", y_name="loss")


def parsed(drawn):
    file = chart.standalone(drawn).replace(' xmlns="http://www.w3.org/2000/svg"', "")
    return ET.fromstring(file).find("svg")  # noqa: S314 — written by us a line ago


def test_a_bar_is_as_high_as_its_count_and_an_empty_bin_has_none():
    bars = parsed(histogram(BINS)).findall("rect[@class='bar']")
    heights = [float(bar.get("height")) for bar in bars]
    assert len(heights) == 3
    assert heights[1] == max(heights) == 180
    assert heights[0] / heights[1] == pytest.approx(3 / 40, abs=0.01)


def test_a_single_record_among_millions_is_still_seen():
    bins = (Bin(low=0, high=1, count=10_000_000), Bin(low=1, high=2, count=1))
    heights = [
        float(b.get("height")) for b in parsed(histogram(bins)).findall("rect[@class='bar']")
    ]
    assert heights[1] == 2


def test_a_histogram_is_described_to_those_who_cannot_see_it():
    drawn = parsed(histogram(BINS))
    assert drawn.find("title").text == "Lengths"
    assert drawn.find("desc").text == (
        "44 records in 4 bins by characters. The fullest bin, 256 to under 512 characters, holds 40."
    )
    rows = re.findall(
        r"<td>([^<]*)", str(chart.histogram_table(BINS, noun="record", unit="characters"))
    )
    assert rows == ["3", "0", "40", "1"]


def test_an_empty_dataset_has_a_histogram_without_bars():
    assert parsed(histogram(())).findall("rect[@class='bar']") == []


def test_two_series_differ_in_more_than_colour():
    drawn = parsed(lines(TRAINING, VALIDATION))
    dashes = [path.get("stroke-dasharray") for path in drawn.iter("path")]
    assert dashes == [None, "6 4"]
    assert len(list(drawn.iter("circle"))) == 2


def test_the_curves_are_described_to_those_who_cannot_see_them():
    assert parsed(lines(TRAINING, VALIDATION)).find("desc").text == (
        "loss by step. training: from 2 to 0.04, lowest 0.04 at step 49. "
        "validation: from 0.9 to 0.7, lowest 0.7 at step 49."
    )


def test_a_line_breaks_where_the_loss_is_not_a_number():
    series = Series(name="training", points=[(0, 2.0), (1, 1.5), (2, math.nan), (3, 1.0), (4, 0.5)])
    drawn = parsed(lines(series))
    assert next(drawn.iter("path")).get("d").count("M") == 2
    assert "1 value not finite." in drawn.find("desc").text


def test_no_spike_is_lost_when_a_long_run_is_thinned():
    points = [(n, 1.0) for n in range(100_000)]
    points[77_777] = (77_777, 9.0)
    drawn = lines(Series(name="training", points=points))
    path = next(parsed(drawn).iter("path")).get("d")
    assert len(re.findall("[ML]", path)) <= 802
    assert " 18" in path  # 9 of 10 is 18 pixels under the top of 180


@pytest.mark.parametrize("points", [[], [(0, math.nan)], [(3, 1.0)], [(0, 1.0), (5, 1.0)]])
def test_a_run_with_little_to_show_has_a_chart(points):
    assert str(lines(Series(name="training", points=points)))


@given(
    st.lists(
        st.tuples(st.integers(0, 10**6), st.floats(allow_nan=True, allow_infinity=True)),
        max_size=30,
    )
)
@settings(max_examples=40)
def test_any_figures_stay_inside_the_frame(points):
    drawn = parsed(lines(Series(name="a", points=sorted(points, key=lambda p: p[0]))))
    places = [path.get("d") for path in drawn.iter("path")]
    for x, y in re.findall(r"[ML](\S+) ([^ML]+)", "".join(places)):
        assert 0 <= float(x) <= 1_000
        assert -0.01 <= float(y) <= 180.01


def test_a_file_of_its_own_is_an_svg_with_a_size():
    file = chart.standalone(lines(TRAINING, VALIDATION), width=640)
    assert file.startswith('<svg xmlns="http://www.w3.org/2000/svg" width="640" height=')


@given(st.floats(-1e12, 1e12), st.floats(0, 1e12), st.integers(2, 8))
@settings(max_examples=40)
def test_ticks_cover_the_range_in_round_steps(low, span, count):
    marks = ticks(low, low + span, count)
    assert marks[0] <= low + 1e-6 * max(1, abs(low), span)
    assert marks[-1] >= low + span - 1e-6 * max(1, abs(low), span)
    assert 2 <= len(marks) <= 2 * count + 3


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (0, "0"),
        (1_024, "1,024"),
        (12_345, "12.3k"),
        (1_234_567, "1.23M"),
        (0.25, "0.25"),
        (-3, "-3"),
    ],
)
def test_numbers_on_an_axis_are_short(value, said):
    assert short(value) == said
