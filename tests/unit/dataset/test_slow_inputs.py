"""No text costs far more than ordinary text, and what is judged without the library is as the library judges it."""

import io
import json
import random
import time

import pytest
from builders import NOVA_2, checked, converse, lines, method
from hypothesis import given
from hypothesis import strategies as st
from jsonschema.validators import Draft202012Validator
from test_blocks import stops

from benchmarks.slow_records import FORMS, WORDS, written
from tuning.datasets import kernel
from tuning.datasets.check import Part, Policy, check_dataset
from tuning.datasets.formats.schemas import _FITS, _simple

SIZE = 1 << 19
FAR = 20
"""Times ordinary text. AA00@ took 1,700; a bound near what it takes now would fail beside other work."""
SLOW = [
    "AA00@",
    " AA00",
    "a@b.co ",
    "GB82 WEST 1234 5698 7654 32 ",
    "+1",
    "@",
    ":",
    "-",
    "+111 11111 11111 1111x ",
    *("\u200b", "a\u200b ", "\x01", "\xad", "\U000e0041"),
    *("\u3099\u0e49", "e\u0302\u0301", "\u1fb3\u0345", "\ua7c8User: ", "\u0643\u0651\u064e"),
    *("éUser: ", "\u4ecaUser: ", "xUser: ", "[EOS]é"),
]


def _cost(unit):
    record = lines(converse(unit * (4000 // len(unit.encode())) + ".", "b"))
    return _seconds(record * (SIZE // len(record)), method())


def _seconds(content, of):
    """Seconds of processor time for a byte."""
    best = float("inf")
    for _ in range(3):
        begun = time.process_time()
        check_dataset(Part(name="train.jsonl", stream=io.BytesIO(content)), method=of)
        best = min(best, time.process_time() - begun)
    return best / len(content)


@pytest.mark.parametrize("form", FORMS)
def test_records_of_no_form_cost_far_more_than_ordinary_text(form):
    ordinary = _cost("the quick brown fox jumps over lazy dogs, ")
    assert _seconds(written(form, WORDS * 8, SIZE), method(NOVA_2)) < FAR * ordinary


@pytest.mark.parametrize("unit", SLOW)
def test_no_text_costs_far_more_than_ordinary_text(unit):
    assert _cost(unit) < FAR * _cost("the quick brown fox jumps over lazy dogs, ")


def test_the_kernel_knows_which_signs_go_on_into_a_word(monkeypatch):
    rng = random.Random(3)  # noqa: S311 — reproducible, no secret
    signs = [chr(c) for c in rng.sample([*range(0x80, 0xD800), *range(0xE000, 0x20000)], 3000)]
    content = lines(*(converse(f"{sign}User: {sign}", "b") for sign in signs))
    policy = Policy(listed=len(signs))
    reported = checked(content, policy=policy)
    monkeypatch.setattr(kernel, "library", lambda: None)
    assert reported == checked(content, policy=policy)
    assert reported.counts["DS406"] > 100


KEYWORDS = st.sampled_from(list(_FITS))
VALUES = st.recursive(
    st.sampled_from(["object", "string", "strng", "a", "#/$defs/a"])
    | st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(KEYWORDS | st.just("a"), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(KEYWORDS, VALUES, max_size=4))
def test_a_schema_that_is_judged_without_the_library_is_one_for_the_library(schema):
    if _simple(schema):
        Draft202012Validator.check_schema(schema)
    elif schema.get("type") == "object":
        assert b'"json":{"type":"object"}' not in outline_with(schema)


def outline_with(schema):
    spec = {"name": "look", "description": "Looks.", "inputSchema": {"json": schema}}
    record = converse("a", "b", toolConfig={"tools": [{"toolSpec": spec}]})
    (stop,) = stops(lines(record))
    return stop.outline or b""


def test_the_kernel_knows_schemas_of_all_known_words():
    schema = {
        "type": "object",
        "$defs": {"a": {"enum": [1, "b", None]}},
        "properties": {
            "a": {"$ref": "#/$defs/a", "default": None, "title": "A"},
            "b": {"type": "string", "minLength": 1, "maxLength": 7, "format": "date"},
            "c": {"type": "array", "items": {}, "minItems": 0, "maxItems": 9},
            "d": {"anyOf": [{"type": "null"}, {"type": "number", "minimum": -1, "maximum": 2.5}]},
            "e": {"oneOf": [{}], "allOf": [{"minProperties": 1, "maxProperties": 2}]},
        },
        "required": ["a"],
        "additionalProperties": False,
        "description": "All.",
    }
    assert _simple(schema)
    assert {word for part in [schema, *schema["properties"].values()] for word in part} | {
        *schema["properties"]["d"]["anyOf"][1],
        *schema["properties"]["e"]["allOf"][0],
        "enum",
    } == set(_FITS)
    assert b'"json":{"type":"object"}' in outline_with(schema)


def test_the_schemas_of_most_tools_are_judged_without_the_library():
    city = {"type": "string", "description": "Which.", "enum": ["Lima", "Cusco"]}
    nested = {"type": "array", "items": {"type": "object", "properties": {"city": city}}}
    schema = {"type": "object", "properties": {"all": nested}, "required": ["all"]}
    assert _simple(schema), json.dumps(schema)
