"""The check, rules and models commands: exit codes and one JSON document."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tuning.__main__ import application
from tuning.errors import TuningError

SAMPLES = Path(__file__).parents[2] / "data" / "rules"
NOVA = "amazon.nova-lite-v1:0:300k"


def _run(*arguments):
    return CliRunner().invoke(application(), [str(a) for a in arguments])


@pytest.fixture
def sound(tmp_path):
    path = tmp_path / "train.jsonl"
    turns = [("user", "Say {}"), ("assistant", "It is {}")]
    path.write_text(
        "".join(
            json.dumps(
                {
                    "schemaVersion": "bedrock-conversation-2024",
                    "messages": [
                        {"role": role, "content": [{"text": words.format(i)}]}
                        for role, words in turns
                    ],
                }
            )
            + "\n"
            for i in range(8)
        )
    )
    return path


def test_a_sound_file_is_accepted_with_exit_0(sound):
    done = _run("check", sound, "--model", NOVA)
    assert done.exit_code == 0
    assert "accepted" in done.output.lower()


def test_a_bad_file_is_refused_with_exit_1_and_names_the_line():
    done = _run("check", SAMPLES / "DS401.jsonl", "--model", NOVA)
    assert done.exit_code == 1
    assert "DS401.jsonl:1 messages[1].role" in done.output
    assert "did you mean 'assistant'?" in done.output


def test_json_is_one_document_of_the_promised_shape():
    done = _run("check", SAMPLES / "DS201.jsonl", "--model", NOVA, "--format", "json")
    document = json.loads(done.output)
    assert document["verdict"] == "refused"
    assert document["records"] == 1
    assert set(document["findings"][0]) >= {
        "rule",
        "severity",
        "file",
        "line",
        "column",
        "field",
        "message",
        "fix",
    }
    assert document["counts"]["DS201"] == 1
    assert document["statistics"]["training"]["bytes"] > 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--model", "amazon.nova-lite-v1:0"), "customization takes"),
        (("--model", NOVA, "--method", "FINE_TUNE"), "FINE_TUNING"),
        (("--model", NOVA, "--strict", "DS999"), "no rule 'DS999'"),
        (("--model", NOVA, "--format", "jsn"), "did you mean 'json'?"),
        ((), "--model ID"),
    ],
)
def test_wrong_use_is_shown_what_is_right(sound, arguments, said):
    done = _run("check", sound, *arguments)
    assert isinstance(done.exception, TuningError)
    assert said in str(done.exception)


def test_a_strict_warning_refuses(sound):
    sound.write_text(sound.read_text() * 2)
    assert _run("check", sound, "--model", NOVA).exit_code == 0
    assert _run("check", sound, "--model", NOVA, "--strict", "ds701").exit_code == 1


def test_a_recipe_says_model_and_strictness(sound, tmp_path):
    recipe = tmp_path / "support.toml"
    recipe.write_text(f'description = "x"\nbase_model = "{NOVA}"\nstrict = ["DS701"]\n')
    sound.write_text(sound.read_text() * 2)
    assert _run("check", sound, "--recipe", recipe).exit_code == 1


def test_raw_text_for_continued_pre_training_is_refused_with_what_to_do(tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_text('{"input": "Once upon a time."}\n')
    done = _run("check", path, "--model", NOVA, "--method", "CONTINUED_PRE_TRAINING")
    assert done.exit_code == 1
    assert "Nova Forge" in done.output


def test_rules_and_models_print_json():
    assert json.loads(_run("rules", "--format", "json").output)[0]["id"] == "DS101"
    assert json.loads(_run("models", "--format", "json").output)["models"]


def test_a_rule_is_explained():
    assert "reserved" in _run("rules", "ds406").output.lower()


def test_models_are_listed_by_their_whole_id():
    assert NOVA in _run("models").output


def _checked_text(path, content):
    path.write_text(content, "utf-8")
    done = _run("check", path, "--model", NOVA)
    return done.exit_code, " ".join(done.output.split())


@pytest.mark.parametrize(
    "table",
    [
        "sep=;\nprompt;completion\nHi;Ho\nHi;Ho\n",
        ",prompt,completion\n0,Hi,Ho\n1,Hi,Ho\n",
        '"prompt","completion"\n"Hi, you","Ho"\n"Hi","Ho"\n',
        "prompt\tcompletion\nHi\tHo\nHi\tHo\n",
    ],
)
def test_a_table_is_called_one_with_its_columns(tmp_path, table):
    code, reported = _checked_text(tmp_path / "data.csv", table)
    assert code == 1
    assert "this is a table, with the columns prompt, completion" in reported
    assert "there is a comma" not in reported


def test_rows_of_numbers_are_no_records_that_are_joined_by_commas(tmp_path):
    _, reported = _checked_text(tmp_path / "data.csv", "1,what is it?\n2,who is it?\n")
    assert "there is a comma" not in reported
    assert "the line does not start with a brace" in reported


def test_who_joined_sound_records_by_commas_is_reported_what_reads_them(sound, tmp_path):
    records = sound.read_text("utf-8").splitlines()
    _, reported = _checked_text(tmp_path / "data.jsonl", ",\n".join(records))
    assert "Leave the commas out, or convert the file: tuning convert" in reported


def test_advice_that_has_answers_of_weight_0_trained_on_says_so(tmp_path):
    turns = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "bad", "weight": 0},
        {"role": "user", "content": "b"},
        {"role": "assistant", "content": "good"},
    ]
    _, reported = _checked_text(tmp_path / "data.jsonl", f"{json.dumps({'messages': turns})}\n" * 9)
    assert "with the answers of weight 0 trained on too" in reported
    assert "--drop messages.weight" in reported
