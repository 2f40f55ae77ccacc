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


def _raw(words: str) -> bytes:
    """A record whose user text is written exactly so, between the quotes."""
    return _ONE.replace("What is the capital of Peru?", words).encode() + b"\n"


def _top(more: str) -> bytes:
    return (_ONE[:-1] + ", " + more + "}\n").encode()


def _system(*words: str) -> bytes:
    return lines(converse(system=[text(w) for w in words]))


def _image(**change: Any) -> bytes:
    return lines(converse(turn("user", "What is it?", media(**change)), "A cat."))


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
        bad=lines(chat(score=float("nan"))), near=lines(chat(score="NaN")), model=NOVA_2, method=RFT
    ),
    "DS204": Case(
        bad=b'{"messages": [{"role": "user", "content": "a"}], "x": '
        + b"[" * 70
        + b"]" * 70
        + b"}\n",
        near=b'{"messages": [{"role": "user", "content": "a"}], "x": '
        + b"[" * 60
        + b"]" * 60
        + b"}\n",
        model=NOVA_2,
        method=RFT,
    ),
    "DS205": Case(
        bad=b'{"messages": [{"role": "user", "content": "a"}], "x": ' + b"9" * 400 + b"}\n",
        near=b'{"messages": [{"role": "user", "content": "a"}], "x": ' + b"9" * 40 + b"}\n",
        model=NOVA_2,
        method=RFT,
    ),
    "DS206": Case(bad=SOUND[:-1] + b" " + SOUND, near=SOUND + SOUND.replace(b"Peru", b"Chile")),
    "DS207": Case(bad=json.dumps([converse()], indent=1).encode() + b"\n", near=SOUND),
    "DS208": Case(bad=b'["a", "b"]\n', near=SOUND),
    "DS301": Case(bad=_top('"mesages": 1'), near=_system("Be brief.")),
    "DS302": Case(bad=b'{"schemaVersion": "bedrock-conversation-2024"}\n', near=SOUND),
    "DS303": Case(bad=lines(converse(system="Be brief.")), near=_system("Be brief.")),
    "DS304": Case(bad=_ONE.replace("2024", "2023").encode() + b"\n", near=SOUND),
    "DS305": Case(bad=lines({"messages": converse()["messages"]}), near=SOUND),
    "DS306": Case(bad=lines(pair()), near=SOUND),
    "DS307": Case(bad=_system(), near=_system("Be brief.")),
    "DS308": Case(
        bad=lines(converse(turn("user", {"text": "a", **media()}), "b")),
        near=lines(converse(turn("user", "a", media()), "b")),
    ),
    "DS309": Case(
        bad=lines(converse("a", turn("assistant", "b", use("a")))),
        near=lines(converse("toolUse", "b")),
    ),
    "DS401": Case(bad=lines(converse("a", turn("assistent", "b"))), near=SOUND),
    "DS402": Case(
        bad=lines(converse(turn("assistant", "a"), turn("user", "b"), turn("assistant", "c"))),
        near=lines(converse("a", "b")),
    ),
    "DS403": Case(
        bad=lines(converse(turn("user", "a"), turn("user", "b"), turn("assistant", "c"))),
        near=lines(converse(turn("user", "a", "b"), turn("assistant", "c"))),
    ),
    "DS404": Case(bad=lines(converse("a", "b", "c")), near=lines(converse("a", "b", "c", "d"))),
    "DS405": Case(bad=lines(converse("a", " \n\u3000")), near=lines(converse("a", " .\n"))),
    "DS406": Case(
        bad=lines(converse("stop at [EOS] please", "b")),
        near=lines(converse("Ecosystem: superuser: SuperUser: [EOS EOS] < image>", "b")),
    ),
    "DS407": Case(bad=lines(converse("a")), near=lines(converse("a", "b"))),
    "DS408": Case(bad=_system("a", "b"), near=_system("a"), model=LLAMA_33),
    "DS410": Case(
        bad=lines(
            converse(turn("user", "a", {"reasoningContent": {"reasoningText": {"text": "b"}}}), "c")
        ),
        near=lines(
            converse(
                "a", turn("assistant", {"reasoningContent": {"reasoningText": {"text": "b"}}}, "c")
            )
        ),
        model=NOVA_2,
    ),
    "DS411": Case(
        bad=lines(chat("Hi\n\nHuman: you?", "b")), near=lines(chat("Human: you?", "b")), model=HAIKU
    ),
    "DS412": Case(
        bad=lines(
            {"messages": [{"role": "user", "content": "a"}, {"role": "system", "content": "b"}]}
        ),
        near=lines(
            {"messages": [{"role": "system", "content": "b"}, {"role": "user", "content": "a"}]}
        ),
        model=NOVA_2,
        method=RFT,
    ),
    "DS413": Case(bad=lines(converse("Thought: a", "b")), near=lines(converse("thought: a", "b"))),
    "DS414": Case(
        bad=lines({"messages": [{"role": "system", "content": "a"}]}),
        near=lines(chat("a")),
        model=NOVA_2,
        method=RFT,
    ),
    "DS415": Case(
        bad=lines(chat("a", "b")), near=lines(chat("a", "b", "c")), model=NOVA_2, method=RFT
    ),
    "DS501": Case(bad=_image(), near=SOUND, model=LLAMA_33),
    "DS502": Case(
        bad=lines(converse("a", turn("assistant", "b", media()))),
        near=lines(converse(turn("user", "a", media()), "b")),
    ),
    "DS503": Case(
        bad=lines(converse(turn("user", "a", media(), media("video", "mp4")), "b")),
        near=lines(converse(turn("user", "a", media(), media()), "b")),
    ),
    "DS504": Case(
        bad=lines(converse(turn("user", "a", *[media()] * 11), "b")),
        near=lines(converse(turn("user", "a", *[media()] * 10), "b")),
    ),
    "DS505": Case(bad=_image(form="jpg"), near=_image(form="jpeg")),
    "DS506": Case(
        bad=_image(uri="s3://bucket/a b.png"), near=_image(uri="s3://bucket/a-b_c/1.png")
    ),
    "DS507": Case(
        bad=lines(
            converse(
                turn(
                    "user",
                    {
                        "image": {
                            "format": "png",
                            "source": {"s3Location": {"uri": "s3://bucket/a"}},
                        }
                    },
                ),
                "b",
            )
        ),
        near=_image(),
    ),
    "DS508": Case(
        bad=_image() + _image(uri="s3://other/b.png"),
        near=_image() + _image(uri="s3://bucket/b.png"),
    ),
    "DS509": Case(
        bad=lines(
            converse(turn("user", {"image": {"format": "png", "source": {"bytes": "AA=="}}}), "b")
        ),
        near=_image(),
    ),
    "DS601": Case(bad=SOUND, near=SOUND * 2, limits={"min_records": 2}),
    "DS602": Case(bad=SOUND * 3, near=SOUND * 2, limits={"max_records": 2}),
    "DS603": Case(
        bad=lines(pair("a" * 60, "b")),
        near=lines(pair("a" * 59, "b")),
        model=LLAMA,
        limits={"max_tokens_per_record": 10},
    ),
    "DS604": Case(
        bad=lines(pair("a" * 40, "b")),
        near=lines(pair("a" * 39, "b")),
        model=LLAMA,
        limits={"max_tokens_per_record": 10},
    ),
    "DS605": Case(
        bad=lines(converse("a" * 1100, "b")),
        near=lines(converse("a" * 800, "b")),
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
        bad=lines({"image-ref": "s3://bucket/a.png", "caption": "a cat"}),
        near=lines({"image-ref": "s3://bucket/a.png", "caption": "a cat"}),
        model=TITAN,
        validation=lines({"image-ref": "s3://bucket/b.png", "caption": "a dog"}),
    ),
    "DS609": Case(
        bad=lines({"image-ref": "s3://bucket/a.png", "caption": "ab"}),
        near=lines({"image-ref": "s3://bucket/a.png", "caption": "abc"}),
        model=TITAN,
    ),
    "DS610": Case(bad=SOUND * 2, near=SOUND, limits={"quota_total_records": 1}),
    "DS611": Case(
        bad=lines({"input": "Once upon a time."}), near=SOUND, method="CONTINUED_PRE_TRAINING"
    ),
    "DS612": Case(
        bad=SOUND,
        near=SOUND,
        validation=lines(converse("a", "b")),
        model=NOVA_2,
    ),
    "DS701": Case(
        bad=SOUND * 2, near=SOUND + lines(converse("What is the capital of Chile?", "Santiago."))
    ),
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
        bad=lines(converse("a", "b")),
        near=lines(converse("a", "b")),
        validation=lines(converse("c", "b")),
        near_validation=lines(converse("c", "b")),
        evaluation=lines(converse("C", "d"), converse("e", "f")),
        near_evaluation=lines(converse("d", "b"), converse("e", "b")),
    ),
    "DS707": Case(
        bad=lines(converse("a", "b")),
        near=lines(converse("a", "b")),
        evaluation=lines(converse("c", "d")) + _image(),
        near_evaluation=lines(converse("c", "d"), converse("e", "f")),
    ),
    "DS703": Case(
        bad=lines(converse("a", "b")),
        near=lines(converse("a", "b")),
        validation=lines(converse("a", "c")),
        near_validation=lines(converse("d", "b")),
    ),
    "DS704": Case(bad=SOUND + _system("a"), near=_system("a") + _system("b")),
    "DS705": Case(
        bad=_image() + lines(converse(turn("user", media("video", "mp4")), "b")),
        near=_image() + SOUND,
    ),
    "DS801": Case(
        bad=_raw("key " + _key("ABCDEFGH234567AB")), near=_raw("key " + _key("IOSFODNN7EXAMPLE"))
    ),
    "DS802": Case(
        bad=_raw("write to ana.silva@empresa.com.br"), near=_raw("write to ana@example.com")
    ),
    "DS108": Case(bad=gzip.compress(_raw("a" * (4 << 20)), mtime=0), near=SOUND),
    "DS803": Case(bad=SHORT * 20 + lines(pair("a" * 400, "b")), near=SHORT * 20, model=LLAMA),
    "DS804": Case(
        bad=lines(*(pair(f"Olá, não é {i}", "ação") for i in range(600)), *STRAYS),
        near=lines(*(pair(f"Olá, não é {i}", "ação") for i in range(600))),
        model=LLAMA,
    ),
}
# Only differs in what is beside: the near miss is judged with other limits or no validation.
NEAR_LIMITS: dict[str, dict[str, Any]] = {"DS606": {"max_train_file_gb": 1}}
NEAR_METHOD: dict[str, str] = {"DS611": "FINE_TUNING"}
