import re
import subprocess
import sys
from html.parser import HTMLParser
from importlib.resources import files
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_reports import (
    ESTIMATE,
    RUN,
    SAMPLES,
    UNPRICED,
    a_finding,
    a_refusal,
    page,
)

from tuning.datasets.report import Report
from tuning.datasets.rules import rules
from tuning.reports.report_page import report_html

ROOT = Path(__file__).parents[3]
VOID = {"meta", "link", "br", "hr", "wbr"}


class Parsed(HTMLParser):
    """The page as a browser reads it. Fails on a tag that is not closed by its own end."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.ids, self.links, self.text, self.open = set(), [], [], [], []
        self.attributes = set()
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.ids += [value for name, value in attrs if name == "id"]
        self.links += [value for name, value in attrs if name == "href"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.text.append(data)

    @property
    def words(self):
        return " ".join(" ".join(self.text).split())


OURS = set().union(*(Parsed(page(n)).tags for n in ("accepted", "refused", "clean", "empty")))
ATTRIBUTES = set().union(
    *(Parsed(page(n)).attributes for n in ("accepted", "refused", "clean", "empty"))
)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_link_within_the_page_leads_somewhere_and_every_anchor_is_one_place(name):
    parsed = Parsed(page(name))
    inside = {link[1:] for link in parsed.links if link.startswith("#")}
    assert inside <= set(parsed.ids)
    assert len(parsed.ids) == len(set(parsed.ids))


@pytest.mark.parametrize("name", SAMPLES)
def test_the_page_has_no_script_and_loads_nothing(name):
    parsed = Parsed(page(name))
    assert parsed.tags.isdisjoint({"script", "img", "link", "iframe", "object", "form", "base"})
    assert not re.search(r"url\(|@import", page(name).split("</style>")[0])


def test_hostile_data_brings_no_tag_and_no_attribute_of_its_own():
    parsed = Parsed(page("hostile"))
    assert parsed.tags <= OURS
    assert parsed.attributes <= ATTRIBUTES
    assert "<script>document.title='broken in'</script>" in parsed.words


ANYTHING = st.text(st.characters(), max_size=60)


@given(
    st.builds(a_finding, ANYTHING, file=ANYTHING, field=ANYTHING, message=ANYTHING, fix=ANYTHING),
    ANYTHING,
)
@settings(max_examples=40)
def test_no_text_in_any_field_brings_a_tag_or_attribute(finding, text):
    report = Report(
        verdict="refused",
        records=1,
        findings=(finding,),
        counts={finding.rule: 3},
        statistics={text: {text: text}},
        repairs={text: 1},
    )
    whole = report_html(report, title=text, run={text: text}, estimate={"training_usd": text})
    parsed = Parsed(whole)
    assert parsed.tags <= OURS
    assert parsed.attributes <= ATTRIBUTES
    whole.encode()


def test_the_policy_lets_exactly_this_stylesheet_in():
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page("clean")).group(1)
    assert policy.startswith("default-src &#x27;none&#x27;; style-src &#x27;sha256-")
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "refused",
            "Refused 1,206 errors in 12,400 records. Nothing was trained and nothing was spent.",
        ),
        ("accepted", "Accepted All 12,400 records can be trained on. 3 remarks to review"),
        ("empty", "Refused 1 error; no record was read."),
    ],
)
def test_the_verdict_comes_first_and_in_plain_words(name, words):
    assert words in Parsed(page(name)).words[:400]


def test_a_finding_has_its_place_its_reason_and_its_fix():
    words = Parsed(page("refused")).words
    assert "train.jsonl :7:133" in words
    assert 'the role is "assistent" (did you mean "assistant"?)' in words
    assert 'and 1,184 more How to fix Write "user" or "assistant".' in words


def test_what_is_said_of_many_findings_is_said_once():
    assert Parsed(page("refused")).words.count("the role is") == 1


def test_an_unknown_price_is_said_to_be_unknown():
    words = Parsed(report_html(SAMPLES["clean"](), title="t", run=RUN, estimate=UNPRICED)).words
    assert "Price estimate Not known" in words
    assert "no dated price is known" in words


def test_a_price_range_is_shown_where_there_is_one():
    estimate = {**ESTIMATE, "low_usd": "2.90", "high_usd": "4"}
    words = Parsed(report_html(SAMPLES["clean"](), title="t", run=RUN, estimate=estimate)).words
    assert "$3.22 for training the model once at least $2.90 at most $4.00" in words


def test_a_refused_reader_is_given_the_command_for_this_file_and_model():
    words = Parsed(page("refused")).words
    assert "tuning check train.jsonl --model amazon.nova-lite-v1:0:300k" in words


def test_a_command_is_never_made_of_what_cannot_be_copied():
    report = a_refusal(file="a\u202e; rm -rf ~.jsonl")
    assert "tuning check FILE --model MODEL" in Parsed(report_html(report, title="t")).words


def test_every_rule_has_a_reason_and_a_source_to_link_to():
    findings = tuple(a_finding(rule) for rule in rules())
    report = Report(
        verdict="refused", records=1, findings=findings, counts=dict.fromkeys(rules(), 1)
    )
    parsed = Parsed(report_html(report, title="t"))
    assert {rule.source for rule in rules().values()} <= set(parsed.links)


CSS = files("tuning.reports").joinpath("sheet.css").read_text(encoding="utf-8")
COLOURS = [
    dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", part)) for part in CSS.split("@media")[:2]
]
PAIRS = [
    *(("ground", ink) for ink in ("ink", "quiet", "link", "error", "good")),
    *(("card", ink) for ink in ("ink", "quiet", "link")),
    *(("wash", ink) for ink in ("ink", "quiet")),
    *((f"{kind}-wash", kind) for kind in ("error", "warning", "note")),
    ("warning-wash", "link"),
]


@pytest.mark.parametrize("colours", COLOURS, ids=["light", "dark"])
@pytest.mark.parametrize(("ground", "ink"), PAIRS)
def test_every_text_can_be_read_on_its_ground(colours, ground, ink):
    light, dark = sorted((_luminance(colours[ground]), _luminance(colours[ink])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5


def _luminance(colour):
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_no_colour_is_used_that_is_not_named():
    named = set(
        chain.from_iterable(re.findall(r"var\(--([a-z-]+)\)", line) for line in CSS.splitlines())
    )
    assert named <= COLOURS[0].keys()
    assert COLOURS[0].keys() == COLOURS[1].keys()


def test_the_functions_in_lambda_need_no_rich_for_their_forms():
    forms = "report_page, markdown, document, annotations, sarif, chart"
    program = f"import sys; from tuning.reports import {forms}; sys.exit('rich' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT)  # noqa: S603 — our own words
