"""Records of every form that a model takes, with a text somewhere in them, each different from the one before."""

import json
import random
from collections.abc import Callable
from typing import Any

from benchmarks.right_records import Record, of_turns, result, tool, turn, use

WORDS = "the quick brown fox jumps over lazy dogs "
ANSWER: list[Record] = [{"text": "a"}]
THERE = turn("assistant", {"text": "There."})


def _record(*blocks: Record, answer: tuple[Record, ...] = (), **beside: Any) -> Record:
    asked = turn("user", {"text": "Where?"}, *blocks)
    return of_turns([asked, turn("assistant", *answer, {"text": "There."})], **beside)


def _tool(name: str, about: str, properties: Record, **beside: Any) -> Record:
    return tool(name, about or "Looks.", {"type": "object", "properties": properties, **beside})


def _calls(called: list[tuple[Record, list[Record]]], *tools: Record) -> Record:
    turns = [turn("user", {"text": "Where?"})]
    for n, (given, answer) in enumerate(called):
        asked = turn("assistant", use(f"t{n}", "look", given))
        turns += [asked, turn("user", result(f"t{n}", answer))]
    offered = {"tools": tools or (_tool("look", "Looks.", {"where": {"type": "string"}}),)}
    return of_turns([*turns, THERE], toolConfig=offered)


def _call(given: Record, *tools: Record, times: int = 1) -> Record:
    """A tool is called that often, and answers the same."""
    return _calls([(given, ANSWER)] * times, *tools)


def _image(key: str, bucket: str = "bucket") -> Record:
    return {"image": {"format": "png", "source": {"s3Location": _place(key, bucket)}}}


def _place(key: str, bucket: str = "bucket") -> Record:
    return {"uri": f"s3://{bucket}/{key}.png", "bucketOwner": "123456789012"}


def _blocks(text: str, rng: random.Random) -> list[Record]:
    said = [{"text": text[: rng.randint(9, 99)]} for _ in range(rng.randint(1, 3))]
    seen = [_image(f"{rng.random()}") for _ in range(rng.randint(0, 2))]
    return rng.sample([*said, *seen], len(said) + len(seen))


def _any_shape(text: str, n: int) -> Record:
    """Turns, texts, images and reasoning, in another order and number in each record."""
    rng = random.Random(n)  # noqa: S311 — reproducible, no secret
    turns: list[Record] = []
    for _ in range(rng.randint(1, 4)):
        thought = [{"reasoningContent": {"reasoningText": {"text": text[:40]}}}] * rng.randint(0, 1)
        asked = turn("user", *_blocks(text, rng))
        turns += [asked, turn("assistant", *thought, {"text": text[:60]})]
    return of_turns(turns)


def _any_calls(text: str, n: int) -> Record:
    """Tool uses and results, several in a turn, as many as the record's number says."""
    rng = random.Random(n)  # noqa: S311 — reproducible, no secret
    turns, called = [turn("user", {"text": text[:200]})], 0
    for _ in range(rng.randint(1, 6)):
        ids = [f"t{called + k}" for k in range(rng.randint(1, 3))]
        called += len(ids)
        uses = [use(i, rng.choice(("look", "find")), {"n": n / 8}) for i in ids]
        said = [{"text": text[:50]}] * rng.randint(0, 1)
        answers = [result(i, ANSWER * rng.randint(1, 2)) for i in ids]
        turns += [turn("assistant", *said, *uses), turn("user", *answers)]
    offered = {"tools": [_tool(name, "Looks.", {}) for name in ("look", "find")]}
    return of_turns([*turns, THERE], toolConfig=offered)


def _any_warnings(text: str, n: int) -> Record:
    """Reserved words that end others, addresses and characters that nobody sees, in each record others."""
    rng = random.Random(n)  # noqa: S311 — reproducible, no secret
    words = (
        "SuperUser:",
        "xBot:",
        "a@b.co",
        "ze\u200bro",
        "529.982.247-25",
        "ThisThought:",
        text[:30],
    )
    said = [[{"text": " ".join(rng.choices(words, k=5))} for _ in range(3)] for _ in "ab"]
    return _record(*said[0], answer=tuple(said[1][: n % 3]))


