"""The commands convert, split and stats as people and scripts meet them."""

import json
import shlex
import sys

import pytest

PAIR = {"prompt": "Hi", "completion": "Ho"}
NOVA_MICRO = "amazon.nova-micro-v1:0:128k"


@pytest.fixture
def run(run):
    """Runs `tuning ARGS`; gives exit code, standard output and standard error."""
    return lambda *args: run(shlex.join(["tuning", *map(str, args)]))


@pytest.fixture
def dataset(tmp_path):
    def write(*records, name="data.jsonl"):
        path = tmp_path / name
        path.write_text("".join(json.dumps(record) + "\n" for record in records))
        return path

    return write


def test_converting_writes_beside_the_input_and_says_what_it_was(run, dataset):
    path = dataset(PAIR, PAIR)
    code, out, err = run("convert", path, "--model", NOVA_MICRO)
    made = path.with_name("data.converse.jsonl")
    assert (code, out) == (0, "")
    assert len(made.read_text().splitlines()) == 2
    assert "jsonl of prompt_completion" in err
    assert "has the field 'prompt'" in err
    assert "2 lines written to" in err


def test_a_refusal_leaves_nothing_behind(run, dataset, tmp_path):
    path = dataset(PAIR, {**PAIR, "id": 1})
    code, _, err = run("convert", path, "--to", "converse")
    assert code == 1
    assert "CV203" in err
    assert list(tmp_path.iterdir()) == [path]


def test_refused_records_are_left_out_on_request_and_counted(run, dataset):
    path = dataset(PAIR, {**PAIR, "id": 1}, {**PAIR, "completion": "Other."})
    code, out, _ = run("convert", path, "--to", "converse", "--skip-refused", "--format", "json")
    reported = json.loads(out)
    assert (code, reported["verdict"], reported["written"]) == (0, "accepted", 2)
    assert (reported["sources"][0]["refused"], reported["sources"][0]["counts"]) == (
        1,
        {"CV203": 1},
    )


def test_what_could_not_be_read_is_never_left_out(run, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('prompt,completion\nHi,Ho\n"Hi,Ho\nHi,Ho\n')
    code, _, err = run("convert", path, "--to", "converse", "--skip-refused")
    assert code == 1
    assert "could not be read" in err
    assert not path.with_name("a.converse.jsonl").exists()


def test_standard_output_is_only_data(run, dataset):
    code, out, _ = run("convert", dataset(PAIR), "--to", "prompt_completion", "-o", "-")
    assert (code, json.loads(out)) == (0, PAIR)


def test_standard_output_stays_empty_when_refused(run, dataset):
    code, out, _ = run("convert", dataset(PAIR, {"a": 1}), "--to", "converse", "-o", "-")
    assert (code, out) == (1, "")


def test_an_output_is_overwritten_only_with_force(run, dataset, tmp_path):
    path, made = dataset(PAIR), tmp_path / "out.jsonl"
    made.write_text("precious")
    assert run("convert", path, "--to", "converse", "-o", made)[0] == 2
    assert made.read_text() == "precious"
    assert run("convert", path, "--to", "converse", "-o", made, "--force")[0] == 0
    assert made.read_text().startswith("{")


def test_the_input_is_never_overwritten(run, dataset, tmp_path):
    path = dataset(PAIR)
    before = path.read_bytes()
    link = tmp_path / "link.jsonl"
    link.symlink_to(path)
    for output in (path, link):
        code, _, err = run("convert", path, "--to", "converse", "-o", output, "--force")
        assert code == 2
        assert "is the input" in err
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ([], "--model ID"),
        (["--to", "converse", "--model", NOVA_MICRO], "--model ID"),
        (["--to", "convers"], "did you mean 'converse'"),
        (["--model", "amazon.nova-micro-v1:0"], "customization takes"),
        (["--model", NOVA_MICRO, "--method", "RFT"], "offers FINE_TUNING, DISTILLATION"),
        (["--to", "converse", "--method", "FINE_TUNING"], "goes with --model"),
        (["--to", "converse", "--from", "alpacca"], "did you mean 'alpaca'"),
        (["--to", "converse", "--map", "prompt"], "NAME=FIELD"),
        (["--to", "converse", "--map", "a=b", "--map", "a=c"], "mapped twice"),
        (["--to", "converse", "-o", "-", "--format", "json"], "share standard output"),
    ],
)
def test_wrong_use_is_distinguished_from_bad_data(run, dataset, options, word):
    code, out, err = run("convert", dataset(PAIR), *options)
    assert (code, out) == (2, "")
    assert word in err


def test_a_file_that_is_not_there_is_a_fault(run, tmp_path):
    code, _, err = run("convert", tmp_path / "gone.jsonl", "--to", "converse")
    assert code == 3
    assert "gone.jsonl" in err


