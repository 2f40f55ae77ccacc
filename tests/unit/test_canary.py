"""The canary's dataset is the smallest that is accepted; its verdict names the setting that helps."""

from decimal import Decimal
from pathlib import Path

import pytest
from domain_builders import any_recipe, any_record

from tuning.datasets.files import check_files
from tuning.datasets.tally import Policy
from tuning.errors import OptionError
from tuning.models.catalog import catalog
from tuning.models.estimate import PriceRange
from tuning.preflight.canary import canary_verdict, not_received, smallest, stages
from tuning.runs.failures import FAILURE_KINDS, classify
from tuning.runs.outcome import Outcome
from tuning.runs.prepared_dataset import PreparedDataset
from tuning.runs.recipe_files import check_recipe, load
from tuning.runs.recipes import FINE_TUNING
from tuning.runs.run_states import Partition

RECIPE = Path(__file__).parents[2] / "recipes/canary.toml"
TRAINABLE = [
    model.id
    for model in catalog().models.values()
    if model.status == "ACTIVE" and FINE_TUNING in model.methods
]
OF_TEXT = ("converse", "prompt_completion")
PREPARED = PreparedDataset(verdict="accepted", records=8, training_tokens=160)
PRICE = PriceRange(training_usd=Decimal("0.01"))
JOB, MODEL = "arn:aws:bedrock:job", "arn:aws:bedrock:model"


def method(model):
    return catalog().model(model).methods[FINE_TUNING]


@pytest.mark.parametrize("model", [m for m in TRAINABLE if method(m).format in OF_TEXT])
def test_the_smallest_dataset_of_each_text_model_is_accepted_without_a_warning(model, tmp_path):
    made = smallest(any_recipe(base_model=model, validation="required"))
    assert made.records == method(model).min_records
    training, validation = tmp_path / "train.jsonl", tmp_path / "validation.jsonl"
    training.write_bytes(made.training)
    validation.write_bytes(made.validation)
    for held_out in (None, validation):
        report = check_files(training, held_out, method=method(model), policy=Policy(listed=20))
        assert report.verdict == "accepted", report.findings
        # That whether Nova 2 Lite takes a validation set is contested, is true of every one.
        assert {finding.rule for finding in report.findings} <= ({"DS612"} if held_out else set())
    fewer = b"".join(made.training.splitlines(keepends=True)[1:])
    training.write_bytes(fewer)
    report = check_files(training, None, method=method(model), policy=Policy(listed=20))
    assert report.verdict == "refused", "with one record less it is too small"


@pytest.mark.parametrize("model", [m for m in TRAINABLE if method(m).format not in OF_TEXT])
def test_a_model_of_pictures_has_no_canary(model):
    with pytest.raises(OptionError, match="there is no canary"):
        smallest(any_recipe(base_model=model))


def test_the_recipe_that_ships_trains_one_epoch():
    recipe = load(RECIPE)
    check_recipe(recipe, region="us-east-1", catalog=catalog(), file=str(RECIPE))
    assert smallest(recipe).epochs == 1


def test_a_run_that_trained_has_passed_every_stage():
    record = any_record(
        state="trained",
        dataset=PREPARED,
        estimate=PRICE,
        job_arn=JOB,
        model_arn=MODEL,
        outcome=Outcome(state="trained"),
    )
    assert {stage.reached for stage in stages(record)} == {"ok"}
    assert canary_verdict(record).works


def test_a_model_of_which_nobody_was_notified_is_not_the_whole_way():
    record = any_record(
        state="trained",
        dataset=PREPARED,
        job_arn=JOB,
        model_arn=MODEL,
        open=Partition.UNNOTIFIED,
    )
    assert stages(record)[-1].reached == "failed"
    found = canary_verdict(record)
    assert not found.works
    assert "notified" in found.why


@pytest.mark.parametrize(
    ("known", "failed"),
    [
        ({}, "Dataset accepted"),
        ({"dataset": PREPARED}, "Spend authorized"),
        ({"dataset": PREPARED, "job_arn": JOB}, "Model trained"),
    ],
)
def test_the_first_stage_that_was_not_passed_has_failed(known, failed):
    way = stages(any_record(state="failed", **known))
    assert [stage.name for stage in way if stage.reached == "failed"] == [failed]
    at = [stage.name for stage in way].index(failed)
    assert {stage.reached for stage in way[:at]} == {"ok"}
    assert {stage.reached for stage in way[at + 1 :]} <= {"not reached"}


def ended(kind, summary="It failed."):
    return any_record(state="failed", outcome=Outcome(state="failed", kind=kind, summary=summary))


@pytest.mark.parametrize(
    ("words", "switch"),
    [
        (
            "The communication between worker nodes and leader node is broken",
            "job_nodes_talk=True",
        ),
        (
            "Could not validate GetObject permissions to access Amazon S3 bucket: b at key k",
            "perimeter=Perimeter(job_outside=True)",
        ),
        (
            "is not authorized to perform: kms:CreateGrant on resource: arn",
            "perimeter=Perimeter(grants_declared=False)",
        ),
    ],
)
def test_words_that_are_known_name_the_setting_that_helps(words, switch):
    found = canary_verdict(ended(classify(words).kind, words))
    assert (found.works, found.switch) == (False, switch)
    assert words in found.why


@pytest.mark.parametrize("kind", FAILURE_KINDS)
def test_every_kind_of_failure_has_a_verdict_with_a_fix(kind):
    found = canary_verdict(ended(kind))
    assert (found.works, found.kind, found.switch) == (False, kind, FAILURE_KINDS[kind].switch)
    assert found.fix == FAILURE_KINDS[kind].fix


@pytest.mark.parametrize("state", ["refused", "stopped", "failed"])
def test_what_is_not_known_says_where_to_look(state):
    record = any_record(state=state, outcome=Outcome(state=state, summary="So it is."))
    found = canary_verdict(record)
    assert (found.works, found.why, found.switch) == (False, "So it is.", None)
    assert "tuning show" in found.fix


def test_an_upload_that_starts_no_run_says_what_to_look_at():
    aside, nothing = not_received(2), not_received(0)
    assert "dead-letter" in aside.why
    assert "tuning redrive" in aside.fix
    assert "rule" in nothing.fix
    assert not aside.works
    assert not nothing.works
    assert [stage.reached for stage in stages(None)][:2] == ["failed", "not reached"]
