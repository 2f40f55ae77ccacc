"""`tuning evaluate`: offline use of the gate over files of answers, with the house's exit codes."""

import json

import pytest
from typer.testing import CliRunner

from tuning.__main__ import application
from tuning.errors import TuningError

RECIPE = 'description = "d"\nbase_model = "amazon.nova-micro-v1:0:128k"\n'
RELEASE = RECIPE + '[release]\nmetric = "normalised_match"\nmin_prompts = 30\n'


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "support.toml").write_text(RELEASE)
    lines = [json.dumps({"prompt": f"q {i}", "completion": "東京"}) for i in range(40)]
    (tmp_path / "evaluation.jsonl").write_text("\n".join(lines))
    for name, right in (("good", 38), ("bad", 5)):
        said = ["東京" if i < right else "\x1b[31mred" for i in range(40)]
        lines = [json.dumps({"line": i, "text": text}) for i, text in enumerate(said, 1)]
        (tmp_path / f"{name}.jsonl").write_text("\n".join(lines))
    return tmp_path


def evaluated(candidate, *arguments, prompts="evaluation.jsonl", recipe="support.toml"):
    words = ["evaluate", prompts, candidate, "--recipe", recipe, *arguments]
    return CliRunner().invoke(application(["evaluate", "check"]), words)


@pytest.mark.usefixtures("files")
def test_a_better_model_is_promoted_with_exit_0():
    result = evaluated("good.jsonl", "--live", "bad.jsonl")
    assert (result.exit_code, result.stdout.splitlines()[0]) == (0, "Promote")
    assert "better: normalised_match is +0.825 against live" in result.stdout
    assert "40 different prompts: better in 33, worse in 0, the same in 7" in result.stdout


@pytest.mark.usefixtures("files")
def test_a_worse_model_is_held_with_exit_1_and_its_worst_answers_beside_those_of_the_other():
    result = evaluated("bad.jsonl", "--live", "good.jsonl", "--base", "bad.jsonl")
    assert (result.exit_code, result.stdout.splitlines()[0]) == (1, "Hold")
    assert (
        "Worst regressions, 10 of 33:\n  line 6, -1.000: q 5\n    expected:  東京\n"
        in result.stdout
    )
    assert "    live:      東京\n    candidate: \\x1b[31mred" in result.stdout
    assert "\x1b[31mred" not in result.stdout


@pytest.mark.usefixtures("files")
def test_programs_read_the_same_as_one_document():
    result = evaluated("good.jsonl", "--base", "bad.jsonl", "--format", "json")
    found = json.loads(result.stdout)
    assert found["decision"]["outcome"] == "promote"
    assert found["decision"]["better_than"] == "base"
    assert {each["side"] for each in found["results"]} == {"candidate", "base"}
    assert found["regressions"] == []
    assert (
        evaluated("good.jsonl", "--base", "bad.jsonl", "--format", "json").stdout == result.stdout
    )


def test_prompts_are_read_from_a_table_as_convert_reads_it(files):
    rows = "\n".join(f"q {i},東京" for i in range(40))
    (files / "evaluation.csv").write_text(f"question,answer\n{rows}\n")
    said = ["--map", "prompt=question", "--map", "completion=answer"]
    result = evaluated("good.jsonl", "--base", "bad.jsonl", *said, prompts="evaluation.csv")
    # The header is line 1 of a table, so that these answers are to other lines.
    assert isinstance(result.exception, TuningError)
    assert str(result.exception) == (
        "candidate: no answer to line 41 of the prompts; each prompt needs one answer, with its line"
    )
    text = (files / "good.jsonl").read_text()
    for name in ("good", "bad"):
        lines = [json.loads(line) for line in (files / f"{name}.jsonl").read_text().splitlines()]
        moved = [json.dumps({**line, "line": line["line"] + 1}) for line in lines]
        (files / f"{name}.jsonl").write_text("\n".join(moved))
    assert text != (files / "good.jsonl").read_text()
    result = evaluated("good.jsonl", "--base", "bad.jsonl", *said, prompts="evaluation.csv")
    assert result.exit_code == 0, result.output


def test_without_a_gate_in_the_recipe_nothing_is_decided(files):
    (files / "support.toml").write_text(RECIPE)
    result = evaluated("good.jsonl", "--base", "bad.jsonl")
    assert isinstance(result.exception, TuningError)
    assert "--recipe support.toml: it has no table [release]" in str(result.exception)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"prompt": "q", "completion": " "}', "completion  CV205  is blank"),
        ('{"text": "a text"}', "evaluation.jsonl: line 1: it asks nothing"),
    ],
)
def test_a_prompt_that_cannot_be_evaluated_is_refused_with_its_line(files, line, message):
    (files / "evaluation.jsonl").write_text(line)
    result = evaluated("good.jsonl", "--base", "bad.jsonl")
    assert result.exit_code == 1
    assert message in result.stderr


