"""The fast ways accept nothing that a plain, slow oracle refuses; the exact way agrees with them.

`TUNING_LINES=200000 pytest -s tests/unit/dataset/test_agreement.py` runs the full count.
"""

import json
import os
import random

import oracle
import pytest
from builders import LLAMA, converse, method, pair
from kernel_reading import stops

from tuning.datasets import kernel
from tuning.datasets.diagnosis import diagnose
from tuning.datasets.fast import accepter
from tuning.datasets.kernel import Why
from tuning.datasets.rules import rules
from tuning.datasets.scan import equality_key

pytestmark = pytest.mark.thorough

LINES = int(os.environ.get("TUNING_LINES", "2000"))
MICRO = "amazon.nova-micro-v1:0:128k"
WORDS = [
    "ação",
    "naïve",
    "今天",
    "天气",
    "🎉",
    "plain",
    "words",
    "here",
    "superuser:",
    "Ecosystem:",
    "[1]",
    "<br>",
    "a:b",
    "\\",
    "\\\\",
    "\\n",
    '"',
    '""',
    "{}",
    "[]",
    ",",
    ":",
    "\u2028",
    "\xa0",
    "\u3000",
    "\x7f",
    "/",
    "\\u0041",
    "\t",
    "\n",
    "\r\n",
    "'",
    "%",
    "%s",
    "%b",
    "\ue000",
]
RESERVED = ("User:", "System:", "[EOS]", "<image>", "Thought:")
PIECES = (
    b'"',
    b"\\",
    b'\\"',
    b"\\\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b" ",
    b"\t",
    b"\r",
    b"\x00",
    b"\x1f",
    b"\xff",
    b"\xed\xa0\x80",
    b"\xc3",
    b"\xef\xbb\xbf",
    b"\\ud800",
    b"\\udc00",
    b"\\ud83d\\ude00",
    b"\\u0000",
    b"\\u00e9",
    b"\\/",
    b"\\b",
    b"\\x",
    b"null",
    b"NaN",
    b"1e999",
    b"-0",
    b'"role":"user",',
    b'"text":"a",',
    b'"text": "a", ',
    b'"system":[],',
    b"User:",
    b"[EOS]",
    b"Assistant:",
    b"\xe3\x80\x80",
    b"\xc2\xa0",
    b'"prompt":"x",',
    b',"completion":"y"',
    b'"messages":[],',
    b'"}]}',
    b'{"text":"z"},',
    b"\n",
)


def _record(rng, kind):
    words = [*WORDS, *RESERVED] if rng.random() < 0.1 else WORDS
    said = [" ".join(rng.choices(words, k=rng.randint(1, 8))) for _ in range(2 * rng.randint(1, 3))]
    if kind == "prompt_completion":
        return pair(*said[:2])
    more = {"system": [{"text": " ".join(rng.choices(WORDS, k=4))}]} if rng.random() < 0.5 else {}
    return converse(*said, **more)


def _line(rng, kind):
    spaced = rng.random() < 0.5
    separators = (", ", ": ") if spaced else (",", ":")
    text = json.dumps(_record(rng, kind), ensure_ascii=rng.random() < 0.4, separators=separators)
    return text.encode() + b"\n"


def _mutated(rng, line):
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
        at = rng.randrange(len(line))
        to = min(len(line), at + rng.choice((0, 0, 1, 2, 9)))
        match rng.randrange(4):
            case 0:
                line = line[:at] + line[to:]
            case 1:
                line = line[:at] + rng.choice(PIECES) + line[to:]
            case 2:
                line = line[:at] + line[at:to] + line[at:]
            case _:
                quote = line.find(b'"', at)
                line = line[: quote + 1] + rng.choice(PIECES) + line[quote + 1 :]
    return line


@pytest.fixture(params=["converse", "prompt_completion"])
def kind(request):
    return request.param


def _method(kind):
    return method(MICRO if kind == "converse" else LLAMA)


def _accepter(way, of):
    """What a way makes of one line: the tally of a sound one, or None."""
    if way == "msgspec":
        return accepter(of, thorough=True)

    def accept(line):
        tally, stopped = stops(line, of)
        assert len(stopped) <= 1
        assert tally.records in (0, 1)
        assert tally.records or stopped[0].line == line
        asked = stopped and (stopped[0].why or 0) & Why.UNSEEN
        return tally if tally.records and not asked else None

    return accept


def test_no_way_accepts_what_the_oracle_refuses(kind, way, capsys):
    rng = random.Random(f"{kind} {LINES}")  # noqa: S311 — reproducible, no secret
    of = _method(kind)
    judge = getattr(oracle, kind)
    accept = _accepter(way, of)
    fast = refused = both = 0
    for _ in range(LINES // 2):
        line = _mutated(rng, _line(rng, kind))
        line = line[:-1].replace(b"\n", b" ") + b"\n"
        sound = oracle.sound(line, judge)
        walk = diagnose(line, of)
        errors = [f for f in walk.faults if rules()[f.rule].severity == "error"]
        assert (not errors) == sound, (line, errors)
        if accept(line) is not None:
            fast += 1
            assert not walk.faults, line
        refused += not sound
        both += not walk.faults
    with capsys.disabled():
        print(  # noqa: T201 — the count is the proof
            f"\n{kind}, {way}: {LINES // 2:,} lines, {fast:,} accepted fast, {refused:,} refused",
            end=" ",
        )
    assert fast > 0.97 * both, "it would be slow to ask about sound lines"
    assert refused > LINES // 40


def test_all_ways_read_the_same_content(kind, way):
    rng = random.Random(kind)  # noqa: S311 — reproducible, no secret
    of = _method(kind)
    accept = _accepter(way, of)
    compared = 0
    for _ in range(800):
        line = _line(rng, kind)
        walk = diagnose(line, of)
        if (found := accept(line)) is None:
            continue
        texts = [*walk.prompt, *walk.answer]
        prompt, answer = equality_key(walk.prompt), equality_key(walk.answer)
        length = sum(map(len, texts))
        if way == "kernel":
            digest = kernel.digest()
            assert (found.prompts[0], found.answers[0]) == (digest(prompt), digest(answer))
            assert found.text_bytes == len(prompt) + len(answer)
            assert found.characters == length
            assert found.longest == (length.bit_length(), 1)
            assert found.histogram[length.bit_length()] == 1
            assert found.traits == {frozenset(walk.traits): [1, 1]}
        else:
            assert found == (prompt, answer, length, walk.traits)
        compared += 1
    assert compared > 200
