"""Exactly the version that was uploaded is checked, and exactly what was checked is trained."""

import gzip
import hashlib
import io
import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from dataset_lines import BROKEN, CANARY, OTHER, SOUND
from domain_builders import ARTIFACTS, DATASETS, PREPARED, any_recipe, any_run, any_upload
from fake_aws import LAID_AT
from urllib3.exceptions import ProtocolError

from lambdas import prepare_dataset
from tuning.aws import dataset_files, s3_objects
from tuning.aws.transient import Transient
from tuning.runs.recipes import ConversionOptions
from tuning.runs.uploads import TRAINING, VALIDATION

KEY = "datasets/support/train.jsonl"
BESIDE = "datasets/support/validation.jsonl"
RUN = any_run()
WAITING = {"verdict": "waiting", "summary": "", "records": 0, "training_tokens": 0}


@pytest.fixture(autouse=True)
def _an_upload(aws):
    """A sound one, where a test lays no other."""
    aws.s3.lay(DATASETS, KEY, SOUND)


def prepare(context, run=RUN):
    return prepare_dataset.handler({"run": run.to_dict()}, context)


def report(aws, run=RUN):
    [content] = aws.s3.versions[ARTIFACTS, f"runs/{run.id}/report.json"].values()
    return json.loads(content)


def copies(aws):
    return {
        key: list(versions.values())
        for (bucket, key), versions in aws.s3.versions.items()
        if bucket == PREPARED
    }


def test_an_accepted_upload_is_copied_under_its_own_digest(aws, context):
    answer = prepare(context)
    key = f"prepared/{hashlib.sha256(SOUND).hexdigest()}/train.jsonl"
    assert copies(aws) == {key: [SOUND]}
    assert (answer["training_uri"], answer.get("validation_uri")) == (
        f"s3://{PREPARED}/{key}",
        None,
    )
    assert answer["report_uri"] == f"s3://{ARTIFACTS}/runs/{RUN.id}/report.html"
    assert report(aws)["verdict"] == "accepted"
    assert aws.dynamodb.record(RUN.id).state == "checked"


def test_the_uploaded_version_is_read_though_a_newer_one_lies_over_it(aws, context):
    aws.s3.lay(DATASETS, KEY, SOUND, "v1")
    aws.s3.lay(DATASETS, KEY, BROKEN, "v2")
    assert prepare(context)["verdict"] == "accepted"


def test_a_second_try_finds_its_copy_and_answers_the_same(aws, context):
    assert prepare(context) == prepare(context)
    assert [len(versions) for versions in copies(aws).values()] == [1]


def test_a_validation_set_beside_is_taken_along(aws, context):
    aws.s3.lay(DATASETS, BESIDE, OTHER)
    aws.s3.lay(DATASETS, f"{BESIDE}.bak", BROKEN)
    answer = prepare(context)
    assert answer["records"] == 20
    assert answer["validation_uri"].endswith(
        f"{hashlib.sha256(OTHER).hexdigest()}/validation.jsonl"
    )


def test_a_refused_upload_leaves_a_report_and_no_copy(aws, context):
    aws.s3.lay(DATASETS, KEY, BROKEN)
    answer = prepare(context)
    assert (answer["verdict"], answer.get("training_uri")) == ("refused", None)
    assert copies(aws) == {}
    assert report(aws)["findings"][0]["line"] == 10


@pytest.mark.parametrize("lie", [None, "v2"], ids=["deleted key", "deleted version"])
def test_a_deleted_upload_is_refused(aws, context, lie):
    aws.s3.versions.clear()
    if lie:
        aws.s3.lay(DATASETS, KEY, SOUND, lie)
    assert prepare(context)["verdict"] == "refused"
    assert list(report(aws)["counts"]) == ["DS902"]


