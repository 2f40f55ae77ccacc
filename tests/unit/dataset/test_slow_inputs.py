"""No text costs far more than ordinary text, and what is told without the library is as the library tells it."""

import io
import json
import time

import pytest
from builders import converse, lines, method
from hypothesis import given
from hypothesis import strategies as st
from jsonschema.validators import Draft202012Validator

from tuning.datasets.check import Part, check_dataset
from tuning.datasets.formats.schemas import _simple
from tuning.datasets.kernel.folds import letter

SIZE = 1 << 19
FAR = 30
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
    *("éUser: ", "\u4ecaUser: ", "xUser: ", "[EOS]é"),
]


def _cost(unit):
    record = lines(converse(unit * (4000 // len(unit.encode())) + ".", "b"))
    content = record * (SIZE // len(record))
    best = float("inf")
    for _ in range(3):
        begun = time.process_time()
        check_dataset(Part(name="train.jsonl", stream=io.BytesIO(content)), method=method())
        best = min(best, time.process_time() - begun)
    return best / len(content)


@pytest.mark.parametrize("unit", SLOW)
def test_no_text_costs_far_more_than_ordinary_text(unit):
    assert _cost(unit) < FAR * _cost("the quick brown fox jumps over lazy dogs, ")


def test_the_kernel_knows_which_signs_go_on_into_a_word():
    told = {sign: letter(sign) for sign in map(chr, range(0x80, 0xD800))}
    assert all(sign.isalnum() is known for sign, known in told.items() if known is not None)
    assert sum(known is None for known in told.values()) < len(told) // 5


WORDS = st.sampled_from(["type", "properties", "items", "required", "enum", "description", "title"])
VALUES = st.recursive(
    st.sampled_from(["object", "string", "strng", "a"]) | st.none() | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.just("a"), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(WORDS, VALUES, max_size=4))
def test_a_schema_that_is_told_without_the_library_is_one_for_the_library(schema):
    if _simple(schema):
        Draft202012Validator.check_schema(schema)


def test_the_schemas_of_most_tools_are_told_without_the_library():
    city = {"type": "string", "description": "Which.", "enum": ["Lima", "Cusco"]}
    nested = {"type": "array", "items": {"type": "object", "properties": {"city": city}}}
    schema = {"type": "object", "properties": {"all": nested}, "required": ["all"]}
    assert _simple(schema), json.dumps(schema)
