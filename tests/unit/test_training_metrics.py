"""The metrics files of a job, as AWS documents them and as they may be broken.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-customization-analyze.html
"""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuning.runs.metrics_files import KEPT_POINTS, curve, rejected_records, summarize
from tuning.runs.training_metrics import Curve

STEPS = """\
step_number,epoch_number,training_loss,perplexity
0,0,2.5,12.18
1,0,1.25,3.49
2,1,1.5,4.48
"""
VALIDATIONS = "step_number,epoch_number,validation_loss,perplexity\n2,1,1.75,5.75\n"
MANIFEST = (
    "fileName,totalProcessedRecordCount,acceptedRecordCount,partiallyAcceptedRecordCount,"
    "rejectedRecordCount\ntrain.jsonl,189,186,0,3\nvalidation.jsonl,21,20,0,1\n"
)
JOB = "jobs/1/model-customization-job-abcdefghijkl/"
FILES = {
    f"{JOB}training_artifacts/step_wise_training_metrics.csv": STEPS,
    f"{JOB}validation_artifacts/post_fine_tuning_validation/validation/validation_metrics.csv": (
        VALIDATIONS
    ),
    f"{JOB}input_status/x/manifest.report.csv": MANIFEST,
}


def test_a_jobs_files_become_curves_and_a_sentence():
    results = summarize(FILES)
    assert results.training == Curve(
        steps=3, first=2.5, last=1.5, lowest=1.25, points=((0, 2.5), (1, 1.25), (2, 1.5))
    )
    assert results.validation == Curve(
        steps=1, first=1.75, last=1.75, lowest=1.75, points=((2, 1.75),)
    )
    assert results.rejected_records == 4
    assert results.sentence == "training loss 2.5 to 1.5, validation loss 1.75 after 3 steps."


def test_the_documented_folder_without_the_inner_one_is_found_too():
    text = {"jobs/1/x/validation_artifacts/post_fine_tuning_validation/validation_metrics.csv": ""}
    found = summarize({**text, "jobs/1/x/step_wise_training_metrics.csv": STEPS})
    assert found.validation is None
    assert found.sentence == "training loss 2.5 to 1.5 after 3 steps."


def test_nothing_left_behind_is_said():
    results = summarize({})
    assert (results.training, results.validation, results.rejected_records) == (None, None, None)
    assert results.sentence == "Bedrock left no training metrics."


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("step_number,epoch_number,training_loss,perplexity\n", id="header only"),
        pytest.param("step_number,loss\n0,1\n", id="other columns"),
        pytest.param("training_loss\n\n\nx\n-\n", id="no number"),
        pytest.param("training_loss\nnan\ninf\n-inf\n", id="no finite number"),
        pytest.param('training_loss\n"\n', id="open quote"),
        pytest.param("\x00\x01", id="junk"),
    ],
)
def test_a_file_without_a_number_is_no_curve(text):
    assert curve(text, "training_loss") is None


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("step_number,training_loss\n0,2\n1,\n2,nan\n3\n4,1,9,9\n", ((0, 2), (4, 1))),
        ("\ufefftraining_loss,x\r\n2,0\r\n1,0\r\n", ((0, 2), (1, 1))),
    ],
    ids=["rows without a number", "windows line ends and a byte order mark"],
)
def test_what_a_file_has_beside_its_numbers_is_passed_over(text, points):
    found = Curve(steps=2, first=2.0, last=1.0, lowest=1.0, points=points)
    assert curve(text, "training_loss") == found


def test_a_long_curve_is_kept_in_few_points_with_its_spike_and_its_last_step():
    losses = [9.0 if step == 7_777 else 3 - step / 10_000 for step in range(10_000)]
    rows = "\n".join(f"{step},{loss}" for step, loss in enumerate(losses))
    found = curve(f"step_number,training_loss\n{rows}\n", "training_loss")
    assert len(found.points) <= KEPT_POINTS
    assert (7_777, 9.0) in found.points
    assert (found.points[0], found.points[-1]) == ((0, 3.0), (9_999, 2.0001))
    assert sorted(found.points) == list(found.points)


def test_steps_that_begin_again_with_each_epoch_are_counted_on():
    text = "step_number,training_loss\n0,4\n1,3\n0,2\n1,1\n"
    assert curve(text, "training_loss").points == ((0, 4), (1, 3), (2, 2), (3, 1))


@pytest.mark.parametrize(
    ("manifest", "rejected"),
    [("", 0), ("rejectedRecordCount\n", 0), ("rejectedRecordCount\nx\n2\n", 2), ("other\n7\n", 0)],
)
def test_rejections_are_added_up_where_they_are_numbers(manifest, rejected):
    assert rejected_records(manifest) == rejected


@given(st.text("training_loss,0e-.\n\r\"'nainf\x00", max_size=80))
@settings(max_examples=20)
def test_no_file_can_break_the_end_of_a_run(text):
    keys = [f"a/{name}" for name in ("step_wise_training_metrics.csv", "manifest.report.csv")]
    results = summarize(dict.fromkeys(keys, text))
    json.dumps(results.to_json(), allow_nan=False)
