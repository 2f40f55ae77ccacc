"""Events announce uploads, or are refused by the name of the field that is wrong."""

import copy
import json

import pytest
from domain_builders import DATASETS, any_event, any_upload
from hypothesis import given, settings
from hypothesis import strategies as st

from tuning.runs.uploads import (
    EVALUATION_LETTERS,
    SET_LETTERS,
    SET_NAMES,
    SUFFIXES,
    VALIDATION_LETTERS,
    NotAnUploadError,
    Upload,
    UploadKind,
    kind_of,
)

# Few letters, many shapes: the fields' own names among the keys find their way further in.
words = st.sampled_from(["", "a", "datasets/a/train.jsonl", DATASETS, "\ud800", "\n"])
names = st.sampled_from(["detail", "object", "bucket", "name", "key", "version-id", "size", "time"])
junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=6),
    max_leaves=12,
)


def test_an_object_created_event_becomes_an_upload():
    assert Upload.from_event(any_event(), bucket=DATASETS) == any_upload(
        version_id="IYV3p45BT0ac8hjHg1houSdS1a.Mro8e"
    )


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("datasets/support/a b/train.jsonl", id="space"),
        pytest.param("datasets/support/a+b%20c/train.jsonl", id="looks URL-encoded"),
        pytest.param("datasets/support/%2525/train.jsonl", id="looks twice encoded"),
        pytest.param("datasets/support/caf\u00e9/train.jsonl", id="NFC"),
        pytest.param("datasets/support/cafe\u0301/train.jsonl", id="NFD"),
        pytest.param("datasets/support/\U0001f600/train.jsonl", id="emoji"),
        pytest.param("datasets/support/../train.jsonl", id="dots"),
        pytest.param("datasets/support/a\nb/train.jsonl", id="newline"),
        pytest.param("datasets/support/\u202egnirts/train.jsonl", id="right to left"),
        pytest.param("datasets/support//train.jsonl", id="empty folder"),
        pytest.param("datasets/support/" + "x" * 995 + "/train.jsonl", id="1024 bytes"),
    ],
)
def test_a_key_is_taken_letter_by_letter(key):
    upload = Upload.from_event(json.loads(json.dumps(any_event(key=key))), bucket=DATASETS)
    assert upload.key == key
    assert upload.recipe_name == "support"
    assert upload.folder == key.removesuffix("train.jsonl")
    assert upload.uri == f"s3://{DATASETS}/{key}"


def test_only_the_last_folder_of_a_key_is_the_file():
    upload = any_upload(key="datasets/support/train.jsonl/train.jsonl")
    assert upload.folder == "datasets/support/train.jsonl/"


ENDED = [
    *((suffix, True) for suffix in (".jsonl", ".jsonl.gz", ".json", ".csv", ".tsv", ".parquet")),
    *((suffix, True) for suffix in (".JSONL", ".Jsonl.GZ", ".CSV", ".ndjson")),
    *((suffix, False) for suffix in ("", ".", ".txt", ".md", ".gz", ".csv.gz", ".xlsx", ".jsonl.")),
    *(
        (suffix, False)
        for suffix in (".jsonl.bak", ".j\u017fonl", "..jsonl", " .jsonl", "-2.jsonl")
    ),
]


@pytest.mark.parametrize(("suffix", "known"), ENDED)
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        *((name, UploadKind.TRAINING_SET) for name in ("train", "Train", "TRAIN", "training")),
        *(
            (name, UploadKind.VALIDATION_SET)
            for name in ("validation", "Validation", "valid", "val")
        ),
        *((name, UploadKind.EVALUATION_SET) for name in ("evaluation", "Evaluation", "eval")),
    ],
)
def test_a_set_is_known_by_its_name_and_suffix(suffix, known, name, kind):
    upload = Upload.from_event(any_event(key=f"datasets/support/{name}{suffix}"), bucket=DATASETS)
    assert upload.kind is (kind if known else UploadKind.UNKNOWN)


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("datasets/support/train.jsonl/train.csv", UploadKind.TRAINING_SET),
        ("datasets/support//train.jsonl", UploadKind.TRAINING_SET),
        ("datasets/no-such-recipe/train.jsonl", UploadKind.TRAINING_SET),
        ("datasets/support/train.csv/readme.md", UploadKind.UNKNOWN),
        ("datasets/support/train_data.jsonl", UploadKind.UNKNOWN),
        ("datasets/support/my_data.jsonl", UploadKind.UNKNOWN),
        ("datasets/support/xtrain.jsonl", UploadKind.UNKNOWN),
        ("datasets/support/train.jsonl.tmp", UploadKind.UNKNOWN),
        ("datasets/train.jsonl", UploadKind.UNKNOWN),
        ("datasets/validation.jsonl", UploadKind.UNKNOWN),
        ("datasets//train.jsonl", UploadKind.UNKNOWN),
        ("datasets/", UploadKind.FOLDER),
        ("datasets/support/", UploadKind.FOLDER),
        ("datasets/support/train.jsonl/", UploadKind.FOLDER),
        ("train.jsonl", UploadKind.UNKNOWN),
        ("jobs/x/train.jsonl", UploadKind.UNKNOWN),
        ("jobs/x/", UploadKind.UNKNOWN),
        ("", UploadKind.UNKNOWN),
    ],
)
def test_every_key_is_of_one_kind(key, kind):
    assert kind_of(key) is kind