def checked(*arguments):
    words = ["check", "train.jsonl", "--evaluation", "held.jsonl", *arguments, "--format", "json"]
    result = CliRunner().invoke(application(["evaluate", "check"]), words)
    report = json.loads(result.stdout)
    found = [
        (f["rule"], f["severity"], f["file"], f["line"], f["message"])
        for f in report["findings"]
        if f["rule"] in ("DS706", "DS613")
    ]
    return result.exit_code, report, found


def pairs(path, *questions):
    turns = [[("user", each), ("assistant", "a")] for each in questions]
    records = [
        {
            "schemaVersion": "bedrock-conversation-2024",
            "messages": [{"role": role, "content": [{"text": said}]} for role, said in each],
        }
        for each in turns
    ]
    path.write_text("".join(f"{json.dumps(record)}\n" for record in records))


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Two?", "the prompt is in training, too: line 2 of train.jsonl"),
        (
            " TWO? ",
            "nearly the prompt (but for case, white space or composed letters) is in training, too",
        ),
    ],
)
def test_an_evaluation_set_that_leaks_is_refused_with_its_lines(files, question, words):
    pairs(files / "train.jsonl", "One?", "Two?", *(f"more {i}" for i in range(8)))
    pairs(files / "held.jsonl", "Three?", question)
    code, report, found = checked("--model", "amazon.nova-micro-v1:0:128k")
    assert (code, report["verdict"], report["records"]) == (1, "refused", 10)
    assert [each[:4] for each in found] == [("DS706", "error", "held.jsonl", 2)]
    assert found[0][4].startswith(words)


def test_an_evaluation_set_that_convert_reads_is_refused_with_the_command_for_it(files):
    pairs(files / "train.jsonl", *(f"more {i}" for i in range(8)))
    (files / "held.jsonl").write_text('{"prompt": "One?", "completion": "1"}\n' * 2)
    _, report, _ = checked("--model", "amazon.nova-micro-v1:0:128k")
    command = "tuning convert held.jsonl --model amazon.nova-micro-v1:0:128k"
    assert command in " ".join(found["fix"] for found in report["findings"])


def test_an_evaluation_set_may_not_repeat_the_validation_set(files):
    pairs(files / "train.jsonl", *(f"more {i}" for i in range(8)))
    pairs(files / "validation.jsonl", "One?")
    pairs(files / "held.jsonl", "Two?", "one?")
    arguments = ("--model", "amazon.nova-micro-v1:0:128k", "--validation", "validation.jsonl")
    code, report, found = checked(*arguments)
    assert (code, found[0][:4]) == (1, ("DS706", "error", "held.jsonl", 2))
    assert found[0][4].endswith("is in validation, too: line 1 of validation.jsonl")
    assert report["statistics"]["evaluation"]["near_leaked"] == 1


def test_too_few_prompts_for_the_gate_of_the_recipe_are_warned_of(files):
    pairs(files / "train.jsonl", *(f"more {i}" for i in range(8)))
    pairs(files / "held.jsonl", "One?", "Two?")
    code, report, found = checked("--recipe", "support.toml")
    assert (code, report["verdict"]) == (0, "accepted")
    assert found[0][0:2] == ("DS613", "warning")
    assert found[0][4] == "2 different prompts; the recipe's min_prompts is 30"
    assert checked("--model", "amazon.nova-micro-v1:0:128k")[2] == []


def test_an_evaluation_set_from_the_split_passes_its_check(files):
    pairs(files / "all.jsonl", *(f"question {i}" for i in range(400)))
    words = ["split", "all.jsonl", "--evaluation", "0.2", "--out", "data", "--format", "json"]
    result = CliRunner().invoke(application(["split"]), words)
    assert result.exit_code == 0, result.output
    made = json.loads(result.stdout)
    assert sum(made[name]["records"] for name in ("train", "validation", "evaluation")) == 400
    words = ["check", "data/train.jsonl", "--recipe", "support.toml"]
    for name in ("validation", "evaluation"):
        words += [f"--{name}", f"data/{name}.jsonl"]
    result = CliRunner().invoke(application(["evaluate", "check"]), words)
    assert result.exit_code == 0, result.output
    assert "DS706" not in result.output
