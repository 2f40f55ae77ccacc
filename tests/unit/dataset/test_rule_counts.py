"""What the kernel counts by itself, once enough is listed, is what the exact way finds, to the last number.

`TUNING_LINES=120000 pytest -s tests/unit/dataset/test_rule_counts.py` compares that many of each format.
"""

import io
import json
import os
import random
from difflib import get_close_matches

import pytest
from builders import LLAMA, NOVA, NOVA_2, method
from msgspec import structs

from benchmarks.right_records import tools
from benchmarks.wrong_records import NAMES, SLIPS, SPOILT, name, wrong
from tuning.datasets import chunks, kernel, rule_counts
from tuning.datasets.formats.known_keys import RECORD_KEYS
from tuning.datasets.formats.schemas import _FITS
from tuning.datasets.formats.walk import near_miss
from tuning.datasets.opening import Opened
from tuning.datasets.rules import rules
from tuning.datasets.scan import Scanner
from tuning.datasets.tally import Policy
from tuning.errors import nearest

LINES = int(os.environ.get("TUNING_LINES", "2000"))
BATCH = 50
CASES = [
    *(("converse", NOVA), ("converse", NOVA_2), ("prompt_completion", LLAMA)),
    *(("media", NOVA), ("media", NOVA_2)),
    *(("tools", NOVA), ("tools", NOVA_2)),
]
POLICIES = {
    "thorough": Policy(listed=0),
    "hasty": Policy(listed=0, thorough=False),
    "strict": Policy(listed=0, strict=frozenset({"DS413", "DS110"})),
}


def tallied(content, of, policy):
    source = Opened(stream=io.BufferedReader(io.BytesIO(content)))
    found = Scanner("train.jsonl", of, policy).scan(source)
    return {**structs.asdict(found), "counts": dict(found.counts)}


@pytest.fixture
def exactly(monkeypatch):
    """The same with no line judged by the kernel, and no outline."""
    judged_by = rule_counts.judged_by

    def found(content, of, policy):
        with monkeypatch.context() as patch:
            patch.setattr(
                rule_counts, "judged_by", lambda *known: {**judged_by(*known), "enough": 0}
            )
            patch.setattr(rule_counts, "only_count_rules", lambda *_: None)
            patch.setattr(chunks, "OUTLINE", 1)
            return tallied(content, of, policy)

    return found


@pytest.fixture
def counted_exactly(exactly):
    """What is in these lines, which is what the kernel finds in them; a line of which it is not is named."""

    def found(lines, of, policy):
        content = b"".join(lines)
        result = exactly(content, of, policy)
        if tallied(content, of, policy) != result:
            for line in lines:
                assert tallied(line, of, policy) == exactly(line, of, policy), line
            pytest.fail(
                f"each of {len(lines)} lines by itself is counted exactly, and together they are not"
            )
        return result

    return found


