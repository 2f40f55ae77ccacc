"""The page of a run in a real browser: on a phone and a desktop, in light and dark."""

import pytest
from chromium import OVERFLOWING
from sample_runs import PAGES, run_page

SHOWN = "[...document.querySelectorAll({!r})].every(e => e.getBoundingClientRect().height > 0)"


@pytest.fixture
def seen(browser, tmp_path):
    def open_page(name, *, width, scheme="light"):
        file = tmp_path / "run.html"
        file.write_text(run_page(name), encoding="utf-8")
        browser.open(file.as_uri(), width=width, height=844, scheme=scheme)
        assert set(browser.requests) == {file.as_uri()}
        return browser

    return open_page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280], ids=["phone", "desktop"])
@pytest.mark.parametrize("name", PAGES)
def test_the_page_of_a_run_fits_and_asks_for_nothing(seen, name, width, scheme):
    page = seen(name, width=width, scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(OVERFLOWING) == []
    assert page.evaluate(SHOWN.format("h1, h2, .command"))
    assert page.blocked == page.logged == []


def test_a_hostile_run_runs_nothing_and_hides_nothing(seen):
    page = seen("hostile", width=390)
    assert page.evaluate("document.title").startswith("Live: support/<script>")
    assert page.evaluate("document.querySelectorAll('script, img, iframe, form').length") == 0
    assert page.evaluate("getComputedStyle(document.body).display") == "block"


def test_each_value_of_a_curve_is_under_the_pointer_somewhere(seen):
    """The strips lie side by side over the whole plot, on top of the lines."""
    page = seen("trained", width=1280)
    found = page.evaluate(
        """(() => {
          const strips = [...document.querySelectorAll('#losses .slice')]
          return strips.map(strip => {
            const box = strip.getBoundingClientRect()
            strip.scrollIntoView({block: 'center', behavior: 'instant'})
            const now = strip.getBoundingClientRect()
            const x = now.left + now.width / 2, y = now.top + now.height / 2
            return document.elementFromPoint(x, y) === strip && box.width > 1
          })
        })()"""
    )
    assert len(found) > 100
    assert all(found)


def test_the_three_answers_to_a_prompt_are_beside_each_other_where_there_is_space(seen):
    tops = "new Set([...document.querySelector('.sides').children].map(e => e.offsetTop)).size"
    assert seen("evaluated", width=1280).evaluate(tops) == 1
    assert seen("evaluated", width=390).evaluate(tops) == 3
