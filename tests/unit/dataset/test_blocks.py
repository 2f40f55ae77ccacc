"""Tool uses, media and reasoning are reported by outlines as by each line itself, to the last digest.

`TUNING_LINES=40000 pytest tests/unit/dataset/test_blocks.py` compares that many records.
"""

import json
import math
import os
import random
from copy import deepcopy

import pytest
from builders import NOVA_2, converse, lines, method, turn
from hypothesis import given
from hypothesis import strategies as st
from kernel_reading import outlined_as_read, stops
from test_agreement import _mutated
from test_outlines import POLICIES, TEXTS, _slip
from tool_cases import spec, use

from tuning.datasets.formats.walk import mark
from tuning.datasets.outlines import comparable

pytestmark = pytest.mark.thorough

LINES = int(os.environ.get("TUNING_LINES", "2000"))
OF = method(NOVA_2, max_tokens_per_record=200)
NUMBERS = [0, -1, 7, 15, 1.5, -0.25, 0.0, 1e-5, 1e22, 123456789012345, 10**18, -0.0, True, None]
NAMES = ["look", "find_it", "t1", "bad name", "", "naïve", "a" * 65, "look"]
IDS = ["a", "b", "tooluse_1", "c:1.2-3", "x y", "", "é", "a" * 65]
PLACES = [
    "s3://bucket/a.png",
    "s3://bucket/b/c.png",
    "s3://other-bucket/a.mp4",
    "s3://b/a.png",
    "s3://-bad/a.png",
    "s3://bucket/",
    "s3://bucket/a b.png",
    "https://x/y.png",
    "s3://bucket/a?b.png",
    "s3://bucket/a\u0000.png",
    "s3://bucket/a{b}.png",
    "s3://bucket/é.png",
]
WORDS = [
    "where",
    "city",
    "zip",
    "é",
    "a.b",
    "User:",
    "x\ny",
    "",
    'q"',
    "b\\",
    "\u2028",
    "🎉",
    *TEXTS[:20],
]


def _value(rng, depth=0):
    match rng.randrange(5 if depth < 3 else 3):
        case 0 | 1:
            return rng.choice(WORDS)
        case 2:
            return rng.choice(NUMBERS)
        case 3:
            return [_value(rng, depth + 1) for _ in range(rng.randrange(3))]
        case _:
            return {rng.choice(WORDS): _value(rng, depth + 1) for _ in range(rng.randrange(4))}


def _object(rng):
    return {rng.choice(WORDS): _value(rng, 1) for _ in range(rng.randrange(4))}


def _media(rng):
    kind, form = rng.choice(
        [
            ("image", "png"),
            ("image", "webp"),
            ("video", "mp4"),
            ("document", "pdf"),
            ("image", "jpg"),
        ]
    )
    own = f"s3://bucket-{rng.randrange(9999)}/a.png"
    place = {"uri": rng.choice(PLACES) if rng.random() < 0.7 else own}
    if rng.random() < 0.7:
        place["bucketOwner"] = rng.choice(["123456789012", "123456789013", "12"])
    named = {"name": "a"} if kind == "document" or rng.random() < 0.1 else {}
    return {kind: {"format": form, **named, "source": {"s3Location": place}}}


def _reasoning(rng):
    signed = {"signature": "s"} if rng.random() < 0.3 else {}
    return {"reasoningContent": {"reasoningText": {"text": rng.choice(TEXTS), **signed}}}


def _use(rng, mine):
    name = "look" if rng.random() < 0.8 else rng.choice(NAMES)
    return {"toolUse": {"toolUseId": mine, "name": name, "input": _object(rng)}}


def _result(rng, mine):
    pieces = [
        {"text": rng.choice(TEXTS)} if rng.random() < 0.5 else {"json": _object(rng)}
        for _ in range(rng.choice((0, 1, 1, 2)))
    ]
    status = {"status": rng.choice(["success", "error", "ok"])} if rng.random() < 0.3 else {}
    return {"toolResult": {"toolUseId": mine, "content": pieces, **status}}


def _tool(rng):
    schema = {"type": "object", "properties": {"where": {"type": rng.choice(["string", "strng"])}}}
    name = "look" if rng.random() < 0.8 else rng.choice(NAMES)
    reported = (
        {"description": rng.choice(["Looks.", "t000001", "", "User: [EOS]", *TEXTS])}
        if rng.random() < 0.8
        else {}
    )
    return {"toolSpec": {"name": name, **reported, "inputSchema": {"json": schema}}}


def _record(rng):
    mine = "a" if rng.random() < 0.6 else rng.choice(IDS)
    first = [{"text": rng.choice(TEXTS)}, *(_media(rng) for _ in range(rng.choice((0, 0, 1, 2))))]
    turns = [turn("user", *rng.sample(first, len(first)))]
    if rng.random() < 0.5:
        used = mine if rng.random() < 0.8 else rng.choice(IDS)
        turns += [turn("assistant", _use(rng, mine)), turn("user", _result(rng, used))]
    thought = [_reasoning(rng)] if rng.random() < 0.3 else []
    turns.append(turn("assistant", *thought, {"text": rng.choice(TEXTS)}))
    more = {"system": [{"text": "S"}]} if rng.random() < 0.3 else {}
    if rng.random() < 0.6:
        more["toolConfig"] = {"tools": [_tool(rng) for _ in range(rng.choice((1, 1, 2)))]}
    record = converse(*turns, **more)
    return dict(rng.sample(list(record.items()), len(record)))


