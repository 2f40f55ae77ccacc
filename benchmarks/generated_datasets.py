"""Writes the datasets that the checker is measured on: seeded, realistic, as large as asked.

Lengths are log-normal, in bytes; seven lines in ten are English, the rest accented, Cyrillic, Arabic, CJK,
code or emoji; 12 % of lines escape every non-ASCII letter, 8 % have spaces after their separators.
"""

import argparse
import json
import random
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

from broken_lines import broken, faults

_PLAIN = (
    "the of and to in is that for it as was with be by on not he his but at are this have from or "
    "had an they which one you were all her she there would their we him been has when who will no "
    "more if out so up said what its about than into them can only other time new some could these "
    "two may first then do any like now over such our man me even most made after also did many "
    "order refund account delivery question answer customer please however, time. today. it's"
).split(" ")
_MARKED = 'note: https://docs.example.com/guide 12:30 "quoted" (see below)\n\n'
_NEAR_MISSES = ["Ecosystem:", "superuser:"]  # of reserved words
_ENGLISH = _PLAIN * 40 + _MARKED.split(" ") * 10 + _NEAR_MISSES
_OTHERS = (
    (
        "de a o que e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele "
        "das tem à seu sua ou ser quando muito há nos já está eu também só pelo pela até isso ela "
        "entre era depois sem mesmo aos ter seus quem nas me esse eles estão você tinha foram essa "
        "pedido conta entrega pergunta resposta cliente por favor prazo troca produto obrigado\n\n"
    ).split(" "),
    "это не что он она как так все мы был бы для от ещё нет уже когда только заказ ответ".split(),
    "في من على أن هذا التي كان مع كل بعد عند هل أو بين قبل حتى سؤال جواب".split(),
    "今天 天气 很好 我们 可以 使用 这个 系统 来 回答 问题 谢谢 。 ありがとう ございます".split(),
    (
        "def f(x):\n    return {'a': x[0], \"b\": [1, 2]} <br/> if (x != y) { y += 1; }\n for item "
        "in items: print(item) class Order: self.total = sum(price for price in prices) # done\n"
    ).split(" "),
    [*_ENGLISH, "🎉", "👍🏽", "😀"],
)


_SYSTEM = [
    f"You are support agent {i} of an online shop. Be kind and brief." * 3 for i in range(20)
]


def _text(rng: random.Random, words: list[str], size: int) -> str:
    picked: list[str] = []
    length = 0
    while length < size:
        chunk = rng.choices(words, k=16)
        picked += chunk
        length += sum(map(_bytes, chunk)) + 16
    return " ".join(picked)


@cache
def _bytes(word: str) -> int:
    return len(word.encode())


def _size(rng: random.Random, mean: float) -> int:
    return max(8, min(60_000, int(rng.lognormvariate(0, 0.8) * mean * 0.726)))


def converse(rng: random.Random, words: list[str]) -> dict[str, Any]:
    turns = rng.choice((2, 2, 4, 4, 6, 8))
    roles = ("user", "assistant")
    record: dict[str, Any] = {"schemaVersion": "bedrock-conversation-2024"}
    record["system"] = [{"text": rng.choice(_SYSTEM)}]
    record["messages"] = [
        {"role": roles[i % 2], "content": [{"text": _text(rng, words, _size(rng, 680))}]}
        for i in range(turns)
    ]
    return record


def prompt_completion(rng: random.Random, words: list[str]) -> dict[str, Any]:
    return {
        "prompt": _text(rng, words, _size(rng, 900)),
        "completion": _text(rng, words, _size(rng, 500)),
    }


KINDS: dict[str, Callable[[random.Random, list[str]], dict[str, Any]]] = {
    "converse": converse,
    "prompt_completion": prompt_completion,
}


def write(path: Path, kind: str, size: int, seed: int = 1, *, faulty: Sequence[str] = ()) -> int:
    """At least `size` bytes of records; gives how many. Each has one of the faults, if any."""
    rng = random.Random(seed)  # noqa: S311 — reproducible data, no secret
    written = records = 0
    with path.open("wb") as file:
        while written < size:
            words = _ENGLISH if rng.random() < 0.7 else rng.choice(_OTHERS)  # noqa: PLR2004 — see above
            record = KINDS[kind](rng, words)
            separators = (", ", ": ") if rng.random() < 0.08 else (",", ":")  # noqa: PLR2004 — idem
            escaped = rng.random() < 0.12  # noqa: PLR2004 — idem
            dumps = partial(json.dumps, ensure_ascii=escaped, separators=separators)
            line = broken(record, rng.choice(faulty), rng, dumps) if faulty else dumps(record)
            file.write(raw := line.encode() + b"\n")
            written += len(raw)
            records += 1
    return records


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--kind", choices=KINDS, default="converse")
    parser.add_argument("--megabytes", type=int, default=64)
    parser.add_argument("--broken", action="store_true")
    arguments = parser.parse_args()
    size = arguments.megabytes * 10**6
    faulty = faults(arguments.kind) if arguments.broken else ()
    print(write(arguments.path, arguments.kind, size, faulty=faulty))
