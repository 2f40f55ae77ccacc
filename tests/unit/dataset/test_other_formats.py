"""Records of formats beside conversations and pairs: what the kernel finds of them is what the exact way finds.

`TUNING_LINES=240000 pytest -s tests/unit/dataset/test_other_formats.py` compares that many, over the formats.
"""

import os
import random
import time
from itertools import product

import pytest
from builders import HAIKU, LLAMA, NOVA, NOVA_2, TITAN, chat, checked, lines, method
from test_rule_counts import POLICIES, counted_exactly, exactly, tallied

from benchmarks.other_formats import METHODS
from benchmarks.slow_records import written
from benchmarks.wrong_records import SLIPS, SOUND, SPOILT, wrong
from tuning.datasets import kernel
from tuning.datasets.diagnosis import diagnose
from tuning.datasets.scan import Scanner
from tuning.datasets.tally import Policy

__all__ = ["counted_exactly", "exactly"]  # fixtures
pytestmark = pytest.mark.thorough

LINES = int(os.environ.get("TUNING_LINES", "4000"))
BATCH, FEW, MISSED = 50, 9, 0.08
CASES = {
    **{form: (form, METHODS[form], {}) for form in METHODS},
    "any caption": ("captions", ("amazon.nova-canvas-v1:0", "FINE_TUNING"), {}),
    "short lines": ("distillation", METHODS["distillation"], {"max_line_kb": 1}),
}


def of_case(case):
    form, named, limits = CASES[case]
    return form, method(*named, **limits)


@pytest.mark.parametrize(("case", "policy"), [*product(CASES, POLICIES)])
def test_a_line_of_any_format_breaks_the_rules_that_it_breaks(
    case, policy, counted_exactly, capsys
):
    rng = random.Random(f"{case} {policy} {LINES}")  # noqa: S311 — reproducible, no secret
    form, of = of_case(case)
    broken = set()
    compared = 0
    while compared < LINES / (len(CASES) * len(POLICIES)):
        written = [wrong(rng, form, rng.choice((None, None, None, SOUND))) for _ in range(BATCH)]
        compared += BATCH
        broken |= set(counted_exactly(written, of, POLICIES[policy])["counts"])
    with capsys.disabled():
        print(f"\n{case}, {policy}: {compared:,} lines", end=" ")  # noqa: T201 — the count is the proof
    assert len(broken & set(kernel.COUNTED_RULES)) > FEW


@pytest.mark.parametrize("how", [*SLIPS, *SPOILT, SOUND])
@pytest.mark.parametrize("case", CASES)
def test_once_enough_is_listed_hardly_a_line_of_any_format_comes_to_python(case, how, monkeypatch):
    rng = random.Random(how)  # noqa: S311 — reproducible, no secret
    form, of = of_case(case)
    asked = []
    monkeypatch.setattr(Scanner, "_line", lambda _self, line: asked.append(line))
    tallied(b"".join(wrong(rng, form, how) for _ in range(400)), of, Policy(listed=0))
    assert len(asked) < MISSED * 400


@pytest.mark.parametrize("named", [*METHODS.values(), (NOVA,), (NOVA_2,), (LLAMA,)], ids="-".join)
def test_of_a_key_that_is_there_twice_the_later_value_says_what_the_record_is(
    named, counted_exactly
):
    of, policy = method(*named), Policy(listed=0)
    values = ["1", '"text"', "[1, 2]", '["a", [3]]', '{"0": 1}', '{"0": "b"}', "[]", "{}", "true"]
    keys = ("FUNCTION", "toolConfig", "messages", "error", "label")
    for key, beside in product(keys, ("input", "prompt", "status")):
        written = [
            f'{{"{key}": {first}, "{key}": {last}, "{beside}": {other}}}\n'.encode()
            for first, last, other in product(values, repeat=3)
        ]
        counted_exactly(written, of, policy)


def test_what_is_nested_too_deep_in_a_tool_use_is_refused_by_the_kernel_too(exactly):
    content = written("too deep", "x", 1 << 16)
    of, policy = method(NOVA_2), Policy()
    assert tallied(content, of, policy)["counts"] == exactly(content, of, policy)["counts"]
    assert tallied(content, of, policy)["counts"]["DS204"] == content.count(b"\n")


def test_a_faulty_image_caption_is_not_said_to_look_like_one():
    record = {"image-ref": "s3://bucket/a.png", "caption": 5}
    assert set(checked(lines(record), of=method(TITAN)).counts) >= {"DS303"}


@pytest.mark.parametrize("text", ["Hi\n\nHuman: you?", "Hi\n \x0b\xa0\n Assistant: I", "\nHuman:"])
def test_a_line_that_starts_with_a_name_is_found_behind_any_white_space(text):
    of = method(HAIKU)
    assert "DS411" in checked(lines(chat(text, "b")), of=of).counts
    assert "DS411" not in checked(lines(chat(text.replace("\n", " "), "b")), of=of).counts


def test_white_space_costs_no_more_than_its_length():
    record = lines(chat("\n" * 200_000 + ".", "b"))
    begun = time.process_time()
    diagnose(record, method(HAIKU))
    assert time.process_time() - begun < 1  # each line feed began a search of its own: 200 s


def test_reference_answers_compare_whatever_the_order_of_their_keys():
    answers = ({"a": 1e2, "b": [2]}, {"b": [2], "a": 100.0}, {"b": [2], "a": 101})
    records = [chat(reference_answer=answer) for answer in answers]
    found = checked(lines(*records), of=method(NOVA_2, "REINFORCEMENT_FINE_TUNING")).counts
    assert (found["DS701"], found["DS702"]) == (1, 1)
