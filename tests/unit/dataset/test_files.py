"""One report, however many processes read the file; real data is judged as it is known to be."""

import os
from pathlib import Path

import pytest
from builders import LLAMA, NOVA, NOVA_2, converse, lines, method, pair

from tuning.datasets.check import concluded
from tuning.datasets.files import check_files, tallied
from tuning.datasets.tally import Policy

pytestmark = pytest.mark.usefixtures("way")

DATA = Path(os.environ.get("TUNING_REAL_DATA", Path(__file__).parents[4] / "shared" / "data"))
AWS = "aws-bedrock-samples"


def _untidy(count):
    for i in range(count):
        match i % 10:
            case 3:
                yield lines({"messages": i})
            case 5:
                yield b"\n"
            case 7:
                yield lines(converse("What?", f"{i % 30}"))[:-1] + b"\r\n"
            case 8:
                yield lines(
                    converse(
                        f"Escrevê a ana{i}@empresa.com.br\u2028", "Sim", system=[{"text": "é"}]
                    )
                )
            case 9:
                yield lines(converse(f"ask {i}", "x" * (i % 900))).replace(b"x", b"\\u0041")
            case _:
                yield lines(converse(f"ask {i % 70}", "answer"))


@pytest.mark.thorough
@pytest.mark.parametrize("listed", [3, 1000])
def test_the_report_is_the_same_with_any_number_of_processes(tmp_path, listed):
    path = tmp_path / "train.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + b"".join(_untidy(600)) + b'{"last": 1}')
    policy = Policy(listed=listed)
    reports = [
        concluded(tallied(path, method(), policy, jobs, worth_it=999), None, method=method())
        for jobs in (1, 2, 3, 7, 40)
    ]
    assert all(report == reports[0] for report in reports)
    assert {"DS122", "DS123", "DS121", "DS124", "DS303", "DS701", "DS702", "DS802"} <= set(
        reports[0].counts
    )


def test_a_file_of_one_line_is_never_cut(tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_bytes(lines(converse("a" * 9000, "b")))
    report = concluded(tallied(path, method(), Policy(), 8, worth_it=99), None, method=method())
    assert report.verdict == "accepted"


def test_leakage_names_the_line_of_the_other_file(tmp_path):
    training, validation = tmp_path / "train.jsonl", tmp_path / "validation.jsonl"
    training.write_bytes(lines(pair("a"), pair("b")))
    validation.write_bytes(lines(pair("c"), pair("b", "else")).replace(b'": "', b'":"'))
    report = check_files(training, validation, method=method(LLAMA))
    found = [f for f in report.findings if f.rule == "DS703"]
    assert [(Path(f.file).name, f.line) for f in found] == [("validation.jsonl", 2)]
    assert found[0].message.startswith("the prompt is in training, too: line 2 of")
    assert found[0].message.endswith("train.jsonl")


def test_equal_texts_compare_equal_however_they_are_spelt(tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_bytes(
        b'{"prompt":"caf\xc3\xa9/","completion":"a"}\n'
        b'{"prompt": "caf\\u00e9\\/", "completion": "a"}\n'
        b'{"completion":"a","prompt":"caf\\u00E9/"}\n'
    )
    report = check_files(path, method=method(LLAMA))
    assert report.counts["DS701"] == 2


@pytest.fixture
def real():
    if not DATA.is_dir():
        pytest.skip(f"{DATA} is not there: real data is not part of the repository")
    return DATA


@pytest.mark.parametrize(
    ("name", "model", "how", "rule", "count"),
    [
        ("nova_tooluse_formatted_train_ft.jsonl", NOVA, "FINE_TUNING", "DS304", 560),
        ("nova_tooluse_formatted_test_ft.jsonl", NOVA, "FINE_TUNING", "DS304", 120),
        ("nova_tooluse_train_ft.jsonl", NOVA, "FINE_TUNING", "DS306", 560),
        ("distillation_uber10K.jsonl", NOVA, "DISTILLATION", "DS306", 200),
        ("canvas_captions.json", NOVA, "FINE_TUNING", "DS207", 1),
    ],
)
def test_what_is_known_of_real_data_is_found(real, name, model, how, rule, count):
    report = check_files(real / AWS / name, method=method(model, how))
    assert report.verdict == "refused"
    assert report.counts[rule] == count


def test_the_real_test_set_leaks_one_prompt(real):
    report = check_files(
        real / AWS / "nova_tooluse_formatted_train_ft.jsonl",
        real / AWS / "nova_tooluse_formatted_test_ft.jsonl",
        method=method(),
    )
    assert report.counts["DS703"] == 1


def test_real_rft_sets_are_accepted_as_rft(real):
    report = check_files(
        real / AWS / "rft_train_data.jsonl",
        real / AWS / "rft_test_validation_data.jsonl",
        method=method(NOVA_2, "REINFORCEMENT_FINE_TUNING", min_records=100),
    )
    assert report.verdict == "accepted"
    assert report.records == 400
    assert "DS703" not in report.counts


@pytest.mark.parametrize("name", ["openai_sft_test_data.jsonl", "openai_sft_tool_test_data.jsonl"])
def test_real_openai_chat_is_recognised_from_converse(real, name):
    report = check_files(real / "nova-forge-test-data" / name, method=method())
    assert set(report.counts) <= {"DS306", "DS124", "DS123"}
    assert "OpenAI chat" in report.findings[0].message + report.findings[-1].message