@given(st.text())
def test_no_name_but_ours_is_a_set(name):
    """Whatever else lies there starts nothing."""
    stems = ("train", "training", "validation", "valid", "val")
    sets = {f"{base}{suffix}" for base in stems for suffix in SUFFIXES}
    known = kind_of(f"datasets/support/{name}") in (
        UploadKind.TRAINING_SET,
        UploadKind.VALIDATION_SET,
    )
    last = name.rpartition("/")[2]
    assert known is (last.isascii() and last.lower() in sets)


@pytest.mark.parametrize(
    ("letters", "sets"),
    [
        (SET_LETTERS, ["train", "validation", "evaluation"]),
        (VALIDATION_LETTERS, ["validation"]),
        (EVALUATION_LETTERS, ["evaluation"]),
    ],
)
def test_every_set_is_found_by_the_first_letter_of_its_name(letters, sets):
    """What begins with another letter is not listed, and never seen."""
    stems = {case(name) for each in sets for name in SET_NAMES[each] for case in (str, str.upper)}
    assert {stem[0] for stem in stems} == set(letters)


FIELDS = [
    ("detail",),
    ("time",),
    ("detail", "bucket"),
    ("detail", "bucket", "name"),
    ("detail", "object"),
    ("detail", "object", "key"),
    ("detail", "object", "version-id"),
    ("detail", "object", "size"),
]


@pytest.mark.parametrize("path", FIELDS, ids="/".join)
@pytest.mark.parametrize(
    ("wrong", "words"),
    [(None, "is missing"), ("", "is missing"), ([], "is list"), (True, "is bool")],
    ids=["missing", "empty", "list", "bool"],
)
def test_a_wrong_field_is_named_and_how_it_is_wrong(path, wrong, words):
    event = copy.deepcopy(any_event())
    record = event
    for name in path[:-1]:
        record = record[name]
    record[path[-1]] = wrong
    with pytest.raises(NotAnUploadError, match=f"event field '{path[-1]}' {words}; "):
        Upload.from_event(event, bucket=DATASETS)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        pytest.param({"Service": "Amazon S3", "Event": "s3:TestEvent"}, "'detail'", id="test"),
        pytest.param({"Type": "Notification", "Message": "{}"}, "'detail'", id="SNS-wrapped"),
        pytest.param({"Records": [{"s3": {}}]}, "'detail'", id="S3's own notification"),
        pytest.param([], "'detail'", id="list"),
        pytest.param({"junk": "x" * 262_144}, "'detail'", id="256 KB of junk"),
        pytest.param(any_event(bucket="other"), "bucket: 'other'", id="foreign bucket"),
        pytest.param(any_event(key="jobs/x/train.jsonl"), "key: 'jobs", id="one of our outputs"),
        pytest.param(any_event(key="x/datasets/a/train.jsonl"), "key: ", id="deeper"),
        pytest.param(any_event(key="datasets"), "key: ", id="no folder"),
    ],
)
def test_what_is_no_dataset_upload_is_refused(event, expected):
    with pytest.raises(NotAnUploadError) as refused:
        Upload.from_event(event, bucket=DATASETS)
    assert expected in str(refused.value)
    assert len(str(refused.value)) < 200


@pytest.mark.parametrize("name", ["version-id", "key"])
def test_an_empty_field_is_no_field(name):
    event = any_event()
    event["detail"]["object"][name] = ""
    with pytest.raises(NotAnUploadError):
        Upload.from_event(event, bucket=DATASETS)


@pytest.mark.parametrize("time", ["", "yesterday", "2026-13-01T00:00:00Z"])
def test_a_time_that_is_none_is_refused(time):
    """The ledger's index by month is cut from it, and DynamoDB refuses an empty key."""
    with pytest.raises(NotAnUploadError, match="event field 'time'"):
        Upload.from_event(any_event() | {"time": time}, bucket=DATASETS)


@given(junk)
@settings(max_examples=25)
def test_no_event_raises_anything_else(event):
    try:
        upload = Upload.from_event(event, bucket=DATASETS)
    except NotAnUploadError:
        return
    assert upload.key == "datasets/a/train.jsonl"


def test_an_upload_goes_through_json_and_comes_back_the_same():
    upload = any_upload(key="datasets/support/\u00e9 +%/train.jsonl")
    assert Upload(**json.loads(json.dumps(upload.to_dict()))) == upload
