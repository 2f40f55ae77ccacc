"""The page of `tuning console` in a real browser: on a phone and a desktop, in light and dark, by mouse and keyboard."""

import time

import pytest
from chromium import OVERFLOWING
from console_world import ANSWERED, Api, a_console

from tuning.aws.assistants_api import ApiRefusedError

LONG = "A paragraph of an answer that goes on for some time, so that lines are full. " * 12
UNBROKEN = "x" * 400
HOSTILE = "<img src=x onerror=\"document.title='in'\"><script>document.title='in'</script>"
STATES = {
    "answered": ANSWERED,
    "long": {
        **ANSWERED,
        "answer": f"{LONG}\n\n{UNBROKEN}\n\n{LONG}",
        "cut": True,
        "citations": [
            {"number": each, "document": f"folder/{UNBROKEN}-{each}.pdf", "place": f"page {each}"}
            for each in range(1, 6)
        ],
    },
    "hostile": {**ANSWERED, "answer": HOSTILE, "citations": [{"number": 1, "document": HOSTILE, "place": HOSTILE}]},
    "blocked": {"outcome": "blocked", "blocked_at": "question", "answer": "I cannot help with that.", "cut": False, "citations": [], "use": None},
    "over_budget": {"outcome": "over_budget", "answer": "This assistant has used up its budget for today.", "use": None},
    "unavailable": {"outcome": "unavailable", "answer": "no model of this assistant is live"},
    "error": ApiRefusedError(403, f"User: arn:aws:sts::111122223333:assumed-role/{'role' * 20}/session is not authorized"),
}  # fmt: skip
CONTRAST = """(() => {
  const light = text => {
    const [r, g, b] = text.match(/[\\d.]+/g).slice(0, 3).map(n => n / 255)
      .map(c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
    return .2126 * r + .7152 * g + .0722 * b
  }
  const ground = e => {
    for (; e; e = e.parentElement) {
      const found = getComputedStyle(e).backgroundColor
      if (!/, 0\\)|transparent/.test(found)) return found
    }
    return 'rgb(255, 255, 255)'
  }
  return [...document.querySelectorAll('body *')].filter(e =>
    !e.closest('script, style, noscript, .skip, option') && e.offsetHeight &&
    [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())
  ).map(e => {
    const [a, b] = [light(getComputedStyle(e).color), light(ground(e))].sort((x, y) => y - x)
    return [(a + .05) / (b + .05), e.outerHTML.slice(0, 90)]
  }).filter(([ratio]) => ratio < 4.5)
})()"""


@pytest.fixture
def seen(browser):
    """Opens the page of a console whose assistants say this."""
    made = []

    def open_page(state="answered", *, width=390, scheme="light", **more):
        console = a_console(Api(STATES[state]), **more)
        world = console.__enter__()
        made.append(console)
        browser.open(world.server.url, width=width, height=844, scheme=scheme)
        until(browser, "document.querySelectorAll('option').length")
        browser.console = world
        return browser

    yield open_page
    for each in made:
        each.__exit__(None, None, None)


def until(browser, expression):
    end = time.monotonic() + 20
    while not (found := browser.evaluate(expression)):
        assert time.monotonic() < end, expression
        time.sleep(0.02)
    return found


def ask(browser, question="When is the shop open?"):
    before = browser.evaluate("document.querySelectorAll('.said').length")
    browser.evaluate(f"document.getElementById('question').value = {question!r}")
    browser.evaluate("document.getElementById('ask').click()")
    until(browser, f"document.querySelectorAll('.said').length > {before}")


def press(browser, key, code, text, *, shift=False):
    event = {"key": key, "windowsVirtualKeyCode": code, "modifiers": 8 if shift else 0}
    browser.call("Input.dispatchKeyEvent", type="keyDown", text=text, **event)
    browser.call("Input.dispatchKeyEvent", type="keyUp", **event)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280], ids=["phone", "desktop"])
@pytest.mark.parametrize("state", [None, *STATES])
def test_every_state_fits_can_be_read_and_asks_nobody_else(seen, state, width, scheme):
    page = seen(state or "answered", width=width, scheme=scheme, emulated="https://localhost:4566")
    if state:
        ask(page, LONG if state == "long" else "When is the shop open?")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(OVERFLOWING) == []
    assert page.evaluate(CONTRAST) == []
    assert {each.startswith(page.console.server.url) for each in page.requests} == {True}
    assert page.blocked == page.logged == []