def _schema(n: int, dialect: str, **more: Any) -> Record:
    named = {f"p{n}": {"type": "string", "minLength": 1}, "q": {"type": "number", "minimum": n}}
    look = _tool("look", "Looks.", named, **more, required=[f"p{n}"], **{"$schema": dialect})
    return _call({}, look)


def _draft_3(n: int) -> Record:
    more: Record = {"type": ["string", {"type": "any"}], "disallow": "null", "required": True}
    record = _schema(n, f"{DRAFT}3/schema#", extends={"divisibleBy": n + 1})
    schema = record["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"]["json"]
    del schema["required"]
    schema["properties"][f"p{n}"] |= more
    return record


def _tiny(text: str) -> Record:
    return of_turns([turn("user", {"text": text}), turn("assistant", {"text": "b"})])


def _with_nuls(record: Record) -> bytes:
    """A record with a NUL at the end of each text."""
    return json.dumps(record).replace('"}', '\\u0000"}').encode()


def _spelt(record: Record, **as_written: str) -> bytes:
    """A record with its numbers written in another way."""
    line = json.dumps(record)
    for number, written in as_written.items():
        line = line.replace(f'"{number}"', written)
    return line.encode()


DRAFT = "http://json-schema.org/draft-0"
FORMS: dict[str, Callable[[str, int], Record | bytes]] = {
    "text": lambda text, n: _record({"text": f"{text}{n}"}),
    "system": lambda text, n: _record(system=[{"text": f"{text}{n}"}]),
    "reasoning": lambda text, n: _record(
        answer=({"reasoningContent": {"reasoningText": {"text": f"{text}{n}"}}},)
    ),
    "input": lambda text, n: _call({"where": text, "n": n}),
    "many inputs": lambda text, n: _call({"w": text[:9], "n": n}, times=1 + n % 9),
    "numbers": lambda text, n: _calls(
        [({"x": [n / 7, -n / 3e9, 10**20 + n, len(text)] * 9}, [{"json": {"n": n / 11}}])]
    ),
    "keys": lambda text, n: _calls(
        [({f"{text[:20]}{k}": n for k in range(30, 0, -1)}, [{"json": {}}])]
    ),
    "nested": lambda text, n: _calls(
        [({"a": [[{"b": {"c": [text, n]}}]]}, [{"json": {"a": [n]}}])]
    ),
    "results": lambda text, n: _calls([({}, [{"text": f"{text}{n}"}, {"json": {"a": text}}])] * 3),
    "40 calls": lambda _text, n: _call({"n": n}, times=40),
    "tools of its own": lambda text, n: _call(
        {"n": n},
        _tool("look", f"{text}{n}", {f"p{n}": {"type": "string", "description": text}}),
        *(
            _tool(f"t{n}_{k}", "Does.", {"a": {"anyOf": [{"type": "string"}, {"type": "null"}]}})
            for k in range(n % 5)
        ),
    ),
    "schemas of its own": lambda text, n: _call(
        {},
        _tool(
            "look",
            "Looks.",
            {"a": {"$ref": "#/$defs/b"}, "c": {"type": "number", "minimum": n, "default": 1}},
            **{"$defs": {"b": {"type": "array", "items": {"enum": [text, n]}, "maxItems": n}}},
        ),
    ),
    "words of its own": lambda text, n: _call(
        {},
        _tool(
            "look",
            text,
            {"a": {"pattern": rf"^\d{{{n}}}$"}},
            patternProperties={f"^x{n}": {}},
            **{"x-own": [n]},
        ),
    ),
    "400 calls": lambda text, n: _calls(
        [({"n": n, text[:9]: k}, [{"text": "a"}]) for k in range(400)]
    ),
    "120 tools": lambda text, n: _call(
        {"a": n}, *(_tool(f"t{k}" if k else "look", f"{text[:40]}{n}", {}) for k in range(120))
    ),
    "200 properties": lambda text, n: _call(
        {f"{k}{text[:5]}": n for k in range(200)},
        _tool("look", "Looks.", {f"p{k}": {"description": f"{text[:9]}{n}"} for k in range(200)}),
    ),
    "deep": lambda text, n: _call(
        {"a": json.loads("[" * 40 + json.dumps(f"{text[:9]}{n}\1") + "]" * 40)}
    ),
    "image": lambda _text, n: _record(_image(f"{n}/a")),
    "images": lambda _text, n: _record(*(_image(f"{n}/{k}") for k in range(1 + n % 8))),
    "any shape": _any_shape,
    "any calls": _any_calls,
    "any warnings": _any_warnings,
    "draft 4": lambda _text, n: _schema(n, f"{DRAFT}4/schema#", definitions={"a": {}}),
    "draft 6": lambda _text, n: _schema(n, f"{DRAFT}6/schema#", additionalProperties=False),
    "draft 7": lambda _text, n: _schema(n, f"{DRAFT}7/schema#", dependencies={"q": [f"p{n}"]}),
    "lists of items": lambda _text, n: _schema(
        n, f"{DRAFT}7/schema#", items=[{"type": "string", "maxLength": n}], additionalItems=False
    ),
    "patterns": lambda _text, n: _schema(
        n, "", patternProperties={rf"^\p{{L}}{{{n}}}\t[é\u2028]$": {"pattern": f"(\n|\1){n}*"}}
    ),
    "references": lambda _text, n: _schema(
        n, "", anyOf=[{"$ref": f"#/$defs/{n}"}], **{"$defs": {f"{n}": {"$ref": "#"}}}
    ),
    "quoted names": lambda _text, n: _schema(n, "", dependentRequired={"q": [f'"{n}"', "a\\\1b"]}),
    "tiny": lambda _text, n: _tiny(f"{n}"),
    "tiny warnings": lambda _text, n: _tiny(f"a{n}@b.co ze\u200bro"),
    "prices": lambda _text, n: _spelt(
        _call({"n": [n, "P", "P", "E"]}, times=5), P="19.90", E="1E5"
    ),
    "long numbers": lambda _text, n: _spelt(
        _call({"n": [10**300 + n, "F"]}, times=3), F=f"0.{7**90}"
    ),
    "shuffled keys": lambda text, n: _call(
        {f"{(k * n) % 997}{text[: n % 7]}\1é": k for k in range(300)}
    ),
    "very long keys": lambda text, n: _call({f"{n}{text}": 1, text: "\n"}),
    "very deep": lambda _text, n: _call({"a": json.loads('{"a":[' * 28 + f"{n}" + "]}" * 28)}),
    "too deep": lambda _text, n: _call({"a": json.loads('{"a":[' * 90 + f"{n}" + "]}" * 90)}),
    "escapes": lambda _text, n: (
        json.dumps(_record({"text": f"ação 🎉 {n}"}, _image(f"a/{n}"))).replace("/", "\\/").encode()
    ),
    "document": lambda text, n: _record(
        {"document": {"format": "pdf", "name": text[:9], "source": {"s3Location": _place(str(n))}}}
    ),
    "NULs": lambda text, n: _record({"text": f"{text[:99]}\0{n}"}),
    "NULs in all parts": lambda text, n: _with_nuls(_any_calls(text, n)),
    "blank": lambda _text, n: _record({"text": " " * (n % 50)}, system=[{"text": "\t" * (n % 7)}]),
    "blank in any shape": lambda _text, n: _any_shape(" " * (n % 60 + 1), n),
    "blank results": lambda _text, n: _calls([({}, [{"text": " " * (n % 50 + 1)}])] * (n % 9)),
    "1,200 calls": lambda _text, n: _call({"n": n}, times=1200),
    "4,000 texts": lambda text, n: _record(*[{"text": text[: 1 + n % 9]}] * 4000, _image(f"{n}")),
    "powers of two": lambda _text, n: _call(
        {"x": [2.0**-k * (-1) ** n for k in range(50 + n % 500, 90 + n % 500)], "n": n}
    ),
    "draft 3": lambda _text, n: _draft_3(n),
    "buckets": lambda _text, n: _record(_image(f"{n}/a", f"bucket-{n}")),
}


def written(form: str, text: str, size: int) -> bytes:
    """About so many bytes of JSON Lines of one form, with a text of some 300 to 4,000 bytes in each record."""
    lines: list[bytes] = []
    held = 0
    while held < size:
        record = FORMS[form](text, len(lines))
        made = isinstance(record, bytes)
        lines.append((record if made else json.dumps(record, ensure_ascii=False).encode()) + b"\n")
        held += len(lines[-1])
    return b"".join(lines)
