"""The reviewer's page in a real browser, on a small review: `make review` makes the large one."""

import json

import pytest
from chromium import OVERFLOWING
from sample_reviews import HOSTILE, a_review, sample

from review.review_folder import write_folder
from review.review_page import SECTIONS

SIZES = [pytest.param(375, 812, id="phone"), pytest.param(1280, 800, id="desktop")]
OPEN_ALL = "document.querySelectorAll('details').forEach(e => { e.open = true })"


@pytest.fixture
def opened(browser, tmp_path):
    def open_page(evidence, *, width=375, height=812, scheme="light"):
        write_folder(evidence, tmp_path)
        address = (tmp_path / "index.html").as_uri()
        browser.open(address, width=width, height=height, scheme=scheme)
        assert browser.requests == [address]
        return browser

    return open_page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_page_fits_and_asks_for_nothing(opened, width, height, scheme):
    seen = opened(sample(), width=width, height=height, scheme=scheme)
    seen.evaluate(OPEN_ALL)
    assert seen.evaluate("document.documentElement.scrollWidth") == width
    assert seen.evaluate(OVERFLOWING) == []
    assert seen.blocked == seen.logged == []


def test_the_verdict_and_every_section_are_there(opened):
    seen = opened(sample())
    assert seen.evaluate("document.querySelector('h1').innerText").strip().endswith("holds")
    shown = seen.evaluate("[...document.querySelectorAll('main section')].map(e => e.id)")
    linked = seen.evaluate(
        "[...document.querySelectorAll('nav a')].map(e => e.getAttribute('href'))"
    )
    assert len(shown) == len(set(shown)) == len(SECTIONS)
    assert linked == [f"#{anchor}" for anchor in shown]


def test_every_figure_leads_to_a_section(opened):
    seen = opened(sample())
    nowhere = """[...document.querySelectorAll('.measure a')].filter(
      e => !document.querySelector(e.getAttribute('href'))).length"""
    assert seen.evaluate("document.querySelectorAll('.measure').length") > 10
    assert seen.evaluate(nowhere) == 0


def test_what_does_not_hold_is_said_first_and_lies_open(opened):
    seen = opened(sample(reviews=[a_review(got="Allowed")]))
    assert "1 of" in seen.evaluate("document.querySelector('h1').innerText")
    assert seen.evaluate("document.querySelectorAll('.unmet').length") == 1
    assert seen.evaluate("document.querySelector('#decisions details').open")


def test_hostile_text_runs_nothing_and_is_shown(opened):
    seen = opened(sample(HOSTILE))
    seen.evaluate(OPEN_ALL)
    assert seen.evaluate("document.title") == "Review of Bedrock Private Tuning"
    assert seen.evaluate("document.querySelectorAll('script, img, iframe, form').length") == 0
    assert "<script>" in seen.evaluate("document.querySelector('#accepted').innerText")
    assert seen.evaluate("document.documentElement.scrollWidth") == 375


def test_a_template_is_in_the_page_whole(opened):
    seen = opened(sample(templates={"long.json": "x" * 5000}))
    assert seen.evaluate("document.querySelector('#templates .listing').textContent") == "x" * 5000


def test_what_is_in_the_page_lies_beside_it_for_programs(tmp_path):
    write_folder(sample(), tmp_path)
    assert {p.name for p in tmp_path.iterdir()} >= {"index.html", "decisions", "templates"}
    (asked, *_) = json.loads((tmp_path / "decisions/dev.json").read_text("utf-8"))
    assert (asked["expected"], asked["decided"]) == ("never", "ExplicitlyDenied")