def test_an_answer_is_text_whatever_it_says(seen):
    page = seen("hostile")
    ask(page, HOSTILE)
    assert page.evaluate("document.title") == "Assistants of dev"
    assert (
        page.evaluate("document.querySelectorAll('img, #log script, iframe, a:not(.skip)').length")
        == 0
    )
    assert page.evaluate("document.querySelector('.said .text').textContent") == HOSTILE
    assert page.evaluate("document.querySelector('.asked .text').textContent") == HOSTILE
    assert HOSTILE in page.evaluate("document.querySelector('.cited').textContent")


def test_even_a_script_that_got_in_could_neither_run_nor_load(seen):
    page = seen()
    page.evaluate(
        "try { document.body.insertAdjacentHTML('beforeend', '<img src=https://evil.example/x>') } catch (e) { document.title = e.name }"
    )
    assert page.evaluate("document.title") == "TypeError"
    page.evaluate("fetch('https://evil.example/').catch(() => { document.title = 'not sent' })")
    until(page, "document.title === 'not sent'")


def test_who_uses_the_keyboard_asks_without_a_mouse(seen):
    page = seen(width=1280)
    assert page.evaluate("document.activeElement.id") == "question"
    page.call("Input.insertText", text="one")
    press(page, "Enter", 13, "\r", shift=True)
    page.call("Input.insertText", text="two")
    assert page.evaluate("document.querySelectorAll('.said').length") == 0
    press(page, "Enter", 13, "\r")
    until(page, "document.querySelectorAll('.said').length")
    assert page.console.api.asked == [("help-desk", "one\ntwo")]
    assert page.evaluate("document.activeElement.id") == "question"


def test_the_chosen_assistant_is_asked(seen):
    page = seen()
    page.evaluate("document.getElementById('assistant').value = 'plain'")
    ask(page)
    assert page.console.api.asked[0][0] == "plain"


def test_the_parts_of_the_page_have_names_for_those_who_hear_it(seen):
    page = seen()
    ask(page)
    tree = page.call("Accessibility.getFullAXTree")["nodes"]
    named = {(n["role"]["value"], n["name"]["value"]) for n in tree if n.get("name")}
    assert {
        ("combobox", "Assistant"),
        ("textbox", "Question"),
        ("button", "Ask"),
        ("log", "Questions and answers"),
        ("heading", "Assistants of dev"),
        ("heading", "help-desk"),
    } <= named


@pytest.mark.parametrize(
    ("question", "said"),
    [("  ", "Write a question first."), ("x" * 8_001, "8,001 characters; the limit is 8,000")],
)
def test_what_is_no_question_is_said_beside_it_and_not_sent(seen, question, said):
    page = seen()
    page.evaluate(f"document.getElementById('question').value = {question!r}")
    page.evaluate("document.getElementById('ask').click()")
    assert said in page.evaluate("document.getElementById('problem').textContent")
    assert (
        page.evaluate("document.getElementById('question').getAttribute('aria-invalid')") == "true"
    )
    assert page.console.api.asked == []


def test_a_question_that_was_not_answered_is_not_lost(seen):
    page = seen("error")
    ask(page, "A long question.")
    assert page.evaluate("document.getElementById('question').value") == "A long question."
    assert "not authorized" in page.evaluate("document.querySelector('.failed').textContent")


def test_a_console_that_has_ended_is_said_as_a_sentence(seen):
    page = seen()
    page.console.server.shutdown()
    page.console.server.server_close()
    ask(page)
    assert "is its command still running?" in page.evaluate(
        "document.querySelector('.failed').textContent"
    )


@pytest.mark.parametrize("state", ["answered", "error", "long"])
def test_the_newest_answer_is_in_view(seen, state):
    """Its end, or where it is longer than its place, the question it belongs to."""
    page = seen(state)
    page.evaluate("document.getElementById('scroller').style.scrollBehavior = 'auto'")
    for _ in range(4):
        ask(page)
    tall = "document.querySelector('.exchange:last-of-type').getBoundingClientRect()"
    place = "document.getElementById('scroller').getBoundingClientRect()"
    edge = "top" if state == "long" else "bottom"
    until(page, f"Math.abs({tall}.{edge} - {place}.{edge}) < 40")


def test_what_this_console_cost_is_summed_up(seen):
    page = seen()
    ask(page)
    ask(page)
    assert "0.0002 US dollars" in page.evaluate("document.getElementById('spent').textContent")