def _line(rng):
    record = _record(rng)
    for _ in range(rng.choice((0, 0, 0, 1))):
        _slip(rng, record := deepcopy(record))
    ascii_only, spaced = rng.random() < 0.3, rng.random() < 0.3
    line = json.dumps(record, ensure_ascii=ascii_only, separators=(", ", " : ") if spaced else None)
    return (line.replace("/", "\\/") if rng.random() < 0.1 else line).encode() + b"\n"


@pytest.mark.parametrize("policy", POLICIES)
def test_blocks_that_are_no_text_are_recognised_by_outlines_as_by_their_lines(policy):
    rng = random.Random(f"blocks {LINES}")  # noqa: S311 — reproducible, no secret
    given_lines = [_line(rng) for _ in range(LINES)]
    given_lines += [_mutated(rng, rng.choice(given_lines)) for _ in range(LINES // 4)]
    rng.shuffle(given_lines)
    content = b'{"a":1}\n' + b"".join(
        line.strip(b"\n").replace(b"\n", b" ") + b"\n" for line in given_lines
    )
    assert outlined_as_read(content, OF, POLICIES[policy])["records"] > LINES


def test_each_line_alone_is_recognised_as_by_its_outline():
    rng = random.Random("alone")  # noqa: S311 — reproducible, no secret
    for _ in range(LINES // 4):
        outlined_as_read(_line(rng), OF, POLICIES["thorough"])


LETTERS = st.characters(exclude_categories=("Cs",))
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(LETTERS, max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(LETTERS, max_size=4), inner, max_size=4)
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(st.text(LETTERS, max_size=4), JSON, max_size=4),
    st.booleans(),
)
def test_what_compares_of_a_tool_use_is_the_same_for_the_kernel_and_for_python(
    given_input, ascii_only
):
    called = use("a", value=given_input)
    record = converse("Rain?", turn("assistant", called))
    line = json.dumps(record, ensure_ascii=ascii_only).encode() + b"\n"
    _, reported = stops(line, OF)
    if reported and reported[0].outline:
        texts = map(comparable, reported[0].texts.split(b"\0"))
        assert b"\2" + mark(called).encode() in texts


def test_most_tool_uses_have_an_outline():
    called = use("a", value={"b": [1, 2.5, "x\n"], "a": None})
    _, (stop,) = stops(lines(converse("Rain?", turn("assistant", called))), OF)
    assert b'"input":{}' in stop.outline


@pytest.mark.parametrize("config", ["", [], None, 1, {}])
def test_tools_that_are_no_object_are_not_taken_for_those_of_the_record_before(config):
    sound = converse("Rain?", "No.", toolConfig={"tools": [spec("look", {"type": "object"})]})
    content = lines(*[sound, {**sound, "toolConfig": config}] * 30)
    outlined_as_read(content, OF, POLICIES["thorough"])


def _using(number):
    """A tool use with a number as it is written."""
    return f'{{"toolUse":{{"toolUseId":"a","name":"look","input":{{"n":{number}}}}}}}'


def _stops_of(uses):
    record = json.dumps(converse("Rain?", turn("assistant", {})))
    return stops("".join(record.replace("{}", use) + "\n" for use in uses).encode(), OF)[1]


def test_each_power_of_two_compares_as_python_writes_it_and_none_needs_python():
    powers = [sign * 2.0**n for n in range(-1074, 1024) for sign in (1, -1)]
    numbers = [*powers, *(math.nextafter(p, to) for p in powers for to in (0, math.inf * p))]
    uses = [_using(f"{n:{form}}") for n in numbers for form in ("", ".16e", ".17e", ".25E")]
    for stop, using in zip(_stops_of(uses), uses, strict=True):
        assert stop.texts.split(b"\0")[-1] == b"\2" + mark(json.loads(using)).encode(), using


def test_numbers_compare_as_python_writes_them_and_most_need_no_python():
    rng = random.Random("numbers")  # noqa: S311 — reproducible, no secret
    reported, uses = [], []
    for _ in range(LINES * 5):
        number = rng.choice((1, -1)) * rng.random() * 10.0 ** rng.randint(-30, 30)
        written = rng.choice(
            [
                repr(number),
                f"{number:.17g}",
                f"{number:.20f}",
                f"{number:.3e}",
                f"{number:.9E}",
                f"{2.0 ** rng.randint(-99, 99)!r}",
                f"{rng.randint(-999, 999)}{rng.choice(('', '.0', '.50', 'e5', 'E-07', '.25e+290'))}",
                f"{rng.random():.30f}e{rng.randint(-330, 290)}",
                f"-{'0' * rng.randint(0, 1)}0.{'0' * rng.randint(1, 9)}"[-12:],
            ]
        )
        uses.append((_using(written), written, written == repr(number)))
    found = _stops_of([using for using, _, _ in uses])
    for stop, (using, written, by_python) in zip(found, uses, strict=True):
        if not stop.outline:
            continue
        text = stop.texts.split(b"\0")[-1]
        assert comparable(text) == b"\2" + mark(json.loads(using)).encode(), written
        if by_python:
            reported.append(text[:1] == b"\2")
    assert sum(reported) > 0.99 * len(reported) > LINES // 4
