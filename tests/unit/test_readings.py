"""What is uploaded in another form is converted where the recipe allows it, and reported by its lines."""

import gzip
import hashlib
import io
import json

import pytest
from dataset_lines import BROKEN, CANARY, SOUND, lines, record
from domain_builders import any_recipe, any_run
from hypothesis import given, settings
from hypothesis import strategies as st

from tuning.runs.preparation import prepare
from tuning.runs.readings import Source
from tuning.runs.recipes import ConversionOptions
from tuning.runs.uploads import SUFFIXES

CONVERTING = any_recipe(convert=ConversionOptions())
PAIRS = [(f"Where is order {n}? {CANARY}", f"On its way, number {n}. {CANARY}") for n in range(10)]


def source(content, name="train.jsonl"):
    return Source(name=name, stream=io.BytesIO(content), copy=io.BytesIO())


def table(*pairs, head="prompt,completion", mark=","):
    rows = (mark.join(f'"{cell}"' for cell in pair) for pair in pairs)
    return "\n".join([head.replace(",", mark), *rows, ""]).encode()


def answered(prepared):
    return prepared.answer(report_uri="s3://a/report.html", uris={})


def pairs_in(copy):
    """Question and answer of each record of a prepared copy in Bedrock's format."""
    found = [json.loads(line)["messages"] for line in copy.getvalue().splitlines()]
    return [tuple(message["content"][0]["text"] for message in turns) for turns in found]


