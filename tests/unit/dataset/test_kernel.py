"""The kernel changes how long a check takes, and nothing else."""

import io
import random
from collections import Counter

import pytest
from builders import LLAMA, NOVA, converse, lines, method, pair
from hypothesis import given, settings
from hypothesis import strategies as st
from kernel_reading import stops
from msgspec import structs
from test_agreement import _line, _mutated
from test_privacy import FOUND, SOUND_ALIKE

from tuning.datasets import chunks, kernel
from tuning.datasets.check import concluded
from tuning.datasets.chunks import usable
from tuning.datasets.kernel import build
from tuning.datasets.opening import opened
from tuning.datasets.privacy import by_kind, by_patterns
from tuning.datasets.scan import MAX_LINE, Scanner, sampled
from tuning.datasets.tally import Policy
from tuning.models.catalog import catalog

pytestmark = pytest.mark.thorough

KINDS = {"converse": NOVA, "prompt_completion": LLAMA}
REPORTED = [text for _, text in FOUND] + SOUND_ALIKE
NULS = ("a\0b", "\0", "\0\u200b", "A \0 b", "\0\2x", "a@b.co\0User:", "\0AKIA" + "Q" * 16)
EVERY_SCRIPT = (
    "Как дела",
    "今天天气很好",
    "Zażółć",
    "٣ نعم",
    "ª º µ",
    "\u00d7\u00f7",
    "ɐʘʰ",
    "“quoted” — so",
    "\U0001d49c",
)


def _report(content, of, policy, monkeypatch, *, native=True, chunk=chunks.CHUNK_BYTES):
    with monkeypatch.context() as patch:
        patch.setattr(chunks, "CHUNK_BYTES", chunk)
        if not native:
            patch.setattr(kernel, "library", lambda: None)
        copy = io.BytesIO()
        scanner = Scanner("train.jsonl", of, policy)
        tally = scanner.scan(opened(io.BytesIO(content)), copy)
    return concluded(tally, None, method=of), copy.getvalue()


def _untidy(rng, kind, count):
    for _ in range(count):
        line = _line(rng, kind) if rng.random() < 0.7 else _mutated(rng, _line(rng, kind))
        said = rng.choice([*REPORTED, *EVERY_SCRIPT, *NULS])
        if rng.random() < 0.3:
            line = lines(converse(said, "b") if kind == "converse" else pair("a", said))
        yield line
        if rng.random() < 0.1:
            yield rng.choice([b"\n", b" \r\n", b"\x0b\n", line[:-1] + b"\r\n", line])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("thorough", [True, False])
@pytest.mark.parametrize("end", [b"", b"\n", b"\r", b" ", b'{"a": 1}'])
def test_the_report_and_the_copy_are_the_same_with_and_without_it(kind, thorough, end, monkeypatch):
    rng = random.Random(f"{kind} {end}")  # noqa: S311 — reproducible, no secret
    of = method(KINDS[kind], max_tokens_per_record=8)
    content = b"".join(_untidy(rng, kind, 400)).removesuffix(b"\n") + end
    policy = Policy(listed=7, thorough=thorough)
    slow, copied = _report(content, of, policy, monkeypatch, native=False)
    assert slow.counts.keys() > {"DS603", "DS701"}
    assert ("DS802" in slow.counts) == thorough
    for chunk in (64, 999, 1 << 20):
        fast, copy = _report(content, of, policy, monkeypatch, chunk=chunk)
        assert structs.asdict(fast) == structs.asdict(slow)
        assert copy == copied


def test_it_was_built_from_this_source():
    assert kernel.library().lines_source().decode() == build.source(), "make setup builds it anew"


def test_every_method_of_its_formats_can_be_read_by_it():
    methods = [m for model in catalog().models.values() for m in model.methods.values()]
    known = [m for m in methods if m.format in KINDS]
    assert known
    assert all(map(usable, known))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("beyond", [-1, 0, 1])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
def test_the_longest_record_is_as_long_with_it_as_without(kind, beyond, end, monkeypatch):
    record = lines(converse("@", "b") if kind == "converse" else pair("@", "b"))[:-1]
    long = record.replace(b"@", b"a" * (MAX_LINE + beyond - len(record) + 1 - len(end))) + end
    content = record + b"\n" + long + (record if end else b"")
    reports = [
        _report(content, method(KINDS[kind]), Policy(), monkeypatch, native=native)
        for native in (True, False)
    ]
    assert reports[0] == reports[1]
    assert ("DS108" in reports[0][0].counts) == (beyond > (0 if end else -1))


@pytest.mark.parametrize("chunk", [1 << 12, 1 << 20])
def test_lines_around_one_that_never_ends_are_read(chunk, monkeypatch):
    record = lines(pair())
    content = record + b"x" * (2 * MAX_LINE) + b"\n" + record + b"y" * (MAX_LINE + 5)
    found, _ = _report(content, method(LLAMA), Policy(), monkeypatch, chunk=chunk)
    without, _ = _report(content, method(LLAMA), Policy(), monkeypatch, native=False)
    assert found == without
    assert found.counts["DS108"] == 2
    assert found.statistics["training"]["lines"] == 4


PIECES = st.sampled_from(
    [
        *REPORTED,
        *("@", "+", "-", "_", ".", " ", "a", "AK", "IA", "eyJ", "gh", "github_pat_", "xox", "é"),
        *("1", "23", "4111", "529.982", ".247-25", "GB", "DE89 ", "4532015112830366", "x@y.zw"),
        *("+49 ", "(0)", "30 1234567", "-----BEGIN ", "PRIVATE KEY-----", "w" * 36, "w" * 82),
    ]
)


@given(st.lists(PIECES, min_size=1, max_size=9).map("".join).filter(str.strip))
@settings(max_examples=400)
def test_it_counts_what_privacy_finds(text):
    content = lines(pair(f"q{text}", "b"), pair("b", f"{text}"), pair("c", f"d {text}"))
    tally, stopped = stops(content, method(LLAMA))
    assert tally.records == 3
    found = Counter()
    for stop in stopped:
        found.update(by_kind(stop.private))
    texts = (f"q{text}", text, f"d {text}")
    assert found == sum((by_patterns(said.encode()) for said in texts), Counter())


def test_ordinary_texts_are_no_reason_to_stop():
    """Every look costs more than the kernel takes for the whole record."""
    ordinary = [
        "It's 12:30 on 2024-11-23; call extension 4711, or see https://docs.example.com/a-b_c.",
        "def f(x_1): return [10, 200, 3000.5] + x @ y  # 50 % more; C++17, I/O, JSON, ISO-8859-1",
        "Order 12345678 of 1.234,56 EUR (VAT 19 %) ships in 3-5 days. I think so, J.",
    ]
    tally, stopped = stops(lines(*(pair(text, text) for text in ordinary)), method(LLAMA))
    assert not [stop for stop in stopped if stop.why and stop.why & kernel.Why.PRIVATE]
    assert tally.records == 3


def test_about_an_eighth_of_all_lines_is_sampled():
    taken = sum(sampled(lines(pair(f"вопрос {n}", "a"))) for n in range(8000))
    assert 800 < taken < 1200


@given(st.binary(max_size=200))
def test_digests_depend_on_every_byte(text):
    digest = kernel.digest()
    assert digest(text) == digest(bytes(text))
    others = {text[:i] + bytes([text[i] ^ 1]) + text[i + 1 :] for i in range(len(text))}
    others |= {text + b"\0", b"\0" + text} - {text}
    assert digest(text) not in set(map(digest, others))
    assert len(set(map(digest, others))) == len(others)
