"""For each rule: a dataset that breaks it, and the nearest one that does not."""

import gzip
import json
from typing import Any

from builders import (
    HAIKU,
    LLAMA,
    LLAMA_33,
    NOVA_2,
    TITAN,
    Case,
    chat,
    converse,
    lines,
    media,
    pair,
    text,
    turn,
)
from tool_cases import RFT, TOOL_CASES, use

SOUND = lines(converse())
SHORT = lines(pair("a", "b"))
STRAYS = [pair(f"Как дела {i}?", "Хорошо") for i in range(24)]
_ONE = json.dumps(converse())


def said(*turns: Any, **more: Any) -> bytes:
    """A file of one conversation."""
    return lines(converse(*turns, **more))


def chatted(*contents: str, **more: Any) -> bytes:
    return lines(chat(*contents, **more))


def paired(*texts: Any) -> bytes:
    return lines(pair(*texts))


def _nested(value: bytes) -> bytes:
    return b'{"messages": [{"role": "user", "content": "a"}], "x": ' + value + b"}\n"


def _raw(words: str) -> bytes:
    """A record whose user text is written exactly so, between the quotes."""
    return _ONE.replace("What is the capital of Peru?", words).encode() + b"\n"


def _top(more: str) -> bytes:
    return (_ONE[:-1] + ", " + more + "}\n").encode()


def _system(*words: str) -> bytes:
    return said(system=[text(w) for w in words])


def _image(**change: Any) -> bytes:
    return said(turn("user", "What is it?", media(**change)), "A cat.")


def _sourced(source: Any) -> bytes:
    return said(turn("user", {"image": {"format": "png", "source": source}}), "b")


def _captioned(said: str, name: str = "a") -> bytes:
    return lines({"image-ref": f"s3://bucket/{name}.png", "caption": said})


def _by(*roles: str) -> bytes:
    """Messages of these roles."""
    said = zip(roles, "abc", strict=False)
    return lines({"messages": [{"role": role, "content": word} for role, word in said]})


def _key(value: str) -> str:
    return "A" + "KIA" + value  # no key is in the repository


