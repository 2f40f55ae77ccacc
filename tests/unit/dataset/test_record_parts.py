"""Records in which each has its parts in another order are read by their elements as each by itself.

`TUNING_LINES=40000 pytest tests/unit/dataset/test_record_parts.py` compares that many records.
"""

import json
import os
import random

import pytest
from builders import NOVA_2, converse, lines, method
from kernel_reading import outlined, outlined_as_read
from test_blocks import OF
from test_outlines import POLICIES

from benchmarks.slow_records import FORMS, WORDS

pytestmark = pytest.mark.thorough

LINES = int(os.environ.get("TUNING_LINES", "800"))
SHAPES = ("any shape", "any calls", "any warnings")
NO_TEXTS = ("", " ", "\t\t", "\u2003", "\x1c", "\0", "a\0 User: b")


def _slip(rng, record):
    """What holds between the parts of a record, broken."""
    turns = record["messages"] = record["messages"] or converse()["messages"]
    match rng.randrange(11):
        case 0:
            turns.pop(rng.randrange(len(turns)))
        case 1:
            rng.choice(turns)["role"] = rng.choice(("user", "assistant"))
        case 2:
            rng.choice(turns)["content"].append(rng.choice(rng.choice(turns)["content"]))
        case 3:
            rng.choice(turns)["content"].reverse()
        case 4:
            record.pop(rng.choice(("schemaVersion", "toolConfig")), None)
        case 5:
            record["system"] = [{"text": "Be brief."}] * rng.randint(1, 3)
        case 6 if "toolConfig" in record:
            record["toolConfig"]["toolChoice"] = rng.choice(
                ({"auto": {}}, {"tool": {"name": "look"}}, {"tool": {"name": "x"}})
            )
        case 7 if "toolConfig" in record:
            record["toolConfig"]["tools"].append(
                {
                    "toolSpec": {
                        "name": rng.choice(("more", "look")),
                        "inputSchema": {"json": {"type": "object"}},
                    }
                }
            )
        case 8 | 9:
            said = {"text": rng.choice(NO_TEXTS)}
            rng.choice(
                [*(turn["content"] for turn in turns), record.setdefault("system", [])]
            ).append(said)
        case _:
            rng.shuffle(turns)


def _records(rng, slips):
    for n in range(LINES):
        record = json.loads(json.dumps(FORMS[rng.choice(SHAPES)](WORDS[:12], n)))
        for _ in range(rng.choice(slips)):
            _slip(rng, record)
        kept = list(record.items())
        rng.shuffle(kept)
        yield dict(kept)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("slips", [(0,), (0, 0, 1, 2)], ids=["sound", "broken"])
def test_records_of_any_shape_are_read_by_their_elements_as_by_themselves(policy, slips):
    content = lines(*_records(random.Random(f"{slips}"), slips))  # noqa: S311 — reproducible, no secret
    outlined_as_read(content, OF, POLICIES[policy])


@pytest.mark.parametrize("policy", POLICIES)
def test_records_of_thousands_of_parts_are_read_by_their_elements_as_by_themselves(policy):
    rng = random.Random(policy)  # noqa: S311 — reproducible, no secret
    records = []
    for n in range(12):
        record = FORMS["any shape"](WORDS[:12], n)
        record["messages"] = record["messages"] * rng.choice((1, 30, 200))
        for _ in range(rng.choice((0, 0, 0, 1))):
            _slip(rng, record := json.loads(json.dumps(record)))
        records += [record] * 2
    content = lines(*records, FORMS["400 calls"](WORDS, 1))
    outlined_as_read(content, OF, POLICIES[policy])


def test_a_file_of_records_of_any_shape_is_diagnosed_a_few_dozen_times(diagnosed):
    content = lines(*_records(random.Random(8), (0,)))  # noqa: S311 — reproducible, no secret
    tally, _ = outlined(content, method(NOVA_2), POLICIES["thorough"])
    assert tally["records"] == LINES
    assert len(diagnosed) < LINES / 8


def test_a_file_of_blank_texts_in_any_shape_is_diagnosed_a_few_dozen_times(diagnosed):
    content = lines(*(FORMS["any shape"](" " * (1 + n % 99), n) for n in range(LINES)))
    tally, _ = outlined(content, method(NOVA_2), POLICIES["thorough"])
    assert tally["records"] == len(tally["prompts"]) == LINES
    assert len(diagnosed) < LINES / 8


def test_a_bucket_of_its_own_in_each_record_needs_no_diagnosis_of_its_own(diagnosed):
    content = lines(*(FORMS["buckets"]("", n // 2) for n in range(5000)))
    tally, _ = outlined(content, method(NOVA_2), POLICIES["thorough"])
    assert tally["buckets"] == {f"bucket-{n}": 2 * n + 1 for n in range(2500)}
    assert len(diagnosed) < 9


def test_what_contests_is_counted_once_a_record():
    """Whatever of it is in several blocks, and in several records of a shape."""
    image = FORMS["image"]("", 1)["messages"][0]["content"][1]
    thought = {"reasoningContent": {"reasoningText": {"text": "So."}}}
    records = [
        converse(
            {"role": "user", "content": [{"text": "a"}, *[image] * (1 + n % 4)]},
            {"role": "assistant", "content": [*[thought] * (n % 3), {"text": "b"}]},
        )
        for n in range(60)
    ]
    tally, _ = outlined(lines(*records), OF, POLICIES["thorough"])
    assert tally["contested"] == {"reasoning beside media": [40, 2]}
