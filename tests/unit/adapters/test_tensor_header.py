"""The header of a SafeTensors file, sound and hostile."""

import contextlib
import json
import random
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save

from tuning.adapters.refused import MergeRefusedError
from tuning.adapters.tensor_header import DTYPE_BITS, LARGEST_HEADER, made_header, read_header


def file(raw, size=None):
    """A file in memory; `size` may lie."""
    return SimpleNamespace(
        name="hostile.safetensors",
        size=len(raw) if size is None else size,
        read=lambda offset, length: raw[offset : offset + length],
    )


def written(header, data=b"", length=None):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def entry(begin, end, shape=None, dtype="U8"):
    return {
        "dtype": dtype,
        "shape": [end - begin] if shape is None else shape,
        "data_offsets": [begin, end],
    }


def reason(raw, size=None):
    with pytest.raises(MergeRefusedError) as caught:
        read_header(file(raw, size))
    assert caught.value.rule.id == "LA104"
    return str(caught.value)


def header_of(raw):
    """The header, None where it is refused by LA104; any other exception is a fault."""
    try:
        return read_header(file(raw))
    except MergeRefusedError as error:
        if error.rule.id != "LA104":
            raise
        return None


NUMPY = {"U8": np.uint8, "F16": np.float16, "F32": np.float32, "I64": np.int64}
SHAPES = st.lists(st.integers(0, 4), max_size=3).map(tuple)
TENSORS = st.dictionaries(
    st.text(min_size=1, max_size=8).filter(lambda n: n != "__metadata__"),
    st.tuples(st.sampled_from(sorted(NUMPY)), SHAPES),
    max_size=6,
)


@given(TENSORS, st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=2))
@settings(max_examples=150)
def test_what_the_library_writes_is_read_as_it_is(tensors, metadata):
    arrays = {n: np.ones(shape, NUMPY[dtype]) for n, (dtype, shape) in tensors.items()}
    raw = save(arrays, metadata or None)
    header = read_header(file(raw))
    assert {n: (s.dtype, s.shape) for n, s in header.tensors.items()} == tensors
    assert header.metadata == metadata
    assert header.size == len(raw)
    for name, span in header.tensors.items():
        start = len(header.raw) + span.begin
        assert raw[start : start + span.nbytes] == arrays[name].tobytes()


@given(TENSORS, st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=2))
@settings(max_examples=150)
def test_what_is_written_is_read_by_the_library_and_aligned(tensors, metadata):
    header = made_header([(n, d, s) for n, (d, s) in tensors.items()], metadata)
    raw = header.raw + b"\1" * sum(span.nbytes for span in header.tensors.values())
    loaded = load(raw)
    assert {n: a.shape for n, a in loaded.items()} == {n: s for n, (_, s) in tensors.items()}
    assert len(header.raw) % 8 == 0
    for span in header.tensors.values():
        assert (len(header.raw) + span.begin) % (DTYPE_BITS[span.dtype] // 8) == 0
    assert read_header(file(raw)).tensors == dict(header.tensors)


def test_an_empty_file_of_the_library_is_sound():
    assert read_header(file(save({}))).tensors == {}


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "truncated"),
        (b"\0" * 7, "truncated"),
        ((2**60).to_bytes(8, "little") + b"{}", f"at most {LARGEST_HEADER}"),
        ((2**64 - 1).to_bytes(8, "little"), "at most"),
        (written({}, length=50), "truncated"),
        (written(b"[]"), "begin with {"),
        (written(b""), "begin with {"),
        (written(b"{"), "not valid JSON"),
        (written(b"{" * 100_000), "JSON"),
        (written(b'{"a":' * 50_000 + b"1" + b"}" * 50_000), "nested too deeply"),
        (written(b'{"\xff": 1}'), "UTF-8"),
        (written(b'{"a": 1, "a": 2}'), "'a' appears twice"),
        (written(b'{"a": NaN}'), "NaN"),
        (written(b'{"\\ud800": 1}'), "half a character"),
        (written(b'{"a": ' + b"9" * 5000 + b"}"), "JSON"),
        (written({"a": 1}), "must have dtype"),
        (written({"a": {"dtype": "U8", "shape": []}}), "must have dtype"),
        (written({"a": entry(0, 1) | {"x": 1}}, b"a"), "nothing else"),
        (written({"a": entry(0, 1, dtype="U7")}, b"a"), "unknown dtype"),
        (written({"a": entry(0, 1, dtype=None)}, b"a"), "unknown dtype"),
        (written({"a": entry(0, 1, shape=[True])}, b"a"), "shape"),
        (written({"a": entry(0, 1, shape=[1.0])}, b"a"), "shape"),
        (written({"a": entry(0, 1, shape=[-1])}, b"a"), "shape"),
        (written({"a": entry(0, 1, shape=[1] * 9)}, b"a"), "shape"),
        (written({"a": entry(0, 1, shape="1")}, b"a"), "shape"),
        (written({"a": entry(0, 1, shape=[2**63 - 1] * 8)}, b"a"), "does not fill"),
        (written({"a": entry(0, 1, shape=[2**32, 2**32])}, b"a"), "does not fill"),
        (written({"a": entry(0, 1, shape=[3])}, b"a"), "does not fill"),
        (written({"a": entry(0, 1, shape=[3], dtype="F4")}, b"a"), "does not fill"),
        (written({"a": entry(1, 0, shape=[])}, b"a"), "begin and an end"),
        (written({"a": entry(0, 2**70, shape=[2**70])}, b"a"), "shape"),
        (
            written({"a": {"dtype": "U8", "shape": [1], "data_offsets": [0]}}, b"a"),
            "begin and an end",
        ),
        (
            written({"a": {"dtype": "U8", "shape": [1], "data_offsets": [0, "1"]}}, b"a"),
            "begin and an end",
        ),
        (written({"a": entry(0, 2), "b": entry(1, 3)}, b"abc"), "overlaps"),
        (written({"a": entry(0, 2), "b": entry(0, 2)}, b"ab"), "overlaps"),
        (written({"a": entry(0, 1), "b": entry(2, 3)}, b"abc"), "hole"),
        (written({"a": entry(1, 2)}, b"ab"), "hole"),
        (written({"a": entry(0, 2)}, b"a"), "truncated"),
        (written({"a": entry(0, 1)}, b"ab"), "no tensor names"),
        (written({"__metadata__": {"a": 1}}), "__metadata__"),
        (written({"__metadata__": []}), "__metadata__"),
    ],
)
def test_a_hostile_header_is_refused_with_what_is_wrong(raw, words):
    assert words in reason(raw)


