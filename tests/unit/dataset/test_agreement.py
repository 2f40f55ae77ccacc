"""The fast way accepts nothing that a plain, slow oracle refuses; the exact way agrees with it.

`TUNING_LINES=200000 pytest -s tests/unit/dataset/test_agreement.py` runs the full count.
"""

import json
import os
import random

import oracle
import pytest
from builders import LLAMA, converse, method, pair

from tuning.dataset import fast
from tuning.dataset.diagnosis import diagnose
from tuning.dataset.fast import accepter
from tuning.dataset.rules import rules
from tuning.dataset.scan import key

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


@pytest.mark.parametrize("kind", ["converse", "prompt_completion"])
def test_no_way_accepts_what_the_oracle_refuses(kind, capsys):
    rng = random.Random(f"{kind} {LINES}")  # noqa: S311 — reproducible, no secret
    of = method(MICRO if kind == "converse" else LLAMA)
    judge = getattr(oracle, kind)
    accept = accepter(of, thorough=True)
    fast = refused = 0
    for _ in range(LINES // 2):
        line = _mutated(rng, _line(rng, kind))
        sound = oracle.sound(line, judge)
        walk = diagnose(line, of)
        errors = [f for f in walk.faults if rules()[f.rule].severity == "error"]
        assert (not errors) == sound, (line, errors)
        if accept(line) is not None:
            fast += 1
            assert not walk.faults, line
        refused += not sound
    with capsys.disabled():
        print(  # noqa: T201 — the count is the proof
            f"\n{kind}: {LINES // 2:,} lines, {fast:,} accepted fast, {refused:,} refused", end=" "
        )
    assert fast > LINES // 40
    assert refused > LINES // 40


@pytest.mark.parametrize("kind", ["converse", "prompt_completion"])
def test_both_ways_read_the_same_content(kind):
    rng = random.Random(kind)  # noqa: S311 — reproducible, no secret
    of = method(MICRO if kind == "converse" else LLAMA)
    accept = accepter(of, thorough=True)
    compared = 0
    for _ in range(800):
        line = _line(rng, kind)
        walk = diagnose(line, of)
        if (found := accept(line)) is None:
            continue
        prompt, answer, length, parts = found
        texts = [*walk.prompt, *walk.answer]
        assert (prompt, answer) == (key(walk.prompt), key(walk.answer))
        assert length == sum(map(len, texts))
        assert parts == walk.traits
        compared += 1
    assert compared > 200


@pytest.mark.parametrize("kind", ["converse", "prompt_completion"])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_compact_line_is_known_by_its_length_alone(kind, ascii_only, monkeypatch):
    """The count of quotation marks is for lines with room; most have none."""

    asked = []
    monkeypatch.setattr(fast, "_once", lambda *line: asked.append(line) or True)
    rng = random.Random(kind)  # noqa: S311 — reproducible, no secret
    of = method(MICRO if kind == "converse" else LLAMA)
    accept = accepter(of, thorough=True)
    spoken = ["plain", "été" if not ascii_only else "ete", "今" if not ascii_only else "x"]
    for turns in (2, 4, 6, 8):
        said = [" ".join(rng.choices(spoken, k=3)) for _ in range(turns)]
        record = (
            converse(*said, system=[{"text": "a"}] * (turns // 2)) if turns > 2 else converse(*said)
        )
        record = record if kind == "converse" else pair(*said[:2])
        line = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        assert accept(line) is not None
        assert not asked
        assert accept(line.replace(b"{", b"{" + b" " * 10, 1)) is not None
        assert not asked, "ten bytes are too few for a key and its value"
        assert accept(line.replace(b"{", b"{" + b" " * 11, 1)) is not None
        assert asked.pop()[3] == 11
