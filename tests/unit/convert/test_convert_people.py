"""What people give and ask: read rightly, said, or refused by its own name."""

import gzip
import io
import json
import sys

import pytest
from convert.peoples_dialects import OLDER_CALLS, SHAREGPT_TOOLS, chat, lines, pair

from tuning.datasets.convert.conversion import convert
from tuning.datasets.convert.targets.target import Target

NOVA_MICRO = "amazon.nova-micro-v1:0:128k"
PAIRS = [pair(n) for n in range(10)]


@pytest.fixture
def kept(tmp_path):
    def write(content, name="data.jsonl"):
        (tmp_path / name).write_bytes(content)
        return name

    return write


@pytest.mark.parametrize("skip", ["", " --skip-refused"])
@pytest.mark.parametrize("refused", [4, 5])
def test_leaving_out_half_of_a_file_or_more_is_never_success(run, kept, tmp_path, skip, refused):
    name = kept(lines(*PAIRS[:4], *[{**one, "id": 1} for one in PAIRS[:refused]]))
    assert run(f"tuning convert {name} --to converse{skip}")[0] == 1
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_stray_record_is_named_by_statistics_too(run, kept):
    name = kept(lines(pair(1), *[chat("Q", "A")] * 30))
    code, _, err = run(f"tuning stats {name}")
    assert code == 1
    assert "30 of the 31 records" in " ".join(err.split())
    assert "CV109" in err


def test_calls_and_results_of_sharegpt_become_tool_use(converted):
    (written,), summary, _ = converted([SHAREGPT_TOOLS])
    assert summary.shape == "sharegpt"
    assert written["toolConfig"]["tools"][0]["toolSpec"]["name"] == "look"
    use = written["messages"][1]["content"][0]["toolUse"]
    assert (use["name"], use["input"]) == ("look", {"where": "Rome"})
    result = written["messages"][2]["content"][0]["toolResult"]
    assert result == {"toolUseId": use["toolUseId"], "content": [{"text": "sun"}]}


def test_calls_of_openai_before_tools_become_tool_use(converted):
    (written,), _, _ = converted([OLDER_CALLS])
    (sharegpt,), _, _ = converted([SHAREGPT_TOOLS])
    assert written == sharegpt


def test_an_answer_of_weight_0_is_not_trained_on_without_asking(converted):
    record = chat("a", "b", "c", "d")
    record["messages"][1]["weight"], record["messages"][3]["weight"] = 0, 1
    _, summary, _ = converted([record])
    assert summary.findings[0].field == "messages[1].weight"
    assert "--drop messages.weight" in summary.findings[0].fix
    assert len(converted([record], drop=["messages.weight"])[0]) == 1


def test_of_liked_answers_only_those_are_kept(converted):
    records = [{**pair(n), "label": n % 2 == 0} for n in range(10)]
    assert converted(records)[1].counts == {"CV211": 10}
    assert converted(records, drop=["label"])[1].counts == {"CV211": 10}
    written, summary, _ = converted(records, "prompt_completion", keep="chosen")
    assert written == [pair(n) for n in range(0, 10, 2)]
    assert summary.changed["answers that are not liked left out"] == 5


@pytest.mark.parametrize("mapping", [{}, {"completion": "chosen"}])
def test_of_two_answers_the_better_one_is_kept_and_the_other_is_counted(converted, mapping):
    records = [{"prompt": "Hi", "chosen": "Ho", "rejected": "Hm"}] * 3
    assert converted(records, mapping=mapping)[1].counts == {"CV211": 3}
    written, summary, _ = converted(records, "prompt_completion", keep="chosen")
    assert written == [{"prompt": "Hi", "completion": "Ho"}] * 3
    assert summary.changed == {"answers left out: rejected": 3}


def test_a_mapping_the_wrong_way_round_is_reported(converted):
    records = [{"Question": "Hi", "Answer": "Ho"}] * 30
    turned = {"Question": "prompt", "Answer": "completion"}
    _, summary, _ = converted(records, mapping=turned)
    (found,) = summary.findings
    assert "wrong way round" in found.message
    assert "--map prompt=Question --map completion=Answer" in found.fix


def test_fields_of_messages_are_mapped(converted):
    records = [{"talk": [{"who": "user", "said": "Hi"}, {"who": "assistant", "said": "Ho"}]}]
    mapping = {"messages": "talk", "messages.role": "who", "messages.content": "messages.said"}
    assert converted(records, mapping=mapping)[0] == converted([chat("Hi", "Ho")])[0]


