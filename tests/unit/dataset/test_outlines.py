"""Diagnosed by outlines or each by itself, broken lines come to the same, to the last number.

`TUNING_LINES=40000 pytest tests/unit/dataset/test_outlines.py` compares that many of each format.
"""

import io
import json
import os
import random
from copy import deepcopy
from pathlib import Path

import pytest
from builders import LLAMA, NOVA, converse, lines, method, pair, turn
from kernel_reading import outlined_as_read
from test_agreement import _line, _mutated
from test_privacy import FOUND, SOUND_ALIKE

from tuning.datasets.opening import opened
from tuning.datasets.outlines import Outline
from tuning.datasets.scan import Scanner
from tuning.datasets.tally import Policy

pytestmark = pytest.mark.thorough

LINES = int(os.environ.get("TUNING_LINES", "2000"))
DATA = Path(__file__).parents[2] / "data" / "rules"
MODELS = {"converse": NOVA, "prompt_completion": LLAMA}
POLICIES = {
    "thorough": Policy(listed=5),
    "hasty": Policy(listed=5, thorough=False),
    "strict": Policy(listed=5, thorough=False, strict=frozenset({"DS413"})),
}
TEXTS = [
    *(
        "t0",
        "t000",
        "t000001",
        "t000001 User:",
        't000001"',
        "a",
        "plain words",
        "x" * 300,
        "naïve",
        "今天",
        "🎉",
    ),
    *(
        "",
        " ",
        "\t\n",
        "\xa0",
        "\u2000\u2001\u2002",
        "\x85\x1c",
        "\u2060",
        "\u200b",
        "a\0b",
        "\0",
        "\0\u200b",
        " \0 User: \0 ",
        "\0\2x",
        "\x07",
        "\b",
        "\x7f",
        "\\",
        '"',
        "\\u0001",
    ),
    *(
        "User:",
        "a User: b",
        "éUser:",
        "SuperUser: User:",
        "[EOS]<image>",
        "Bot: User:",
        "User: Bot:",
    ),
    *("x[EOS] System: [EOS]", "USER: User:", "USER:", "Thought: <unk>", "[EOS] USER:", '"User:"'),
    *("me@example.com", "4111 1111 1111 1111", "AKIA" + "Q" * 16, "Как дела", "User: a@b.cd"),
    *(text for _, text in FOUND),
    *SOUND_ALIKE,
]
KEYS = [
    *("role", "text", "content", "messages", "system", "prompt", "completion", "schemaVersion"),
    *(
        "Role",
        "contents",
        "complettion",
        "t000001",
        "id",
        "image",
        "toolUse",
        "type",
        "é",
        'q"',
        "a\\b",
    ),
]
ODD = [0, -1, 1.5, 10**20, 1e300, True, None, [], {}, [[]], {"text": "a"}, ["a"], {"text": 1}]


def _containers(value):
    if isinstance(value, dict | list):
        yield value
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _containers(inner)


def _slip(rng, record):
    """One slip of a person's, anywhere."""
    there = rng.choice([c for c in _containers(record) if c] or [record])
    at = rng.choice(list(there) if isinstance(there, dict) else range(len(there)))
    match rng.randrange(6):
        case 0:
            del there[at]
        case 1:
            there[at] = deepcopy(rng.choice(ODD))
        case 2:
            there[at] = rng.choice(TEXTS)
        case 3 if isinstance(there, dict):
            there[rng.choice(KEYS)] = there.pop(at)
        case 4 if isinstance(there, dict):
            there[rng.choice(KEYS)] = deepcopy(rng.choice([*TEXTS, *ODD]))
        case _:
            there[at] = [there[at]]


def _record(rng, kind):
    said = [rng.choice(TEXTS) for _ in range(rng.choice((1, 2, 2, 3, 4)))]
    if kind == "prompt_completion":
        return dict(rng.sample(list(pair(said[0], said[-1]).items()), 2))
    more = {"system": [{"text": rng.choice(TEXTS)}]} if rng.random() < 0.5 else {}
    record = converse(*said, **more)
    if rng.random() < 0.2:
        record["messages"].append(turn("assistant", *said[:2]))
    return dict(rng.sample(list(record.items()), len(record)))


def _broken(rng, kind):
    record = _record(rng, kind)
    for _ in range(rng.choice((0, 1, 1, 1, 2))):
        _slip(rng, record)
    ascii_only, spaced = rng.random() < 0.3, rng.random() < 0.3
    line = json.dumps(record, ensure_ascii=ascii_only, separators=(", ", " : ") if spaced else None)
    if rng.random() < 0.2 and record:
        first = next(iter(record))
        line = (
            f"{line[:-1]},{json.dumps(first)}:{json.dumps(rng.choice([*TEXTS, record[first]]))}}}"
        )
    return line.encode() + rng.choice((b"\n", b"\n", b"\r\n", b" \n"))


def _lines(kind):
    rng = random.Random(f"{kind} {LINES}")  # noqa: S311 — reproducible, no secret
    for path in sorted(DATA.glob("*.jsonl")):
        yield from path.read_bytes().split(b"\n")[:50]
    for _ in range(LINES):
        yield _broken(rng, kind)
    for _ in range(LINES // 4):
        yield _mutated(rng, _line(rng, kind))


def _method(kind):
    return method(MODELS[kind], max_tokens_per_record=100)


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("policy", POLICIES)
def test_the_outline_of_a_line_shows_all_that_the_line_does(kind, policy):
    content = b"".join(line.strip(b"\n") + b"\n" for line in _lines(kind))
    content = content[content.index(b"{") :]
    assert outlined_as_read(content, _method(kind), POLICIES[policy])["records"] > LINES


def test_each_line_alone_is_recognised_as_by_its_outline():
    """In a file only the first findings are listed; here every message counts."""
    for kind in MODELS:
        rng = random.Random(kind)  # noqa: S311 — reproducible, no secret
        for _ in range(LINES // 4):
            outlined_as_read(_broken(rng, kind), _method(kind), POLICIES["thorough"])


def test_a_slip_in_every_line_is_diagnosed_once(diagnosed):
    slips = [converse(f"question {n}", f"answer {n}", extra=f"{n}") for n in range(50)]
    scanner = Scanner("train.jsonl", method(NOVA), Policy())
    assert scanner.scan(opened(io.BytesIO(lines(*slips)))).counts["DS301"] == 50
    assert len(diagnosed) == 1
    assert len(diagnosed[0]) < len(lines(slips[0]))


def test_once_enough_findings_are_listed_the_kernel_counts_by_itself(monkeypatch):
    asked = []
    pieced = Outline.pieced
    monkeypatch.setattr(
        Outline, "pieced", lambda self, texts: asked.append(texts) or pieced(self, texts)
    )
    slips = [converse(f"question {n}", f"answer {n}", extra=f"{n}") for n in range(50)]
    scanner = Scanner("train.jsonl", method(NOVA), Policy(listed=3, thorough=False))
    tally = scanner.scan(opened(io.BytesIO(lines(*slips))))
    assert (tally.counts["DS301"], len(tally.listed["DS301"]), tally.records) == (50, 3, 50)
    assert len(asked) == 3
