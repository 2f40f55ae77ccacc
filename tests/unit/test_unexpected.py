"""What is said of an object that is neither a training set nor a validation set."""

import shlex

import pytest
from domain_builders import any_upload
from hypothesis import given
from hypothesis import strategies as st

from tuning.reports.visible_text import visible
from tuning.runs.unexpected import upload_refusal
from tuning.runs.uploads import UploadKind, kind_of

RECIPES, MODEL = ("support", "legal"), "amazon.nova-micro-v1:0:128k"


def said(key):
    return upload_refusal(any_upload(key=key), RECIPES, base_model=MODEL)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("datasets/train.jsonl", ["no recipe's folder", "support, legal"]),
        ("datasets//train.jsonl", ["no recipe's folder"]),
        ("datasets/suport/train.jsonl", ["no recipe 'suport'", "did you mean 'support'?"]),
        ("datasets/suport/validation.jsonl", ["no recipe 'suport'"]),
        ("datasets/Support/train.jsonl", ["no recipe 'Support'", "did you mean 'support'?"]),
        ("datasets/suport/readme.md", ["no recipe 'suport'"]),
        ("datasets/support/my_data.jsonl", ["only train.jsonl starts a run", "aws s3 mv"]),
        (
            "datasets/support/2026/test.csv",
            ["only train.csv starts a run", "validation.csv", "evaluation.csv"],
        ),
        ("datasets/support/train_data.JSONL", ["only train.jsonl starts a run"]),
        (
            "datasets/support/train.xlsx",
            [f"tuning convert train.xlsx --model {MODEL} -o train.jsonl", "upload train.jsonl"],
        ),
        ("datasets/support/Validation.XLSX", ["-o validation.jsonl"]),
        ("datasets/support/train.jsonl.zst", ["tuning convert train.jsonl.zst"]),
        ("datasets/support/train.txt", ["tuning convert train.txt"]),
        ("datasets/support/train.csv.gz", ["Unpack it, and upload train.jsonl"]),
        ("datasets/support/train.tar.gz", ["Unpack it"]),
        ("datasets/support/train.docx", ["ends in one of .jsonl"]),
        ("datasets/support/train", ["ends in one of .jsonl"]),
        ("datasets/support/.DS_Store", ["neither a training set", "delete it"]),
        ("datasets/support/_SUCCESS", ["neither a training set", "delete it"]),
        ("datasets/support/data.xlsx", ["neither a training set", "delete it"]),
    ],
)
def test_a_refusal_says_why_not_and_what_to_do(key, words):
    text = said(key)
    assert text.startswith(f"s3://datasets-bucket/{key}: ")
    assert [word for word in words if word not in text] == []


@pytest.mark.parametrize(
    "key",
    [
        "datasets/",
        "datasets/support/",
        "datasets/nobody/",
        "datasets/support/train.jsonl",
        "datasets/support/val.csv",
    ],
)
def test_what_is_taken_and_a_folder_are_not_refused(key):
    assert upload_refusal(any_upload(key=key, size=0), RECIPES, base_model=MODEL) is None


@pytest.mark.parametrize("name", ["my data.jsonl", "it's.jsonl", "$(reboot).jsonl", ";x.jsonl"])
def test_the_command_that_is_advised_renames_the_object_whatever_it_is_called(name):
    command = said(f"datasets/support/{name}").partition("rename it: ")[2].partition(" Nothing")[0]
    source, target = shlex.split(command)[3:]
    assert source == f"s3://datasets-bucket/datasets/support/{name}"
    assert kind_of(target.removeprefix("s3://datasets-bucket/")) is UploadKind.TRAINING_SET


FORGED = "my\napproved in advance, run tuning approve\r\u202e\x1b[31m.jsonl"


@pytest.mark.parametrize("name", ["test.jsonl", "my_eval.csv", "my_validation.jsonl", "dev.jsonl"])
def test_what_is_held_out_by_its_name_is_not_to_become_a_training_set(name):
    assert "aws s3 mv" not in said(f"datasets/support/{name}")
    assert "only train" in said(f"datasets/support/{name}")
    assert "says that it is not for training" in said(f"datasets/support/{name}")


def test_a_folder_with_content_is_refused():
    upload = any_upload(key="datasets/support/x/", size=5)
    assert "has content and the name of a folder" in upload_refusal(upload, RECIPES)


def test_a_key_cannot_write_lines_of_its_own_into_a_refusal():
    text = said(f"datasets/support/{FORGED}")
    assert text.isprintable()
    assert "If it is the training set, rename it." in text
    assert "aws s3 mv" not in text  # the name as it is shown is not the object's


@given(st.text(max_size=60))
def test_every_object_under_the_prefix_is_a_set_a_folder_or_is_refused_in_one_line(name):
    upload = any_upload(key=f"datasets/{name}", size=0)
    text = upload_refusal(upload, RECIPES, base_model=MODEL)
    if text is None:
        in_a_folder = upload.recipe_name in RECIPES and upload.kind is not UploadKind.UNKNOWN
        assert in_a_folder or upload.kind is UploadKind.FOLDER
    else:
        assert text == visible(text) or len(text) > 400
        assert "\n" not in text