def test_an_upload_that_is_deleted_while_it_is_read_is_refused(aws, context, monkeypatch):
    monkeypatch.setattr(s3_objects, "PART_BYTES", len(SOUND) // 9)
    monkeypatch.setattr(s3_objects, "_CHUNK", 1)
    answered = aws.s3.get_object

    def once(**where):
        found = answered(**where)
        aws.s3.versions.pop((DATASETS, KEY), None)
        return found

    monkeypatch.setattr(aws.s3, "get_object", once)
    run = any_run(upload=any_upload(size=len(SOUND)))
    assert prepare(context, run)["verdict"] == "refused"
    assert list(report(aws, run)["counts"]) == ["DS902"]
    assert copies(aws) == {}


def test_an_upload_of_many_ranges_is_copied_whole(aws, context, monkeypatch):
    monkeypatch.setattr(s3_objects, "PART_BYTES", len(SOUND) // 9)
    prepare(context, any_run(upload=any_upload(size=len(SOUND))))
    assert list(copies(aws).values()) == [[SOUND]]
    assert len(aws.s3.reads) > 9


def test_an_upload_that_is_too_large_is_not_read(aws, context):
    run = any_run(upload=any_upload(size=5_000_001))
    prepare(context, run)
    assert list(report(aws, run)["counts"]) == ["DS901"]
    assert aws.s3.reads == []


def test_a_validation_set_that_is_too_large_is_not_read_either(aws, context, monkeypatch):
    monkeypatch.setenv("MAX_DATASET_MB", "1")
    aws.s3.lay(DATASETS, BESIDE, b" " * 1_000_001)
    prepare(context)
    [finding] = report(aws)["findings"]
    assert (finding["rule"], finding["file"]) == ("DS901", "validation.jsonl")
    assert aws.s3.reads == [BESIDE]  # its version and size were asked for


@pytest.mark.parametrize("name", ["validation.csv", "validation.tsv", "validation.jsonl.gz"])
def test_a_validation_set_of_any_suffix_is_taken_along_under_its_own_name(aws, context, name):
    run = any_run(recipe=any_recipe(convert=ConversionOptions()))
    mark = "\t" if name.endswith(".tsv") else ","
    rows = [f"prompt{mark}completion", *(f"Question {n}?{mark}Answer {n}." for n in range(4))]
    table = "\n".join(rows).encode()
    aws.s3.lay(
        DATASETS, BESIDE.replace(VALIDATION, name), gzip.compress(OTHER) if ".gz" in name else table
    )
    answer = prepare(context, run)
    assert answer["verdict"] == "accepted"
    assert answer["validation_uri"].endswith("/validation.jsonl")
    assert sorted(key.rsplit("/", 1)[-1] for key in copies(aws)) == [TRAINING, VALIDATION]


def test_several_validation_sets_are_refused_unread(aws, context):
    for name in ("validation.jsonl", "validation.csv", "validation.csv.bak"):
        aws.s3.lay(DATASETS, BESIDE.replace(VALIDATION, name), OTHER)
    prepare(context)
    [finding] = report(aws)["findings"]
    assert finding["rule"] == "DS905"
    assert "2 validation sets: validation.jsonl, validation.csv." in finding["message"]
    assert aws.s3.reads == []


def test_a_second_training_set_is_refused_unread_and_the_first_is_not(aws, context):
    csv = KEY.replace("train.jsonl", "train.csv")
    aws.s3.lay(DATASETS, csv, b"prompt,completion\nWhy?,So.\n")
    aws.s3.lay(DATASETS, KEY.replace("train.jsonl", "older/train.csv"), b"of another folder")
    aws.s3.modified_at[DATASETS, csv] = LAID_AT + timedelta(seconds=9)
    late = any_run(upload=any_upload(key=csv, arrived_at="2026-11-23T07:00:10Z"))
    assert prepare(context, late)["summary"].endswith("Several training sets (DS909).")
    assert aws.s3.reads == []
    assert prepare(context)["verdict"] == "accepted"


def test_a_check_that_would_be_cut_off_is_refused_by_rule(aws, context):
    """While it reads, and while it writes: a small file can unpack to a large one."""
    late = SimpleNamespace(**{**vars(context), "get_remaining_time_in_millis": lambda: 44_000})
    assert prepare(late)["summary"].endswith("Takes too long to check (DS910).")
    assert copies(aws) == {}
    left = iter([50_000, 50_000, *[44_000] * 9])  # the first two pieces are read in time
    slow = SimpleNamespace(**{**vars(context), "get_remaining_time_in_millis": lambda: next(left)})
    assert prepare(slow)["summary"].endswith("Takes too long to check (DS910).")
    assert prepare(context)["verdict"] == "accepted"


def test_a_check_has_the_functions_time_but_for_what_is_left_to_do(context, monkeypatch):
    given, really = [], dataset_files.prepared

    def prepared(*facts, remaining):
        given.append(remaining())
        return really(*facts, remaining=remaining)

    monkeypatch.setattr(dataset_files, "prepared", prepared)
    long = SimpleNamespace(**{**vars(context), "get_remaining_time_in_millis": lambda: 900_000})
    prepare(long)
    assert given == [900 - 45]


@pytest.mark.parametrize("name", ["Validation.JSONL", "val.jsonl", "valid.ndjson"])
def test_a_validation_set_is_found_by_the_other_names_that_people_give_it(aws, context, name):
    aws.s3.lay(DATASETS, BESIDE.replace(VALIDATION, name), OTHER)
    assert prepare(context)["validation_uri"].endswith("/validation.jsonl")


def test_a_table_is_trained_as_what_it_was_converted_to(aws, context):
    key = KEY.replace("train.jsonl", "train.csv")
    run = any_run(upload=any_upload(key=key), recipe=any_recipe(convert=ConversionOptions()))
    rows = "".join(f"Question {n}?,Answer {n}.\n" for n in range(10))
    aws.s3.versions.clear()
    aws.s3.lay(DATASETS, key, f"prompt,completion\n{rows}".encode())
    answer = prepare(context, run)
    [(place, [copy])] = copies(aws).items()
    assert place == f"prepared/{hashlib.sha256(copy).hexdigest()}/train.jsonl"
    assert answer["training_uri"] == f"s3://{PREPARED}/{place}"
    assert len(copy.splitlines()) == answer["records"] == 10
    assert report(aws, run)["statistics"]["converted"]["train.csv"]["container"] == "csv"


def test_an_archive_that_unpacks_to_more_than_the_limit_is_refused(aws, context, monkeypatch):
    monkeypatch.setenv("MAX_DATASET_MB", "1")
    aws.s3.versions.clear()
    key = f"{KEY}.gz"
    run = any_run(upload=any_upload(key=key))
    aws.s3.lay(DATASETS, key, gzip.compress(b" " * 1_000_001))
    prepare(context, run)
    assert report(aws, run)["counts"] == {"DS901": 1}
    assert copies(aws) == {}


def test_a_recipe_may_require_a_validation_set(aws, context):
    run = any_run(recipe=any_recipe(validation="required"))
    prepare(context, run)
    assert list(report(aws, run)["counts"]) == ["DS903"]


class Broken(io.BytesIO):
    """A connection that is lost in the middle of a body, as urllib3 reports it."""

    def read(self, *_args):
        raise ProtocolError("Connection broken")


class Short(io.BytesIO):
    """A body that ends early, without a word."""

    def __init__(self, content):
        super().__init__(content[:1000])


@pytest.mark.parametrize("stream", [Broken, Short])
def test_a_body_that_breaks_off_is_read_again_and_never_trained(aws, context, stream):
    aws.s3.stream = stream
    with pytest.raises(Transient):
        prepare(context)
    assert copies(aws) == {}


@pytest.mark.parametrize("content", [SOUND, BROKEN, b"\xff" + SOUND])
def test_no_log_metric_ledger_or_answer_holds_the_data(aws, context, written, content):
    aws.s3.lay(DATASETS, KEY, content)
    answer = prepare(context)
    assert CANARY not in written() + json.dumps(answer) + json.dumps(aws.dynamodb.items)
    assert written()


PATIENT = any_run(recipe=any_recipe(wait_for_validation_minutes=30))
ARRIVED = datetime(2026, 11, 23, 7, tzinfo=UTC)


def at(monkeypatch, minutes):
    moment = ARRIVED + timedelta(minutes=minutes)
    monkeypatch.setattr(prepare_dataset, "datetime", SimpleNamespace(now=moment.astimezone))


def try_to_prepare(context, run=PATIENT, *, waited=False):
    return prepare_dataset.handler({"run": run.to_dict(), "waited": waited}, context)


def test_a_training_set_waits_for_its_validation_set_unread_and_then_takes_it(
    aws, context, monkeypatch
):
    at(monkeypatch, 10)
    assert try_to_prepare(context) == {**WAITING, "wait_seconds": 20 * 60}
    assert aws.s3.reads == []
    assert aws.dynamodb.record(PATIENT.id).waits_until == "2026-11-23T07:30:00+00:00"
    aws.s3.lay(DATASETS, BESIDE, OTHER)
    at(monkeypatch, 30)
    answer = try_to_prepare(context, waited=True)
    assert answer["validation_uri"].endswith("/validation.jsonl")
    assert aws.dynamodb.record(PATIENT.id).state == "checked"


@pytest.mark.parametrize(
    ("minutes", "beside"),
    [pytest.param(10, True, id="it is there"), pytest.param(31, False, id="the time is over")],
)
def test_nobody_waits_for_what_is_there_or_too_late(aws, context, monkeypatch, minutes, beside):
    if beside:
        aws.s3.lay(DATASETS, BESIDE, OTHER)
    at(monkeypatch, minutes)
    assert try_to_prepare(context)["verdict"] == "accepted"


def test_without_one_after_all_the_run_goes_on_and_its_report_says_so(aws, context, monkeypatch):
    at(monkeypatch, 10)
    assert try_to_prepare(context, waited=True)["verdict"] == "accepted"  # whatever the clocks say
    [page] = aws.s3.versions[ARTIFACTS, f"runs/{PATIENT.id}/report.html"].values()
    assert b"none came within 30 minutes of the upload: the run has none" in page


def test_a_machine_of_a_former_version_never_waits(context, monkeypatch):
    at(monkeypatch, 10)
    assert prepare(context, PATIENT)["verdict"] == "accepted"
