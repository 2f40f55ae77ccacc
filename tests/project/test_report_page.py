"""The report's page in a real browser: on a phone and a desktop, in light and dark."""

import pytest
from chromium import OVERFLOWING
from sample_reports import HOSTILE, RUN, SAMPLES, a_finding, page

from tuning.datasets.report import Report
from tuning.reports import chart
from tuning.reports.report_page import report_html
from tuning.reports.sheet import sheet

SIZES = [pytest.param(390, 844, id="phone"), pytest.param(1280, 800, id="desktop")]
VISIBLE = """(() => {
  const box = document.querySelector('h1').getBoundingClientRect()
  const lede = document.querySelector('.lede').getBoundingClientRect()
  return box.top >= 0 && lede.bottom <= innerHeight && box.right <= innerWidth
})()"""


@pytest.fixture
def opened(browser, tmp_path):
    def open_page(text, *, width=390, height=844, scheme="light"):
        file = tmp_path / "report.html"
        file.write_text(text, encoding="utf-8")
        browser.open(file.as_uri(), width=width, height=height, scheme=scheme)
        assert set(browser.requests) - set(browser.blocked) == {file.as_uri()}
        return browser

    return open_page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("name", SAMPLES)
def test_the_page_fits_shows_its_verdict_at_once_and_asks_for_nothing(
    opened, name, width, height, scheme
):
    seen = opened(page(name), width=width, height=height, scheme=scheme)
    assert seen.evaluate("innerWidth") == width
    assert seen.evaluate("document.documentElement.scrollWidth") == width
    assert seen.evaluate(OVERFLOWING) == []
    assert seen.evaluate(VISIBLE)
    assert seen.blocked == seen.logged == []


def test_dark_and_light_are_two_pages(opened):
    ground = "getComputedStyle(document.body).backgroundColor"
    light = opened(page("clean"), scheme="light").evaluate(ground)
    assert opened(page("clean"), scheme="dark").evaluate(ground) != light


def test_a_hostile_report_runs_nothing_and_hides_nothing(opened):
    seen = opened(page("hostile"))
    assert seen.evaluate("document.title") == f"Refused: {HOSTILE[0]}"
    assert seen.evaluate("document.querySelectorAll('script, img, iframe, form').length") == 0
    assert seen.evaluate("document.querySelectorAll('.rule').length") == len(HOSTILE)
    assert seen.evaluate("getComputedStyle(document.body).display") == "block"


def test_even_markup_that_got_through_would_neither_run_nor_load(opened):
    """The second wall: were a tag ever let in, the page's own policy stops what it does."""
    sly = "<script>document.title='in'</script><img src='https://evil.example/x'>"
    broken = page("clean").replace("<h1>", f"{sly}<h1>")
    seen = opened(broken)
    assert seen.evaluate("document.title") == "Accepted: support-nova-lite"
    assert seen.blocked == ["https://evil.example/x"]
    assert sum("Content Security Policy" in entry for entry in seen.logged) == 2


def test_a_link_to_a_finding_leads_to_it(opened):
    seen = opened(page("refused"))
    seen.evaluate("document.querySelector('a[href=\"#DS401-3\"]').click()")
    assert seen.evaluate("document.querySelector(':target').id") == "DS401-3"


def test_the_parts_of_the_page_have_names_for_those_who_hear_it(opened):
    seen = opened(page("accepted"))
    tree = seen.call("Accessibility.getFullAXTree")["nodes"]
    named = {(n["role"]["value"], n["name"]["value"]) for n in tree if n.get("name")}
    assert {
        ("heading", "Accepted"),
        ("complementary", "About this run"),
        ("region", "What happens next"),
        ("region", "What is worth checking"),
        ("region", "The data in figures"),
        ("image", "Records by length"),
    } <= named
    assert {n["role"]["value"] for n in tree} >= {"main", "banner", "contentinfo"}


def test_a_name_written_from_right_to_left_leaves_its_neighbours_in_order(opened):
    finding = a_finding(file="سلام.jsonl", line=7, message="שלום", fix="Write it.")
    report = Report(verdict="refused", records=1, findings=(finding,), counts={"DS401": 9})
    seen = opened(report_html(report, title="t", run=RUN))
    place, message = "document.querySelector('.places')", "document.querySelector('h3')"
    assert seen.evaluate(f"{place}.innerText").startswith("سلام.jsonl:7")
    assert seen.evaluate(
        f"{message}.querySelector('a').getBoundingClientRect().right"
        f" <= {message}.querySelector('.times').getBoundingClientRect().left"
    )


def test_a_curve_is_a_line_in_its_own_colour_and_not_an_area(opened):
    series = [
        chart.Series(name=name, points=[(0, 2), (9, 1)]) for name in ("training", "validation")
    ]
    drawn = chart.line_chart(series, anchor="loss", title="Loss", x_name="step", y_name="loss")
    seen = opened(sheet("Loss", drawn))
    style = "[...document.querySelectorAll('path')].map(p => getComputedStyle(p).{})"
    assert seen.evaluate(style.format("fill")) == ["none", "none"]
    assert len(set(seen.evaluate(style.format("stroke")))) == 2


def test_printed_it_is_dark_on_white(opened):
    seen = opened(page("refused"), scheme="dark")
    seen.prefer("dark", media="print")
    assert seen.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert (
        seen.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(168, 35, 26)"
    )