def test_a_length_beyond_the_end_is_never_read():
    asked = []
    source = file(written({}))
    source.read = lambda _offset, length: asked.append(length) or (2**62).to_bytes(8, "little")
    with pytest.raises(MergeRefusedError):
        read_header(source)
    assert asked == [8]


@pytest.mark.thorough
def test_damaged_files_are_refused_or_read_and_nothing_else():
    """20,000 files with bytes changed, cut, doubled; whatever the library refuses, is refused."""
    dice = random.Random(7)  # noqa: S311 — a fuzzer repeats itself on purpose
    sound = save({"a": np.ones((2, 3), np.float32), "b": np.ones(5, np.uint8)}, {"format": "pt"})
    refused = 0
    for _ in range(20_000):
        raw = bytearray(sound)
        for _ in range(dice.randint(1, 4)):
            place = dice.randrange(len(raw))
            match dice.randrange(4):
                case 0:
                    raw[place] = dice.randrange(256)
                case 1:
                    del raw[place : place + dice.randrange(8)]
                case 2:
                    raw[place:place] = raw[place : place + dice.randrange(8)]
                case 3:
                    raw[place] ^= 1 << dice.randrange(8)
        header = header_of(bytes(raw))
        if header is None:
            refused += 1
            continue
        assert header.size == len(raw)
        with contextlib.suppress(KeyError):  # numpy lacks some of the dtypes
            load(bytes(raw))
    assert refused > 10_000


@given(st.binary(max_size=200))
@settings(max_examples=300)
def test_any_bytes_are_refused_or_read(raw):
    header = header_of(raw)
    assert header is None or header.size == len(raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.floats(allow_nan=False),
    lambda c: (
        st.lists(c, max_size=3)
        | st.dictionaries(
            st.sampled_from(["dtype", "shape", "data_offsets", "a", "__metadata__"]), c, max_size=3
        )
    ),
    max_leaves=12,
)


@given(
    st.dictionaries(
        st.sampled_from(["a", "b", "__metadata__"]),
        JSON
        | st.fixed_dictionaries(
            {
                "dtype": st.sampled_from(["U8", "F4", "x"]) | JSON,
                "shape": JSON,
                "data_offsets": st.lists(st.integers(-1, 9), max_size=3) | JSON,
            }
        ),
    ),
    st.binary(max_size=9),
)
@settings(max_examples=300)
def test_any_json_is_refused_or_read(header, data):
    raw = written(header, data)
    header = header_of(raw)
    assert header is None or header.size == len(raw)
