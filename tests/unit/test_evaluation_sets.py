"""An evaluation set is read beside a training set, or for all of its recipe, and never trained on."""

import hashlib

import pytest
from dataset_lines import SOUND
from domain_builders import DATASETS, PREPARED, any_run, any_upload
from test_handler_prepare_dataset import KEY, copies, prepare, report

from tuning.aws import dataset_files

HELD = SOUND.replace(b"Where is order", b"When does this come: order")
OWN = KEY.replace("support/", "support/first/")


@pytest.mark.parametrize("folder", ["datasets/support/first/", "datasets/support/"])
def test_an_evaluation_set_of_the_folder_or_of_the_recipe_is_taken_along_by_version(
    aws, context, folder
):
    aws.s3.lay(DATASETS, OWN, SOUND)
    aws.s3.lay(DATASETS, f"{folder}evaluation.jsonl", HELD, "v7")
    answer = prepare(context, any_run(upload=any_upload(key=OWN)))
    assert answer["verdict"] == "accepted"
    digest = hashlib.sha256(HELD).hexdigest()
    assert answer["evaluation_uri"] == f"s3://{PREPARED}/prepared/{digest}/evaluation.jsonl"
    assert (answer["evaluation_version"], answer["records"]) == ("v7", 10)
    assert copies(aws)[f"prepared/{digest}/evaluation.jsonl"] == [HELD]


def test_an_evaluation_set_of_the_folder_goes_before_that_of_the_recipe(aws, context):
    aws.s3.lay(DATASETS, OWN, SOUND)
    aws.s3.lay(DATASETS, "datasets/support/evaluation.jsonl", SOUND, "v8")
    aws.s3.lay(DATASETS, "datasets/support/first/evaluation.jsonl", HELD, "v7")
    answer = prepare(context, any_run(upload=any_upload(key=OWN)))
    assert (answer["verdict"], answer["evaluation_version"]) == ("accepted", "v7")


def test_an_evaluation_set_that_leaks_refuses_the_upload_and_leaves_no_copy(aws, context):
    aws.s3.lay(DATASETS, KEY, SOUND)
    aws.s3.lay(DATASETS, KEY.replace("train", "evaluation"), SOUND, "v7")
    answer = prepare(context)
    assert (answer["verdict"], answer.get("evaluation_uri")) == ("refused", None)
    assert report(aws)["counts"]["DS706"] == 10
    assert copies(aws) == {}


def test_two_evaluation_sets_in_a_folder_are_refused(aws, context):
    aws.s3.lay(DATASETS, KEY, SOUND)
    for suffix in ("csv", "jsonl"):
        aws.s3.lay(DATASETS, f"datasets/support/evaluation.{suffix}", HELD)
    prepare(context)
    [finding] = report(aws)["findings"]
    assert (finding["rule"], finding["file"]) == ("DS905", "evaluation.csv")


@pytest.mark.parametrize(
    ("name", "refused"), [("evaluation.jsonl", {"DS901": 1}), ("validation.jsonl", {})]
)
def test_only_an_evaluation_set_has_a_limit_of_its_own_before_it_is_read(
    aws, context, monkeypatch, name, refused
):
    monkeypatch.setattr(dataset_files, "MAX_EVALUATION_MB", 0)
    aws.s3.lay(DATASETS, KEY, SOUND)
    aws.s3.lay(DATASETS, KEY.replace("train.jsonl", name), HELD)
    prepare(context)
    found = report(aws)["counts"]
    assert {rule: count for rule, count in found.items() if rule == "DS901"} == refused
    assert (KEY in aws.s3.reads) is not bool(refused)