def test_a_folder_of_documents_becomes_one_dataset(run, tmp_path):
    folder = tmp_path / "docs"
    (folder / "deep").mkdir(parents=True)
    (folder / "b.md").write_text("Second.")
    (folder / "a.txt").write_text("First.")
    (folder / "deep" / "c.txt").write_text("Third.")
    (folder / "picture.png").write_bytes(b"\x89PNG")
    assert run("convert", folder, "--to", "continued_pre_training")[0] == 0
    made = (tmp_path / "docs.continued_pre_training.jsonl").read_text().splitlines()
    assert [json.loads(line)["input"] for line in made] == ["First.", "Second.", "Third."]


def test_data_cannot_steer_the_terminal(run, dataset):
    _, _, err = run("convert", dataset({"\x1b[2Jgone": 1, "[red]a": 2}), "--to", "converse")
    assert "\x1b[2J" not in err
    assert "[red]a" in err


def test_the_same_fault_in_many_records_is_reported_once(run, dataset):
    _, _, err = run("convert", dataset(*[{"question": "a"}] * 30), "--to", "converse")
    assert err.count("--map") == 1
    assert "1, 2, 3, 4 +16" in err
    assert "10 more of CV108" in err


def test_splitting_keeps_bytes_order_and_every_line(run, tmp_path):
    path = tmp_path / "data.jsonl"
    lines = [json.dumps({"prompt": f"q{n}", "completion": "a"}) + "\r\n" for n in range(50)]
    path.write_bytes("".join(lines).encode())
    out = tmp_path / "out"
    assert run("split", path, "--validation", "0.2", "--seed", "7", "--out", out)[0] == 0
    train, held_out = ((out / name).read_bytes() for name in ("train.jsonl", "validation.jsonl"))
    kept = [set(part.decode().splitlines(keepends=True)) for part in (train, held_out)]
    assert "".join(line for line in lines if line in kept[0]).encode() == train
    assert "".join(line for line in lines if line in kept[1]).encode() == held_out
    assert not kept[0] & kept[1]
    assert kept[0] | kept[1] == set(lines)
    before = train, held_out
    assert run("split", path, "--validation", "0.2", "--seed", "7", "--out", out, "--force")[0] == 0
    assert tuple((out / n).read_bytes() for n in ("train.jsonl", "validation.jsonl")) == before


@pytest.mark.parametrize(
    "case",
    [
        (["--validation", "1"], 2, "between 0 and 1"),
        (["--seed", "-1"], 2, "whole number"),
        (["--model", "amazon.titan-image-generator-v2:0"], 2, "no validation set"),
        (["--model", "meta.llama3-1-8b-instruct-v1:0:128k"], 1, "needs at least 100"),
    ],
)
def test_a_split_that_cannot_be_is_refused(run, dataset, tmp_path, case):
    options, code, word = case
    path = dataset(*[{"prompt": f"q{n}", "completion": "a"} for n in range(50)])
    ended, _, err = run("split", path, "--out", tmp_path / "out", *options)
    assert ended == code
    assert word in err
    assert not (tmp_path / "out").exists()


def test_only_lines_can_be_split(run, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("prompt,completion\nHi,Ho\nHe,Ha\n")
    code, _, err = run("split", path, "--out", tmp_path / "out")
    assert code == 2
    assert "tuning convert" in err


def test_a_dataset_with_a_bad_record_is_not_split(run, dataset, tmp_path):
    path = dataset(PAIR, {"prompt": ""}, {"prompt": "q", "completion": "a"})
    code, _, err = run("split", path, "--out", tmp_path / "out")
    assert code == 1
    assert "CV205" in err


def test_statistics_come_as_one_document(run, dataset):
    code, out, _ = run("stats", dataset(PAIR, PAIR), "--format", "json")
    reported = json.loads(out)
    assert (code, reported["records"], reported["repeated"]) == (0, 2, 1)


def test_statistics_come_as_a_table(run, dataset):
    code, out, _ = run("stats", dataset(PAIR))
    assert code == 0
    assert "data.jsonl: 1 record " in out
    assert "script: Latin 1" in out


@pytest.mark.thorough
def test_a_picture_is_drawn_and_the_same_twice(run, dataset, tmp_path):
    pytest.importorskip("matplotlib")
    path, drawing, picture = dataset(PAIR), tmp_path / "a.svg", tmp_path / "a.png"
    assert run("stats", path, "--picture", picture)[0] == 0
    assert run("stats", path, "--picture", drawing)[0] == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    first = drawing.read_bytes()
    assert first.startswith(b"<?xml")
    assert run("stats", path, "--picture", drawing, "--force")[0] == 0
    assert drawing.read_bytes() == first


def test_a_picture_of_another_kind_is_wrong_use(run, dataset, tmp_path):
    code, _, err = run("stats", dataset(PAIR), "--picture", tmp_path / "a.gif")
    assert code == 2
    assert ".svg or .png" in err


def test_parquet_without_pyarrow_says_how_to_install_it(run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1")
    code, _, err = run("convert", path, "--to", "converse")
    assert code == 2
    assert "[parquet]" in err


def test_a_picture_without_matplotlib_says_how_to_install_it(run, dataset, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    code, _, err = run("stats", dataset(PAIR), "--picture", tmp_path / "a.png")
    assert code == 2
    assert "[plot]" in err
    assert not (tmp_path / "a.png").exists()
