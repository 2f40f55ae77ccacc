"""Searches for inputs that cost far more than ordinary text of the same size.

`PYTHONPATH=. python benchmarks/slow_inputs.py [seconds] [seed] [format …]` draws short texts from pieces of everything
that a rule looks for, repeats each in half a megabyte of records of one form (`slow_records.py`: texts, tool uses and
results, tools, schemas, media, reasoning), and prints the slowest: processor time per byte, over that of ordinary text.
Then it does the same for files of which each record is wrong in another way, or none is (`wrong_records.py`), format by
format, slip by slip; only of the formats that are named, if any is.
"""

import io
import json
import random
import sys
import time
from collections.abc import Iterable, Iterator

from benchmarks.other_formats import METHODS
from benchmarks.right_records import WORDS, of_turns, turn
from benchmarks.slow_records import FORMS, written
from benchmarks.wrong_records import RECORDS, WAYS, each_wrong
from tuning.datasets.check import Part, check_dataset
from tuning.models.catalog import Method, catalog

NOVA_2 = "amazon.nova-2-lite-v1:0:256k"
PAIRS = "meta.llama3-1-8b-instruct-v1:0:128k"
SIZE = 1 << 19
WRONG = 8 << 20
"""Bytes of a file of wrong records: the first that break a rule are listed, each read by itself."""
LINE = 4000
PIECES = (
    *(
        "AA00",
        "0000",
        "12",
        "1",
        " ",
        " ",
        ".",
        "-",
        "+",
        "@",
        "/",
        "(",
        ")",
        ":",
        "_",
        "\t",
        "\n",
        '"',
    ),
    *(
        "a",
        "b.co",
        "AKIA",
        "ASIA",
        "Q2",
        "eyJ",
        "ghp_",
        "github_pat_",
        "xoxb-",
        "-----BEGIN ",
        "RSA ",
    ),
    *(
        "User:",
        "Super",
        "Thought:",
        "[EOS]",
        "<image>",
        "<",
        "[",
        "{",
        "}",
        "]",
        ",",
        "4111 1111",
        "529.",
    ),
    *(
        "\u00e9",
        "e\u0301",
        "\u0323",
        "\u0e49",
        "\u094d",
        "\u4eca",
        "\u0430",
        "\U0001f389",
        "\u00a0",
        "\u2003",
    ),
    *("\u00df", "\u0130", "\u1e9e", "\u1eaa", "\ufb01", "\u212a", "\uac00", "\u1161", "\u3099"),
)


def records(unit: str, form: str = "text") -> bytes:
    """Half a megabyte of records of one form that hold the unit, over and over."""
    return written(form, unit * max(1, LINE // len(unit.encode())), SIZE)


def ordinary(rng: random.Random) -> bytes:
    said = [" ".join(rng.choices(WORDS, k=300)) for _ in range(2 * SIZE // 3000)]
    return b"".join(map(_line, said[::2], said[1::2]))


def _line(prompt: str, answer: str) -> bytes:
    record = of_turns([turn("user", {"text": prompt}), turn("assistant", {"text": answer})])
    return json.dumps(record, ensure_ascii=False).encode() + b"\n"


def method_of(form: str) -> Method:
    """Which method takes records of a form."""
    model, name = METHODS.get(
        form, (PAIRS if form == "prompt_completion" else NOVA_2, "FINE_TUNING")
    )
    return {**catalog().model(model).methods, **catalog().historic_methods}[name]


def cost(content: bytes, rounds: int = 2, form: str = "converse") -> float:
    """Seconds of processor time for a byte."""
    method = method_of(form)
    best = float("inf")
    for _ in range(rounds):
        begun = time.process_time()
        check_dataset(Part(name="train.jsonl", stream=io.BytesIO(content)), method=method)
        best = min(best, time.process_time() - begun)
    return best / len(content)


def search(seconds: float, seed: int) -> list[tuple[float, str, str]]:
    """The slowest forms and units met, each as how often ordinary text's time it takes."""
    rng = random.Random(seed)  # noqa: S311 — reproducible, no secret
    base = cost(ordinary(rng), 5)
    end = time.monotonic() + seconds
    found: list[tuple[float, str, str]] = []
    while time.monotonic() < end:
        near = found and rng.choice((True, False))
        _, form, unit = rng.choice(found) if near else (0.0, rng.choice(list(FORMS)), "")
        at = rng.randrange(len(unit) + 1)
        unit = unit[:at] + "".join(rng.choices(PIECES, k=rng.randint(1, 5))) + unit[at:]
        met = (cost(records(unit, form), 1) / base, form, unit)
        found = sorted([*found, met], reverse=True)[:12]
    return [(cost(records(unit, form), 3) / base, form, unit) for _, form, unit in found]


def wrongs(
    seed: int, size: int = WRONG, forms: Iterable[str] = RECORDS
) -> Iterator[tuple[float, str, str]]:
    """Each format and slip: how often ordinary text's time a file of it takes, each record of which is wrong in another way."""
    rng = random.Random(seed)  # noqa: S311 — reproducible, no secret
    base = cost(ordinary(rng) * (size // SIZE), 3)
    for form in forms:
        for how in WAYS:
            content = each_wrong(rng, form, how, size)
            yield cost(content, 2, form) / base, form, how


if __name__ == "__main__":
    arguments = [*sys.argv[1:], *("60", "1")[len(sys.argv) - 1 :]]
    forms = sys.argv[3:] or RECORDS
    for times, form, unit in search(float(arguments[0]), int(arguments[1])):
        print(f"{times:6.1f}  {form}: {unit!a}")
    for times, form, how in wrongs(int(arguments[1]), forms=forms):
        print(f"{times:6.1f}  {form}: {how}", flush=True)