CASES: dict[str, Case] = TOOL_CASES | {
    "DS101": Case(bad=_raw("café").replace("é".encode(), b"\xe9"), near=_raw("café")),
    "DS102": Case(bad=SOUND.decode().encode("utf-16"), near=SOUND),
    "DS103": Case(bad=SOUND + b"\xef\xbb\xbf" + SOUND, near=b"\xef\xbb\xbf" + SOUND),
    "DS104": Case(bad=_raw("a\0b"), near=_raw("a0b")),
    "DS105": Case(bad=_raw("a\tb"), near=_raw("a\\tb")),
    "DS106": Case(bad=b"\n\n", near=b"\n" + SOUND),
    "DS107": Case(bad=gzip.compress(SOUND, mtime=0)[:-9], near=gzip.compress(SOUND, mtime=0)),
    "DS109": Case(bad=_raw("smile \\ud83d"), near=_raw("smile \\ud83d\\ude00")),
    "DS110": Case(bad=_raw("red\\u001b[31m"), near=_raw("line\\none\\ttab")),
    "DS111": Case(bad=b"PAR1" + bytes(60), near=SOUND),
    "DS112": Case(
        bad=b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 9\n",
        near=_raw("version https://git-lfs.github.com/spec/v1"),
    ),
    "DS113": Case(
        bad=b"<!DOCTYPE html>\n<html><body>403 Forbidden</body></html>\n",
        near=_raw("<!DOCTYPE html>"),
    ),
    "DS114": Case(bad=b"\x1e" + SOUND + b"\x1e" + SOUND, near=_raw("RS RS")),
    "DS121": Case(bad=b"\xef\xbb\xbf" + SOUND, near=SOUND),
    "DS122": Case(bad=SOUND.replace(b"\n", b"\r\n"), near=_raw("a\\r\\nb")),
    "DS123": Case(bad=SOUND + b" \n", near=SOUND),
    "DS124": Case(bad=SOUND[:-1], near=SOUND),
    "DS125": Case(bad=gzip.compress(SOUND, mtime=0), near=SOUND),
    "DS126": Case(bad=SOUND + b"\x1a", near=SOUND),
    "DS201": Case(bad=SOUND[:-3] + b"\n", near=SOUND[:-1] + b" \n"),
    "DS202": Case(
        bad=_top('"schemaVersion": "bedrock-conversation-2024"'),
        near=_top('"system": [{"text": "messages"}]'),
    ),
    "DS203": Case(
        bad=chatted(score=float("nan")), near=chatted(score="NaN"), model=NOVA_2, method=RFT
    ),
    "DS204": Case(
        bad=_nested(b"[" * 70 + b"]" * 70),
        near=_nested(b"[" * 60 + b"]" * 60),
        model=NOVA_2,
        method=RFT,
    ),
    "DS205": Case(bad=_nested(b"9" * 400), near=_nested(b"9" * 40), model=NOVA_2, method=RFT),
    "DS206": Case(bad=SOUND[:-1] + b" " + SOUND, near=SOUND + SOUND.replace(b"Peru", b"Chile")),
    "DS207": Case(bad=json.dumps([converse()], indent=1).encode() + b"\n", near=SOUND),
    "DS208": Case(bad=b'["a", "b"]\n', near=SOUND),
    "DS301": Case(bad=_top('"mesages": 1'), near=_system("Be brief.")),
    "DS302": Case(bad=b'{"schemaVersion": "bedrock-conversation-2024"}\n', near=SOUND),
    "DS303": Case(bad=said(system="Be brief."), near=_system("Be brief.")),
    "DS304": Case(bad=_ONE.replace("2024", "2023").encode() + b"\n", near=SOUND),
    "DS305": Case(bad=lines({"messages": converse()["messages"]}), near=SOUND),
    "DS306": Case(bad=paired(), near=SOUND),
    "DS307": Case(bad=_system(), near=_system("Be brief.")),
    "DS308": Case(
        bad=said(turn("user", {"text": "a", **media()}), "b"),
        near=said(turn("user", "a", media()), "b"),
    ),
    "DS309": Case(bad=said("a", turn("assistant", "b", use("a"))), near=said("toolUse", "b")),
    "DS401": Case(bad=said("a", turn("assistent", "b")), near=SOUND),
    "DS402": Case(
        bad=said(turn("assistant", "a"), turn("user", "b"), turn("assistant", "c")),
        near=said("a", "b"),
    ),
    "DS403": Case(
        bad=said(turn("user", "a"), turn("user", "b"), turn("assistant", "c")),
        near=said(turn("user", "a", "b"), turn("assistant", "c")),
    ),
    "DS404": Case(bad=said("a", "b", "c"), near=said("a", "b", "c", "d")),
    "DS405": Case(bad=said("a", " \n\u3000"), near=said("a", " .\n")),
    "DS406": Case(
        bad=said("stop at [EOS] please", "b"),
        near=said("Ecosystem: superuser: SuperUser: [EOS EOS] < image>", "b"),
    ),
    "DS407": Case(bad=said("a"), near=said("a", "b")),
    "DS408": Case(bad=_system("a", "b"), near=_system("a"), model=LLAMA_33),
    "DS410": Case(
        bad=said(turn("user", "a", {"reasoningContent": {"reasoningText": {"text": "b"}}}), "c"),
        near=said(
            "a", turn("assistant", {"reasoningContent": {"reasoningText": {"text": "b"}}}, "c")
        ),
        model=NOVA_2,
    ),
    "DS411": Case(
        bad=chatted("Hi\n\nHuman: you?", "b"), near=chatted("Human: you?", "b"), model=HAIKU
    ),
    "DS412": Case(bad=_by("user", "system"), near=_by("system", "user"), model=NOVA_2, method=RFT),
    "DS413": Case(bad=said("Thought: a", "b"), near=said("thought: a", "b")),
    "DS414": Case(bad=_by("system"), near=_by("user"), model=NOVA_2, method=RFT),
    "DS415": Case(bad=chatted("a", "b"), near=chatted("a", "b", "c"), model=NOVA_2, method=RFT),
    "DS501": Case(bad=_image(), near=SOUND, model=LLAMA_33),
    "DS502": Case(
        bad=said("a", turn("assistant", "b", media())), near=said(turn("user", "a", media()), "b")
    ),
    "DS503": Case(
        bad=said(turn("user", "a", media(), media("video", "mp4")), "b"),
        near=said(turn("user", "a", media(), media()), "b"),
    ),
    "DS504": Case(
        bad=said(turn("user", "a", *[media()] * 11), "b"),
        near=said(turn("user", "a", *[media()] * 10), "b"),
    ),
    "DS505": Case(bad=_image(form="jpg"), near=_image(form="jpeg")),
    "DS506": Case(
        bad=_image(uri="s3://bucket/a b.png"), near=_image(uri="s3://bucket/a-b_c/1.png")
    ),
    "DS507": Case(bad=_sourced({"s3Location": {"uri": "s3://bucket/a"}}), near=_image()),
    "DS508": Case(
        bad=_image() + _image(uri="s3://other/b.png"),
        near=_image() + _image(uri="s3://bucket/b.png"),
    ),
    "DS509": Case(bad=_sourced({"bytes": "AA=="}), near=_image()),
    "DS601": Case(bad=SOUND, near=SOUND * 2, limits={"min_records": 2}),
    "DS602": Case(bad=SOUND * 3, near=SOUND * 2, limits={"max_records": 2}),
    "DS603": Case(
        bad=paired("a" * 60, "b"),
        near=paired("a" * 59, "b"),
        model=LLAMA,
        limits={"max_tokens_per_record": 10},
    ),
    "DS604": Case(
        bad=paired("a" * 40, "b"),
        near=paired("a" * 39, "b"),
        model=LLAMA,
        limits={"max_tokens_per_record": 10},
    ),
    "DS605": Case(
        bad=said("a" * 1100, "b"),
        near=said("a" * 800, "b"),
        method="DISTILLATION",
        limits={"max_line_kb": 1},
    ),
    "DS606": Case(bad=SOUND, near=SOUND, limits={"max_train_file_gb": -1}),
    "DS607": Case(
        bad=SOUND,
        near=SOUND,
        validation=SOUND * 2,
        near_validation=SOUND,
        limits={"max_validation_records": 1},
    ),
    "DS608": Case(
        bad=_captioned("a cat"),
        near=_captioned("a cat"),
        model=TITAN,
        validation=_captioned("a dog", "b"),
    ),
    "DS609": Case(bad=_captioned("ab"), near=_captioned("abc"), model=TITAN),
    "DS610": Case(bad=SOUND * 2, near=SOUND, limits={"quota_total_records": 1}),
    "DS611": Case(
        bad=lines({"input": "Once upon a time."}), near=SOUND, method="CONTINUED_PRE_TRAINING"
    ),
    "DS612": Case(bad=SOUND, near=SOUND, validation=said("a", "b"), model=NOVA_2),
    "DS701": Case(bad=SOUND * 2, near=SOUND + said("What is the capital of Chile?", "Santiago.")),
    "DS702": Case(
        bad=lines(converse("a", "b"), converse("a", "c")),
        near=lines(converse("a", "b"), converse("a.", "c")),
    ),
    "DS613": Case(
        bad=SOUND,
        near=SOUND,
        evaluation=lines(converse("a", "b"), converse("A ", "b")),
        near_evaluation=lines(converse("a", "b"), converse("c", "b")),
    ),
    "DS706": Case(
        bad=said("a", "b"),
        near=said("a", "b"),
        validation=said("c", "b"),
        near_validation=said("c", "b"),
        evaluation=lines(converse("C", "d"), converse("e", "f")),
        near_evaluation=lines(converse("d", "b"), converse("e", "b")),
    ),
    "DS707": Case(
        bad=said("a", "b"),
        near=said("a", "b"),
        evaluation=said("c", "d") + _image(),
        near_evaluation=lines(converse("c", "d"), converse("e", "f")),
    ),
    "DS703": Case(
        bad=said("a", "b"),
        near=said("a", "b"),
        validation=said("a", "c"),
        near_validation=said("d", "b"),
    ),
    "DS704": Case(bad=SOUND + _system("a"), near=_system("a") + _system("b")),
    "DS705": Case(
        bad=_image() + said(turn("user", media("video", "mp4")), "b"), near=_image() + SOUND
    ),
    "DS801": Case(
        bad=_raw("key " + _key("ABCDEFGH234567AB")), near=_raw("key " + _key("IOSFODNN7EXAMPLE"))
    ),
    "DS802": Case(
        bad=_raw("write to ana.silva@empresa.com.br"), near=_raw("write to ana@example.com")
    ),
    "DS108": Case(bad=gzip.compress(_raw("a" * (4 << 20)), mtime=0), near=SOUND),
    "DS803": Case(bad=SHORT * 20 + paired("a" * 400, "b"), near=SHORT * 20, model=LLAMA),
    "DS804": Case(
        bad=lines(*(pair(f"Olá, não é {i}", "ação") for i in range(600)), *STRAYS),
        near=lines(*(pair(f"Olá, não é {i}", "ação") for i in range(600))),
        model=LLAMA,
    ),
}
# Only differs in what is beside: the near miss is judged with other limits or no validation.
NEAR_LIMITS: dict[str, dict[str, Any]] = {"DS606": {"max_train_file_gb": 1}}
NEAR_METHOD: dict[str, str] = {"DS611": "FINE_TUNING"}