def test_null_is_not_called_missing(converted):
    _, summary, _ = converted([chat("Hi", None)])
    assert "is null" in summary.findings[0].message


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("gbk", "你好请问订单什么时候到"),
        ("big5", "你好請問訂單什麼時候到"),
        ("shift_jis", "注文はいつ届きますか"),
        ("euc_kr", "안녕하세요 주문은 언제 도착하나요"),
        ("cp1251", "Где мой заказ, он уже в пути"),
        ("koi8_r", "Где мой заказ, он уже в пути"),
        ("cp1250", "Gdzie jest moje zamówienie? Już w drodze, Łódź"),
        ("cp1252", "Où est ma commande ? Elle est arrivée à Genève"),
        ("mac_roman", "Où est ma commande ? Elle est arrivée à Genève"),
        ("cp866", "Где мой заказ, он уже в пути"),
        ("iso8859_5", "Где мой заказ, он уже в пути"),
        ("koi8_u", "Де моє замовлення, воно вже їде до Києва"),
        ("mac_cyrillic", "Где мой заказ, он уже в пути"),
        ("cp852", "Kde je moje objednávka? Už je na cestě, žluťoučký"),
        ("iso8859_2", "Kde je moje objednávka? Už je na cestě, žluťoučký"),
        ("cp1253", "Πού είναι η παραγγελία μου; Είναι ήδη στον δρόμο"),
        ("cp1255", "איפה ההזמנה שלי? היא כבר בדרך"),
        ("cp1256", "أين طلبي؟ إنه في الطريق بالفعل"),
        ("cp874", "คำสั่งซื้อของฉันอยู่ที่ไหน อยู่ระหว่างทางแล้ว"),
        ("euc_jp", "注文はいつ届きますか"),
    ],
)
@pytest.mark.parametrize("name", ["a.jsonl", "a.csv", "a.json"])
def test_encodings_are_named_with_a_sample_and_never_chosen(converted, encoding, text, name):
    record = {"prompt": text, "completion": text}
    content = {
        "a.jsonl": lines(*[record] * 5).decode(),
        "a.csv": f'prompt,completion\n"{text}",Ho\n',
        "a.json": json.dumps([record] * 5, ensure_ascii=False),
    }[name]
    written, summary, _ = converted(content.encode(encoding), name=name)
    assert written == []
    (rule,) = summary.counts
    assert rule == "CV101"
    reported = summary.findings[0].message
    assert any(text[at : at + 6] in reported for at in range(len(text) - 5)), reported
    assert "--encoding" in summary.findings[0].fix
    again, _, _ = converted(
        content.encode(encoding), "prompt_completion", name=name, encoding=encoding
    )
    assert again[0]["prompt"] == text


def test_a_line_of_another_encoding_in_a_file_of_utf_8_is_never_read_in_it(converted):
    broken = '{"prompt": "café", "completion": "x"}\n'.encode("cp1252")
    _, summary, _ = converted(lines(*[{"prompt": "café", "completion": "déjà"}] * 3) + broken)
    (found,) = summary.findings
    assert (found.rule, found.line) == ("CV101", 4)
    assert "--encoding" not in found.fix


@pytest.mark.thorough
def test_an_archive_is_unpacked_to_a_limit(run, kept):
    said = [{"prompt": f"Question {n}?", "completion": "An answer. " * 900} for n in range(400)]
    name = kept(gzip.compress(lines(*said)), "data.jsonl.gz")
    code, _, err = run(f"tuning convert {name} --to converse --max-unpacked-mb 1")
    assert code == 1
    assert "--max-unpacked-mb 2" in err
    assert run(f"tuning convert {name} --to converse --max-unpacked-mb 10")[0] == 0


def test_no_line_is_written_that_the_checker_refuses(run, kept):
    bad = [{"prompt": "x" * 200_000, "completion": "y"}, {"prompt": "User: Hi", "completion": "y"}]
    name = kept(lines(*PAIRS, *bad))
    code, out, _ = run(f"tuning convert {name} --model {NOVA_MICRO} --skip-refused --format json")
    reported = json.loads(out)
    assert (code, reported["written"], reported["sources"][0]["refused"]) == (0, 10, 2)
    assert {f["line"] for f in reported["sources"][0]["findings"]} == {11, 12}
    assert run(f"tuning check data.converse.jsonl --model {NOVA_MICRO}")[0] == 0


def test_what_is_too_little_to_train_on_is_said(run, kept):
    name = kept(lines(*PAIRS[:3]))
    code, _, err = run(f"tuning convert {name} --model {NOVA_MICRO}")
    assert code == 0
    assert "DS601" in err


