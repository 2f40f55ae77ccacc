"""What counts as the same prompt, in the kernel, in Python, and from check to split."""

import io
import random
import unicodedata

import pytest
from builders import checked, converse, lines, method
from kernel_reading import stops

from tuning.datasets import kernel, same
from tuning.datasets.convert import conversion
from tuning.datasets.kernel import Why, clusters, folds
from tuning.datasets.prompts import fingerprint
from tuning.datasets.scan import equality_key

E_ACUTE = "\u00e9"
SPELLINGS = [
    pytest.param(f"caf{E_ACUTE} A", id="as it is"),
    pytest.param("cafe\u0301 A", id="decomposed"),
    pytest.param(f"caf{E_ACUTE} A ", id="a blank at the end"),
    pytest.param(f"\n caf{E_ACUTE}\t\tA", id="other blanks"),
    pytest.param(f"CAF{E_ACUTE.upper()} a", id="other case"),
    pytest.param(f"caf{E_ACUTE}\u00a0\u2003A", id="blanks of Unicode"),
]


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.usefixtures("either_way")
def test_a_prompt_spelt_otherwise_is_a_duplicate_a_contradiction_and_a_leak(spelling):
    exact = spelling == f"caf{E_ACUTE} A"
    of = method()
    first = converse(f"caf{E_ACUTE} A", "yes")
    training = lines(first, converse(spelling, "yes"), converse(spelling, "no"))
    report = checked(training, lines(converse(spelling, "x")), of=of)
    assert report.counts == {"DS701": 1, "DS702": 1, "DS703": 1}
    found = report.statistics["training"]
    assert (found["duplicates"], found["near_duplicates"]) == ((1, 0) if exact else (0, 1))
    assert found["contradictions"] + found["near_contradictions"] == 1
    assert found["prompts_with_contradictions"] == 1
    leaks = report.statistics["validation"]
    assert (leaks["leaked"], leaks["near_leaked"]) == (1, 0)


def test_near_and_exact_leaks_are_counted_apart():
    report = checked(lines(converse("One", "a")), lines(converse("one", "b"), converse("One", "c")))
    found = report.statistics["validation"]
    assert (found["leaked"], found["near_leaked"]) == (1, 1)
    assert report.statistics["training"]["duplicates_are"] == same.DEFINITION


def test_contradictions_are_counted_by_answer_and_by_prompt():
    said = [converse("a", str(n)) for n in range(4)] + [converse("b", "x"), converse("B", "y")]
    found = checked(lines(*said)).statistics["training"]
    assert (found["contradictions"], found["near_contradictions"]) == (3, 1)
    assert found["prompts_with_contradictions"] == 2


@pytest.mark.thorough
@pytest.mark.skipif(unicodedata.unidata_version != clusters.OLDEST, reason="another Unicode")
def test_the_table_of_the_kernel_is_up_to_date():
    assert folds.TARGET.read_text(encoding="ascii") == folds.written()


def _signs(holds):
    return "".join(sign for sign in map(chr, range(0x80, 0x30000)) if holds(sign))


ALPHABETS = [
    _signs(unicodedata.combining),
    "".join(second for _, second in clusters.compositions()),
    "".join(clusters.compositions().values()) + "<=> ",
    _signs(lambda sign: sign.casefold() != sign),
    "\u0345\u1fb3\u03b1\u0301 ",
    "\u1100\u1112\u1161\u1175\u11a8\u11c2\ud55c\uac00",
    "\u0301\u0323\u3099",
    "aB cZ \t\n",
    "éÉüßñÃ çÇ ",
    "İıſŉǰ \u1e9e",
    "e\u0301\u0323o\u0308",
    "ΑαΆςσ Ϊ",
    "ЁёйЙ и\u0306",
    "\u0924\u094d\u0928\u093c \u0915",
    "\u0e19\u0e49\u0e33 ",
    "ลูก\u064b\u0651\u0627",
    "漢字、 がか\u3099ｶﾞ",
    "가\u1100\u1161각",
    "ệỆẫ ẪA\u030a\u212b\u2126K",
    "😀🇧🇷👍🏽\u200d ",
    "\u00a0\u2003\u2028\u3000 x",
    "".join(chr(c) for c in range(0x250, 0x300)),
]


@pytest.mark.thorough
def test_the_kernel_normalises_as_python_does_or_says_that_it_does_not_know():
    rng = random.Random(7)  # noqa: S311 — reproducible, no secret
    digest, reported = kernel.digest(), 0
    for n in range(4000):
        letters = "".join(rng.sample(ALPHABETS, rng.choice((1, 1, 2, 3))))
        if n % 5 == 0:
            letters += chr(rng.choice([*range(0xA0, 0xD800), *range(0xE000, 0x30000)]))
        prompt, answer = ("".join(rng.choices(letters, k=rng.randrange(1, 99))) for _ in "ab")
        record = converse(prompt, answer, system=[{"text": rng.choice(("S ", "sé", prompt))}])
        tally, stopped = stops(lines(record))
        if not tally.records or any(stop.why and stop.why & Why.NEAR for stop in stopped):
            continue
        reported += 1
        texts = equality_key([record["system"][0]["text"], prompt])
        assert tally.near_prompts[0] == digest(same.near(texts)), ascii(prompt)
        assert tally.near_answers[0] == digest(same.near(answer.encode())), ascii(answer)
    assert reported > 2800


@pytest.mark.thorough
def test_marks_are_put_in_order_within_runs_of_thirty():
    """Whole, their order would take Python an hour; in runs of 30 it is as the definition has it."""
    marks = "a" + "\u0301\u0323" * 300_000
    assert same.normalised(marks) == same.normalised(marks[:61]) + same.normalised(marks[61:])
    tally, stopped = stops(lines(converse(marks, "b")))
    assert not stopped
    assert tally.near_prompts[0] == kernel.digest()(same.near(marks.encode()))


@pytest.mark.parametrize("language", ["São João às 10h", "Việt Nam đẹp", "Привет, как дела", "ไทย", "हिन्दी", "한국어", "日本語がいい", "مُحَمَّد"])  # fmt: skip
def test_the_kernel_normalises_what_people_write(language):
    tally, stopped = stops(lines(converse(unicodedata.normalize("NFC", language), "b")))
    assert tally.records == 1
    assert not any(stop.why and stop.why & Why.NEAR for stop in stopped)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_split_and_check_go_by_one_definition(spelling):
    content = lines(converse(f"caf{E_ACUTE} A", "yes"), converse(spelling, "no"))
    reading = conversion.convert(io.BytesIO(content), name="train.jsonl")
    marks = [fingerprint(record) for _, record in reading.records()]
    assert marks[0] == marks[1]
