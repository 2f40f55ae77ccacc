from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuning.reports.elements import el

ANYTHING = st.text(st.characters(), max_size=200)


class Seen(HTMLParser):
    """Every tag, attribute and text that a browser would find."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.tags, self.text, self.declared = [], [], []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, attrs))

    def handle_data(self, data):
        self.text.append(data)

    def handle_comment(self, data):
        self.declared.append(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


@given(ANYTHING, ANYTHING)
@settings(max_examples=40)
def test_no_text_becomes_markup_and_no_value_leaves_its_attribute(text, value):
    seen = Seen(str(el("p", text, aria_label=value)))
    assert [(tag, [name for name, _ in attrs]) for tag, attrs in seen.tags] == [
        ("p", ["aria-label"])
    ]
    assert not seen.declared


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=200))
@settings(max_examples=40)
def test_plain_text_is_read_back_as_it_was(text):
    assert "".join(Seen(str(el("p", text))).text) == text


@pytest.mark.parametrize("name", ["onclick", "style", "src", "srcdoc", "formaction"])
def test_an_attribute_that_could_run_or_load_something_is_refused(name):
    with pytest.raises(ValueError, match=name):
        el("p", **{name: "x"})


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "http://a.example",
        "data:text/html,x",
        "//a.example",
        "https://a b",
        'https://a"b',
        "https://a.example/\u202e",
    ],
)
def test_a_link_leads_to_https_or_to_a_place_on_the_page(address):
    with pytest.raises(ValueError, match="neither"):
        el("a", "here", href=address)


def test_a_stylesheet_cannot_end_early():
    with pytest.raises(ValueError, match="stylesheet"):
        str(el("style", "</style><script>"))


def test_nothing_is_left_out_but_none():
    assert str(el("p", "", 0, None, ["a", [None, el("br")]], id=None)) == "<p>0a<br></p>"