@pytest.mark.parametrize(
    ("module", "name", "head", "extra"),
    [
        ("openpyxl", "a.xlsx", None, "excel"),
        ("backports.zstd", "a.jsonl.zst", b"\x28\xb5\x2f\xfd", "zstd"),
    ],
)
def test_a_missing_library_is_named_with_its_extra(
    run, kept, monkeypatch, module, name, head, extra
):
    from convert.peoples_files import workbook  # noqa: PLC0415 — needs a library that may be missing

    pytest.importorskip(module)
    content = head or workbook(First=[["prompt"], ["Hi"]])
    for gone in (module, "compression.zstd"):
        monkeypatch.setitem(sys.modules, gone, None)
    code, _, err = run(f"tuning convert {kept(content, name)} --to converse")
    assert code == 2
    assert f"[{extra}]" in err


def test_a_formula_whose_value_was_not_saved_is_refused_by_its_row(converted):
    pytest.importorskip("openpyxl")
    from convert.peoples_files import workbook  # noqa: PLC0415 — idem

    content = workbook(First=[["prompt", "completion"], ["Hi", "Ho"], ["Hi", "=A2"]])
    _, summary, _ = converted(content, name="a.xlsx")
    assert [(f.rule, f.line) for f in summary.findings] == [("CV107", 3)]


def test_a_stream_that_ends_in_the_middle_of_a_letter_is_refused(converted):
    text = lines(*PAIRS).decode().encode("utf-16")[:-1]
    _, summary, _ = converted(text)
    assert summary.counts["CV101"] == 1
    assert summary.cut_short


def test_records_that_an_object_wraps_are_numbered(converted):
    content = json.dumps({"data": [*PAIRS[:2], {"prompt": ""}]}).encode()
    _, summary, _ = converted(content, name="a.json", records="data")
    assert [(f.rule, f.line) for f in summary.findings] == [("CV205", 3)]


def test_a_target_of_a_format_refuses_what_no_line_can_hold():
    raw = lines({"prompt": "x" * 4_194_304, "completion": "y"})
    conversion = convert(io.BytesIO(raw), name="a.jsonl", target=Target.of_format("converse"))
    assert list(conversion) == []
    assert conversion.summary.counts == {"CV105": 1}


def test_calls_in_a_row_and_what_was_said_before_them_are_of_one_turn(converted):
    call = {"from": "function_call", "value": '{"name": "look", "arguments": {}}'}
    talk = [
        {"from": "human", "value": "Both?"},
        {"from": "gpt", "value": "I look twice."},
        call,
        call,
        {"from": "observation", "value": "one"},
        {"from": "observation", "value": "two"},
        {"from": "gpt", "value": "Both."},
    ]
    (written,), _, _ = converted([{"conversations": talk}])
    kinds = [[next(iter(block)) for block in turn["content"]] for turn in written["messages"]]
    assert kinds == [["text"], ["text", "toolUse", "toolUse"], ["toolResult"] * 2, ["text"]]
    uses, results = (written["messages"][n]["content"] for n in (1, 2))
    called = [block["toolUse"]["toolUseId"] for block in uses[1:]]
    assert [block["toolResult"]["toolUseId"] for block in results] == called


@pytest.mark.parametrize("liked", [True, "true", "True", 1])
@pytest.mark.parametrize("disliked", [False, "false", "False", 0])
def test_a_mark_of_what_is_liked_is_known_however_it_is_spelt(converted, liked, disliked):
    records = [{**pair(1), "label": liked}, {**pair(2), "label": disliked}]
    assert converted(records)[1].counts == {"CV211": 2}
    assert converted(records, "prompt_completion", keep="chosen")[0] == [pair(1)]


@pytest.mark.parametrize("end", ["\r", "\r\n", "\n"])
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.json"])
def test_line_ends_of_every_system_are_read(converted, end, name):
    rows = ["prompt,completion", *["Hi,Ho"] * 3]
    content = {
        "a.csv": "".join(row + end for row in rows),
        "a.jsonl": "".join(json.dumps(one) + end for one in PAIRS[:3]),
        "a.json": json.dumps(PAIRS[:3], indent=1).replace("\n", end),
    }[name]
    written, summary, _ = converted(content, "prompt_completion", name=name)
    assert len(written) == 3, summary.findings


def test_a_blank_system_text_is_none_and_is_counted(converted):
    blank = {"role": "system", "content": " "}
    record = {"messages": [blank, *chat("Hi", "Ho")["messages"]]}
    written, summary, _ = converted([record])
    assert written == converted([chat("Hi", "Ho")])[0]
    assert summary.changed == {"blank system text left out": 1}