ALPACA = json.dumps([{"instruction": p, "output": c} for p, c in PAIRS], indent=1).encode()
CHAT = lines(
    *(
        {"messages": [{"role": "user", "content": p}, {"role": "assistant", "content": c}]}
        for p, c in PAIRS
    )
)
FOREIGN = {
    "train.jsonl": lines(*({"prompt": p, "completion": c} for p, c in PAIRS)),
    "train.jsonl.gz": gzip.compress(CHAT),
    "train.json": ALPACA,
    "train.csv": b"\xef\xbb\xbf" + table(*PAIRS),
    "train.tsv": table(*PAIRS, mark="\t"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_another_form_is_converted_where_the_recipe_allows_it(name):
    upload = source(FOREIGN[name], name)
    prepared = prepare(CONVERTING, upload)
    assert prepared.report.verdict == "accepted", prepared.report.findings
    assert pairs_in(upload.copy) == PAIRS
    assert prepared.digests == {"train.jsonl": hashlib.sha256(upload.copy.getvalue()).hexdigest()}
    reported = prepared.report.statistics["converted"][name]
    assert (reported["records"], reported["written"], reported["target"]) == (10, 10, "converse")
    page = prepared.page(any_run(recipe=CONVERTING))
    assert reported["why"] in page
    assert all(change in page for change in reported["changed"])
    assert ">converted<" not in page


@pytest.mark.parametrize("name", FOREIGN)
def test_another_form_is_refused_where_the_recipe_is_silent(name):
    upload = source(FOREIGN[name], name)
    prepared = prepare(any_recipe(), upload)
    assert prepared.report.verdict == "refused"
    assert prepared.report.findings[0].rule == "DS906"
    assert "[convert]" in prepared.report.findings[0].fix
    assert answered(prepared).summary.endswith("Not the model's own format (DS906).")
    assert prepared.digests == {}


@pytest.mark.parametrize("recipe", [any_recipe(), CONVERTING], ids=["silent", "converting"])
@pytest.mark.parametrize("name", ["train.parquet", "train.csv", "train.jsonl"])
def test_parquet_is_refused_whatever_it_is_called(recipe, name):
    content = b"PAR1" if name != "train.parquet" else b""
    assert prepare(recipe, source(content, name)).report.counts == {"DS907": 1}


OWN = [
    pytest.param(SOUND, SOUND, id="plain"),
    pytest.param(gzip.compress(SOUND), SOUND, id="gzip"),
    pytest.param(b"\xef\xbb\xbf\n\n" + SOUND.replace(b"\n", b"\r\n"), SOUND, id="mark and CR LF"),
    pytest.param(SOUND.replace(b", ", b" ,  "), SOUND.replace(b", ", b" ,  "), id="spaced"),
    pytest.param(SOUND[:-1], SOUND, id="no last line end"),
]


@pytest.mark.parametrize("name", ["train.jsonl", "train.jsonl.gz", "train.json"])
@pytest.mark.parametrize(("content", "trained"), OWN)
def test_the_models_own_format_is_copied_byte_by_byte(content, trained, name):
    by_recipe = [(recipe, source(content, name)) for recipe in (any_recipe(), CONVERTING)]
    silent, converting = (prepare(recipe, upload).report for recipe, upload in by_recipe)
    assert silent == converting
    assert silent.verdict == "accepted"
    assert "converted" not in silent.statistics
    assert {upload.copy.getvalue() for _, upload in by_recipe} == {trained}


UNSOUND = [
    BROKEN,
    lines(record(0) | {"schemaVersion": "other"}, *map(record, range(1, 10))),
    lines(*(record(n) for n in range(3))),
    b"\xff\xfe" + SOUND.decode().encode("utf-16-le"),
    b'{"mesages": []}\n' + SOUND,
    b"not json\n" + SOUND,
    b'{"messages": [\nnot json\n' + SOUND,
    b"[1]\n" + SOUND,
    b"\x1f\x8b damaged",
    gzip.compress(SOUND)[:-20],
    b"PK\x03\x04",
    b"",
    b"\n \n",
    b'{"colour": 1}\n',
]


@pytest.mark.parametrize("content", UNSOUND, ids=range(len(UNSOUND)))
def test_what_is_unsound_in_the_models_own_format_is_reported_by_the_checker(content):
    silent, converting = (prepare(r, source(content)).report for r in (any_recipe(), CONVERTING))
    assert silent.verdict == "refused"
    assert silent == converting


@pytest.mark.parametrize("content", [b"[" * 100_000, b"[]", b"{\n" * 100_000, b'{"a":' * 50_000])
def test_nesting_without_end_is_refused_not_raised(content):
    for recipe in (any_recipe(), CONVERTING):
        assert prepare(recipe, source(content)).report.verdict == "refused"


def test_an_array_of_the_models_own_records_is_no_line_of_records():
    content = b"[\n" + SOUND.replace(b"}\n", b"},\n").removesuffix(b",\n") + b"\n]\n"
    upload = source(content, "train.jsonl")
    assert prepare(CONVERTING, upload).report.verdict == "accepted"
    assert [json.loads(line) for line in upload.copy.getvalue().splitlines()] == json.loads(content)
    assert prepare(any_recipe(), source(content)).report.counts == {"DS906": 1}


def test_columns_are_found_by_the_names_that_the_recipe_gives():
    recipe = any_recipe(
        convert=ConversionOptions(map={"prompt": "question", "completion": "the answer"})
    )
    for name, content in {
        "train.csv": table(*PAIRS, head="question,the answer"),
        "train.jsonl": lines(*({"question": p, "the answer": c} for p, c in PAIRS)),
    }.items():
        upload = source(content, name)
        assert prepare(recipe, upload).report.verdict == "accepted"
        assert pairs_in(upload.copy) == PAIRS


def test_an_upload_in_the_models_own_format_needs_no_mapping():
    upload = source(SOUND)
    recipe = any_recipe(convert=ConversionOptions(map={"prompt": "question"}))
    assert prepare(recipe, upload).report.verdict == "accepted"
    assert upload.copy.getvalue() == SOUND


def test_a_missing_mapping_is_proposed_in_words_that_an_uploader_can_follow():
    report = prepare(CONVERTING, source(table(*PAIRS, head="question,answer"), "train.csv")).report
    found = report.findings[0]
    assert found.rule == "CV108"
    assert "--map prompt=question --map completion=answer" in found.fix
    assert "under [convert]" in found.fix
    convert = "tuning convert train.csv --model amazon.nova-micro-v1:0:128k --map prompt=question"
    assert f"On your machine: {convert} --map completion=answer" in found.fix


@pytest.mark.parametrize(
    ("method", "option"), [("FINE_TUNING", ""), ("DISTILLATION", " --method DISTILLATION")]
)
def test_who_must_convert_a_table_reads_the_command_with_all_that_it_needs(method, option):
    upload = source(table(*PAIRS, head="question,answer"), "train.csv")
    [found] = prepare(any_recipe(method=method), upload).report.findings
    assert found.fix.endswith(
        f"tuning convert train.csv --model amazon.nova-micro-v1:0:128k{option}"
        " --map prompt=question --map completion=answer"
    )


def test_a_conversion_that_fails_is_summed_up_by_the_title_of_its_rule():
    upload = source(table(*PAIRS, head="question,answer"), "train.csv")
    summary = answered(prepare(CONVERTING, upload)).summary
    first = "The file is not what it is read as (CV108)"
    assert summary == f"Refused: 10 errors. First, in train.csv line 2: {first}."


def test_findings_name_lines_of_the_upload():
    rows = [(f"one\ntwo {n}", "a") for n in range(10)]
    content = table(*rows, ("Say [EOS] now", "b"), ("", "c"), rows[3])
    report = prepare(CONVERTING, source(content, "train.csv")).report
    assert {("CV201", 23), ("DS406", 22), ("DS701", 24)} <= {
        (f.rule, f.line) for f in report.findings
    }
    assert {f.file for f in report.findings} == {"train.csv"}
    assert any("line 8" in f.message for f in report.findings if f.rule == "DS701")


def test_each_file_is_read_in_its_own_way():
    training, validation = source(SOUND), source(table(*PAIRS[:4]), "validation.csv")
    prepared = prepare(CONVERTING, training, validation)
    assert prepared.report.verdict == "accepted"
    assert training.copy.getvalue() == SOUND
    assert pairs_in(validation.copy) == PAIRS[:4]
    assert list(prepared.digests) == ["train.jsonl", "validation.jsonl"]
    assert list(prepared.report.statistics["converted"]) == ["validation.csv"]


def test_every_unreadable_file_is_reported():
    files = source(b"", "train.parquet"), source(table(*PAIRS), "validation.csv")
    report = prepare(any_recipe(), *files).report
    assert [(f.rule, f.file) for f in report.findings] == [
        ("DS907", "train.parquet"),
        ("DS906", "validation.csv"),
    ]


HOSTILE = [
    *((name, content) for name, content in FOREIGN.items()),
    ("train.csv", table(("", CANARY), head=f"{CANARY},{CANARY}x")),
    ("train.csv", f'prompt,completion\n"{CANARY}'.encode()),
    ("train.csv", table((CANARY, f"=cmd|{CANARY}"))),
    ("train.json", f'[{{"{CANARY}": }}]'.encode()),
    ("train.json", json.dumps([{"messages": [{"role": CANARY, "content": CANARY}]}]).encode()),
    ("train.jsonl", lines({"conversations": [{"from": CANARY, "value": CANARY}]})),
    ("train.jsonl", lines({CANARY: CANARY})),
]


@pytest.mark.parametrize("recipe", [any_recipe(), CONVERTING], ids=["silent", "converting"])
@pytest.mark.parametrize(("name", "content"), HOSTILE)
def test_no_answer_quotes_the_data(recipe, name, content):
    assert CANARY not in json.dumps(answered(prepare(recipe, source(content, name))).to_json())


def filler(size):
    """A sound dataset of conversations, of more than `size` bytes."""
    return lines(*(record(n, "x" * 1000) for n in range(size // 1000)))


BOMBS = [
    pytest.param("train.jsonl.gz", gzip.compress(filler(1_100_000)), id="records"),
    pytest.param("train.jsonl.gz", gzip.compress(b"\n" * 1_000_001), id="blank lines"),
    pytest.param("train.jsonl.gz", gzip.compress(SOUND + b" " * 1_000_000), id="one long line"),
    pytest.param("train.csv", gzip.compress(table(*PAIRS, ("x" * 1_000_000, "y"))), id="table"),
    pytest.param(
        "train.json", gzip.compress(b"[" + b" " * 1_000_000 + b"]"), id="an array of nothing"
    ),
    pytest.param("train.csv", table(*((n, n) for n in range(9_000))), id="grows when converted"),
]


@pytest.mark.thorough
@pytest.mark.parametrize(("name", "content"), BOMBS)
def test_what_grows_beyond_the_limit_is_refused(name, content):
    assert len(content) < 1_000_000
    upload = source(content, name)
    prepared = prepare(CONVERTING, upload, limit_mb=1)
    assert prepared.report.counts == {"DS901": 1}
    assert (prepared.report.findings[0].file, prepared.digests) == (name, {})
    assert len(upload.copy.getvalue()) <= 1_000_000


pieces = st.sampled_from(
    [b"{", b"}", b"[", b",", b'"', b"\n", b'"prompt":"x"', b'"messages":', b"\xff", b"\0", b"a,b"]
)
contents = st.binary(max_size=60) | st.lists(pieces, max_size=20).map(b"".join)


@given(
    contents, st.booleans(), st.sampled_from(SUFFIXES), st.sampled_from([None, ConversionOptions()])
)
@settings(max_examples=60)
def test_any_bytes_under_any_name_get_a_verdict(content, packed, suffix, convert):
    given_bytes = gzip.compress(content, mtime=0) if packed else content
    recipe = any_recipe(convert=convert)
    report = prepare(recipe, source(given_bytes, f"train{suffix}"), limit_mb=1).report
    assert report.verdict == "refused"  # no ten records are in so few bytes


BELOW = {"train.jsonl": SOUND, "train.jsonl.gz": gzip.compress(SOUND), **FOREIGN}


@pytest.mark.parametrize("name", BELOW)
def test_what_stays_below_the_limit_is_read(name):
    assert prepare(CONVERTING, source(BELOW[name], name), limit_mb=1).report.verdict == "accepted"
