"""What is proved in C, without notes, is what a decoder that takes notes finds nothing in."""

import json

import pytest
from builders import converse, media, method, turn
from hypothesis import given
from hypothesis import strategies as st

from tuning.datasets import syntax
from tuning.datasets.diagnosis import diagnose

TEXTS = st.text(st.sampled_from('a"\\\u20ac\n1:,{}[]u02é😀'), max_size=6)
VALUES = st.recursive(
    TEXTS | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
)


def _written(value, draw):
    """The value as JSON of any spelling, in which keys may appear twice."""
    if isinstance(value, dict):
        pairs = [(key, item) for key, item in value.items() for _ in range(1 + draw(_SELDOM))]
        inner = ",".join(f"{_written(k, draw)}: {_written(v, draw)}" for k, v in pairs)
        return f"{{{inner}}}"
    if isinstance(value, list):
        return f"[{', '.join(_written(item, draw) for item in value)}]"
    text = json.dumps(value, ensure_ascii=draw(st.booleans()))
    return text.replace('\\"', "\\u0022") if draw(_SELDOM) else text


_SELDOM = st.sampled_from([False] * 7 + [True])
LINES = st.composite(lambda draw: _written(draw(VALUES), draw).encode() + b"\n")()


@given(line=LINES)
def test_both_ways_to_parse_agree_whatever_occurs_twice(line):
    assert repr(syntax.parse(line)) == repr(syntax.noted(line))


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        (b'{"a":1,"a":1}', "DS202"),
        (b'{"a": {"b": "x"}, "a": {"b": "x"}}', "DS202"),
        (b'{"":1,"":1}', "DS202"),
        (b'{"a":"\\u0022\\u0022","a":"\\u0022\\u0022\\u0022\\u0022"}', "DS202"),
        (b'{"a":1.00000000000000000000,"a":1}', "DS202"),
        (b'{"a":1e22,"b":1e22,"a":1e22}', "DS202"),
        (b'{"a":' + b"1" * 301 + b"}", "DS205"),
        (b'{"a":1e999}', "DS205"),
        (b'{"a":' + b"[" * 64 + b"]" * 64 + b"}", "DS204"),
        (b'{"a":"\\ud800"}', "DS109"),
    ],
)
def test_what_only_notes_say_is_shown(line, rule):
    assert [fault.rule for fault in syntax.parse(line)[1]] == [rule]


@pytest.mark.parametrize(
    "value",
    [
        {"a": 1.5, "b": -0.0, "c": 10**300 - 1},
        {"a": [[[[[[[[[[[[1]]]]]]]]]]]]},
        {'"': '"\\u0022', "\\": "\\\\"},
    ],
)
def test_a_sound_value_is_read_as_the_standard_library_reads_it(value):
    line = json.dumps(value).encode()
    assert syntax.parse(line) == (json.loads(line), [])


def test_a_key_that_occurs_twice_does_not_make_its_object_another_thing():
    record = converse(turn("user", "What is it?", media()), "A cat.")
    line = json.dumps(record).replace('{"image":', '{"image":{},"image":').encode()
    assert [fault.rule for fault in diagnose(line, method()).faults] == ["DS202"]


def test_the_place_of_a_key_that_occurs_twice_is_reported():
    _, faults = syntax.parse(b'{"a b":[{"c":[0,{"d":1,"d":2}]}],"e":1,"e":1}')
    assert [fault.field for fault in faults] == ["e", "['a b'][0].c[1].d"]