@pytest.mark.thorough
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(("kind", "model"), CASES)
def test_a_line_that_is_judged_breaks_the_rules_that_it_breaks(
    kind, model, policy, counted_exactly
):
    rng = random.Random(f"{kind} {model} {policy} {LINES}")  # noqa: S311 — reproducible, no secret
    of = method(model)
    broken = set()
    for _ in range(LINES // (BATCH * len(POLICIES)) + 1):
        lines = [wrong(rng, kind) for _ in range(BATCH)]
        broken |= set(counted_exactly(lines, of, POLICIES[policy])["counts"])
    assert len(broken & set(kernel.COUNTED_RULES)) > FEW


@pytest.mark.parametrize("how", [*SLIPS, *SPOILT])
@pytest.mark.parametrize(("kind", "model"), CASES)
def test_once_enough_is_listed_hardly_a_line_comes_to_python(kind, model, how, monkeypatch):
    rng = random.Random(how)  # noqa: S311 — reproducible, no secret
    asked = []
    for way in ("_line", "_outlined"):
        monkeypatch.setattr(Scanner, way, lambda _self, line: asked.append(line))
    lines = [wrong(rng, kind, how) for _ in range(400)]
    tallied(b"".join(lines), method(model), Policy(listed=0))
    assert len(asked) < MISSED * len(lines)


MISSED, FEW = 0.08, 9


def test_what_is_still_to_be_listed_is_not_counted_alone():
    rng = random.Random(7)  # noqa: S311 — reproducible, no secret
    content = b"".join(wrong(rng, "converse") for _ in range(300)) * 2
    few, many = (tallied(content, method(), Policy(listed=n)) for n in (2, 1000))
    assert few["counts"] == many["counts"]
    for rule, listed in many["listed"].items():
        assert few["listed"][rule] == listed[:2]


def test_a_near_miss_is_what_difflib_finds():
    rng = random.Random(3)  # noqa: S311 — reproducible, no secret
    near = 0
    for _ in range(LINES):
        word, known = name(rng), rng.sample([*NAMES, ""], rng.randint(0, 8))
        close = get_close_matches(word, known, n=1)
        assert nearest(word, known) == "".join(f" (did you mean {c!r}?)" for c in close)
        near += bool(close)
    assert near > LINES // 50
    assert nearest("", ["a", ""]) == " (did you mean ''?)"


def test_no_near_miss_is_passed_over_because_of_its_signs():
    rng = random.Random(4)  # noqa: S311 — reproducible, no secret
    near = 0
    for _ in range(LINES):
        word, known = name(rng), tuple(rng.sample(NAMES, rng.randint(1, 8)))
        plain = word.strip().casefold()
        assert near_miss(word, known) == (nearest(word, known) or nearest(plain, known))
        near += bool(near_miss(word, known))
    assert near > LINES // 50
    assert near_miss("\u017fystem", RECORD_KEYS)  # in lower case its first letter is an s


@pytest.mark.parametrize("levels", [56, 57, 58, 90, 499, 502, 5000])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_what_is_nested_too_deep_in_a_tool_is_refused(levels, opening, exactly):
    deep = opening * levels + "1" + {"[": "]"}.get(opening, "}") * levels
    record = tools(random.Random(1))  # noqa: S311 — reproducible, no secret
    line = json.dumps(record).replace('"input": {', f'"input": {{"deep": {deep}, ').encode() + b"\n"
    for policy in (Policy(), Policy(listed=0)):
        found = tallied(line * 3, method(NOVA_2), policy)
        assert found == exactly(line * 3, method(NOVA_2), policy)
        assert found["counts"] == ({} if levels <= AROUND_INPUT else {"DS204": 3})


AROUND_INPUT = 57
"""Of 64 levels seven are the record, its messages and their content, the block, its use and the input."""


DIALECTS = [
    None,
    *(f"http://json-schema.org/draft-0{n}/schema#" for n in "3467"),
    *("https://json-schema.org/draft/2019-09/schema", "https://a.example/own"),
]
VALUES = [None, True, 0, -1, 2, 1.5, -0.0, 1e3, "", "a", "object", "a(b", "#/$defs/a", [], ["a"]]
VALUES += [["a", "a"], ["object", "null"], [1], [{}], [True, {"type": 1}], {}, {"a": {}}, {"a": 1}]
VALUES += [{"a": ["b"]}, {"type": "strng"}, {"a": {"type": ["a"]}}, {"type": "string"}, {"a": "b"}]


def _schema(rng, deep=2):
    words = rng.choices([*_FITS, "default", "x-own"], k=rng.choice((0, 1, 1, 2)))
    held = {word: _schema(rng, deep - 1) if deep and not rng.randrange(4) else rng.choice(VALUES) for word in words}  # fmt: skip
    if deep and rng.randrange(2):
        held[rng.choice(("properties", "$defs", "patternProperties"))] = {"p": _schema(rng, deep - 1)}  # fmt: skip
    return held


@pytest.mark.thorough
def test_a_schema_that_is_judged_is_one_if_the_library_says_so(counted_exactly):
    rng = random.Random(5)  # noqa: S311 — reproducible, no secret
    wrong_ones, policy = 0, Policy(listed=0)
    for _ in range(LINES // BATCH):
        lines = []
        for _ in range(BATCH):
            record, dialect = tools(rng), rng.choice(DIALECTS)
            schema = {"type": "object", **({"$schema": dialect} if dialect else {}), **_schema(rng)}
            record["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]["json"] = schema
            lines.append(json.dumps(record).encode() + b"\n")
        found = counted_exactly(lines, method(NOVA_2), policy)
        wrong_ones += found["counts"].get("DS419", 0)
    assert LINES // 4 < wrong_ones < LINES


@pytest.mark.thorough
@pytest.mark.parametrize("dialect", DIALECTS)
def test_each_word_of_a_schema_may_hold_what_the_library_says_it_may(dialect, counted_exactly):
    record = tools(random.Random(1))  # noqa: S311 — reproducible, no secret
    spec, named = (
        record["toolConfig"]["tools"][0]["toolSpec"],
        {"$schema": dialect} if dialect else {},
    )
    for word in _FITS:
        lines = []
        for value in VALUES:
            inner = {"type": "object", **named, "properties": {"p": {word: value}}}
            spec["inputSchema"]["json"] = inner
            lines.append(json.dumps(record).encode() + b"\n")
        counted_exactly(lines, method(NOVA_2), Policy(listed=0))


def test_every_rule_that_is_counted_is_one():
    assert set(kernel.COUNTED_RULES) <= set(rules())
    assert len(set(kernel.COUNTED_RULES)) == len(kernel.COUNTED_RULES)
