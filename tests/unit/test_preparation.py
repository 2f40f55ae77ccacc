"""From an upload to a verdict: refusals before the first record, and copies known by digest."""

import gzip
import hashlib
import io
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from dataset_lines import BROKEN, CANARY, EARLY, OTHER, SOUND
from domain_builders import any_recipe, any_run
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from tuning.datasets.rules import rules
from tuning.evaluation.release_options import ReleaseOptions
from tuning.runs.preparation import deleted, prepare, second, several, too_large
from tuning.runs.prepared_dataset import PreparedDataset
from tuning.runs.readings import Source
from tuning.runs.recipes import ConversionOptions
from tuning.runs.uploads import UploadKind

URIS = {"train.jsonl": "s3://p/train.jsonl"}


def any_source(content, name="train.jsonl"):
    return Source(name=name, stream=io.BytesIO(content), copy=io.BytesIO())


def answer_of(prepared, uris=URIS):
    return prepared.answer(report_uri="s3://a/report.json", uris=uris)


def test_an_accepted_dataset_is_recognised_by_the_digests_of_exactly_its_copies():
    training, validation = any_source(SOUND), any_source(OTHER, "validation.jsonl")
    prepared = prepare(any_recipe(), training, validation)
    assert prepared.report.verdict == "accepted"
    assert prepared.digests == {
        source.name: hashlib.sha256(source.copy.getvalue()).hexdigest()
        for source in (training, validation)
    }


def test_the_digest_is_of_the_mended_bytes():
    """What is trained is the copy: without the mark and the carriage returns of the upload."""
    source = any_source(b"\xef\xbb\xbf" + SOUND.replace(b"\n", b"\r\n"))
    prepared = prepare(any_recipe(), source)
    assert source.copy.getvalue() == SOUND
    assert prepared.digests == {"train.jsonl": hashlib.sha256(SOUND).hexdigest()}


def test_an_accepted_dataset_goes_on_with_its_numbers():
    answer = answer_of(prepare(any_recipe(), any_source(SOUND)))
    assert answer.training_tokens > 0
    assert answer.training_tokens_at_most > 2 * answer.training_tokens - 2
    assert structs.replace(
        answer, training_tokens=0, training_tokens_at_most=None
    ) == PreparedDataset(
        verdict="accepted",
        summary="Accepted: 10 records.",
        records=10,
        training_tokens=0,
        training_uri="s3://p/train.jsonl",
        validation_uri=None,
        report_uri="s3://a/report.json",
    )


GATE = ReleaseOptions(metric="exact_match", min_prompts=30)


def asking(*questions):
    """Records in the form of SOUND that ask other questions."""
    line = SOUND.splitlines()[0]
    record = json.loads(line)
    lines = []
    for question in questions:
        record["messages"][0]["content"][0]["text"] = question
        lines.append(json.dumps(record).encode())
    return b"\n".join(lines) + b"\n"


def test_an_evaluation_set_has_a_copy_of_its_own_and_counts_for_nothing_that_is_trained():
    evaluation = any_source(asking("One?", "Two?"), "evaluation.jsonl")
    prepared = prepare(any_recipe(), any_source(SOUND), evaluation=evaluation)
    assert prepared.report.verdict == "accepted"
    digest = hashlib.sha256(evaluation.copy.getvalue()).hexdigest()
    assert prepared.digests["evaluation.jsonl"] == digest
    alone = prepare(any_recipe(), any_source(SOUND))
    assert (prepared.tokens, prepared.report.records) == (alone.tokens, alone.report.records)
    uris = {name: f"s3://p/prepared/{d}/{name}" for name, d in prepared.digests.items()}
    answer = answer_of(replace(prepared, evaluation_version="v3"), uris)
    assert (answer.evaluation_uri, answer.evaluation_version) == (uris["evaluation.jsonl"], "v3")
    assert answer.validation_uri is None
    assert digest not in answer.digest  # what is approved and paid for is what is trained


@pytest.mark.parametrize("spelt", [str, str.upper, lambda text: f" {text}\t"])
def test_an_evaluation_set_that_repeats_a_question_is_refused_with_its_line(spelt):
    asked = json.loads(SOUND.splitlines()[4])["messages"][0]["content"][0]["text"]
    evaluation = any_source(asking("One?", spelt(asked)), "evaluation.jsonl")
    prepared = prepare(any_recipe(), any_source(SOUND), evaluation=evaluation)
    found = [(f.rule, f.file, f.line) for f in prepared.report.findings if f.severity == "error"]
    assert found == [("DS706", "evaluation.jsonl", 2)]
    assert prepared.digests == {}


def test_an_evaluation_set_in_another_form_is_converted_and_blamed_by_its_own_lines():
    rows = "\n".join(f"Question {i}?,{i}" for i in range(10))
    training = any_source(f"prompt,completion\n{rows}\n".encode(), "train.csv")
    table = b"prompt,completion\nOne?,1\n QUESTION 4?,2\n"
    evaluation = any_source(table, "evaluation.csv")
    prepared = prepare(any_recipe(convert=ConversionOptions()), training, evaluation=evaluation)
    found = [(f.rule, f.file, f.line) for f in prepared.report.findings if f.severity == "error"]
    assert found == [("DS706", "evaluation.csv", 3)]


def test_a_recipe_with_a_gate_is_warned_of_too_few_prompts_and_of_none():
    recipe = any_recipe(release=GATE)
    few = prepare(
        recipe, any_source(SOUND), evaluation=any_source(asking("One?"), "evaluation.jsonl")
    )
    none = prepare(recipe, any_source(SOUND))
    assert (few.report.verdict, few.report.counts.get("DS613")) == ("accepted", 1)
    assert (none.report.verdict, none.report.counts.get("DS911")) == ("accepted", 1)
    assert none.digests
    assert "DS911" not in few.report.counts
    assert "DS911" not in prepare(any_recipe(), any_source(SOUND)).report.counts


@pytest.mark.thorough
@pytest.mark.parametrize(("limit_mb", "most"), [(2_000, 100), (None, 100), (1, 1)])
def test_an_evaluation_set_grows_to_no_more_than_its_own_limit_which_is_named(limit_mb, most):
    zipped = gzip.compress(asking(*(f"{i} {'x' * 100_000}?" for i in range(1_010))))
    evaluation = any_source(zipped, "evaluation.jsonl.gz")
    prepared = prepare(any_recipe(), any_source(SOUND), evaluation=evaluation, limit_mb=limit_mb)
    [finding] = prepared.report.findings
    assert (finding.rule, finding.file) == ("DS901", "evaluation.jsonl.gz")
    assert finding.message.startswith(f"More than {most} MB")


def test_an_evaluation_set_of_some_thousand_prompts_is_taken_where_no_limit_is_set():
    zipped = gzip.compress(asking(*(f"Is {i} odd?" for i in range(3_000))))
    evaluation = any_source(zipped, "evaluation.jsonl.gz")
    prepared = prepare(any_recipe(), any_source(SOUND), evaluation=evaluation)
    assert "evaluation.jsonl" in prepared.digests


def test_a_report_has_the_price_of_what_will_be_trained_and_of_a_refused_dataset_none():
    run = any_run()
    accepted, refused = (prepare(run.recipe, any_source(each)) for each in (SOUND, BROKEN))
    assert json.loads(accepted.document(run))["estimate"]["high_usd"]
    assert "Price estimate" in accepted.page(run)
    assert "estimate" not in json.loads(refused.document(run))
    assert "Price estimate" not in refused.page(run)


def test_a_report_says_that_the_run_does_without_a_validation_set():
    page = prepare(any_recipe(), any_source(SOUND)).page(any_run())
    assert "none was beside the upload: the run has none" in page


NOON, SECOND = datetime(2026, 11, 28, 12, tzinfo=UTC), timedelta(seconds=1)

REFUSED = [
    pytest.param(
        lambda: too_large("train.jsonl", 5_000_001, limit_mb=5),
        "Refused: 1 error. First, in train.jsonl: Larger than this environment allows (DS901).",
        id="DS901",
    ),
    pytest.param(
        lambda: deleted("datasets/support/train.jsonl"),
        "Refused: 1 error. First, in train.jsonl: Deleted before it was read (DS902).",
        id="DS902",
    ),
    pytest.param(
        lambda: prepare(any_recipe(validation="required"), any_source(SOUND)),
        "Refused: 1 error. First, in validation.jsonl: Validation set missing (DS903).",
        id="DS903",
    ),
    pytest.param(
        lambda: prepare(
            any_recipe(validation="refused"),
            any_source(SOUND),
            any_source(OTHER, "validation.jsonl"),
        ),
        "Refused: 1 error. First, in validation.jsonl: Validation set not allowed (DS904).",
        id="DS904",
    ),
    pytest.param(
        lambda: several(["validation.csv", "validation.jsonl"]),
        "Refused: 1 error. First, in validation.csv: Several validation or evaluation sets (DS905).",
        id="DS905",
    ),
    pytest.param(
        lambda: several(["evaluation.csv", "evaluation.jsonl"], UploadKind.EVALUATION_SET),
        "Refused: 1 error. First, in evaluation.csv: Several validation or evaluation sets (DS905).",
        id="DS905 evaluation",
    ),
    pytest.param(
        lambda: second(
            "train.csv", {"train.csv": NOON, "train.jsonl": NOON - SECOND}, arrived_at=NOON + SECOND
        ),
        "Refused: 1 error. First, in train.csv: Several training sets (DS909).",
        id="DS909",
    ),
    pytest.param(
        lambda: prepare(any_recipe(), any_source(b"prompt,completion\nWhy?,So.\n", "train.csv")),
        "Refused: 1 error. First, in train.csv: Not the model's own format (DS906).",
        id="DS906",
    ),
    pytest.param(
        lambda: prepare(any_recipe(), any_source(b"PAR1", "train.parquet")),
        "Refused: 1 error. First, in train.parquet: Parquet is not read on upload (DS907).",
        id="DS907",
    ),
]


@pytest.mark.parametrize(("refuse", "summary"), REFUSED)
def test_an_upload_may_be_refused_before_its_first_record(refuse, summary):
    prepared = refuse()
    answer = answer_of(prepared, {})
    assert (answer.summary, answer.training_uri) == (summary, None)
    assert (answer.records, answer.training_tokens) == (0, 0)
    assert prepared.digests == {}
    [finding] = prepared.report.findings
    assert finding.fix.startswith(rules()[finding.rule].fix.partition("tuning convert PATH")[0])
    assert "PATH" not in finding.fix
    assert prepared.report.counts == {finding.rule: 1}


@pytest.mark.parametrize("size", [0, 4_999_999, 5_000_000])
def test_an_upload_up_to_the_limit_is_read(size):
    assert too_large("train.jsonl", size, limit_mb=5) is None


def test_a_broken_record_refuses_by_line_and_names_no_copy():
    prepared = prepare(any_recipe(), any_source(BROKEN))
    answer = answer_of(prepared, {})
    assert answer.verdict == "refused"
    assert "in train.jsonl line 10: " in answer.summary
    assert prepared.digests == {}


@pytest.mark.parametrize("content", [SOUND, BROKEN, EARLY, b"", CANARY.encode(), b"\xff" + SOUND])
def test_no_answer_quotes_the_data(content):
    answer = answer_of(prepare(any_recipe(), any_source(content)), {})
    assert CANARY not in json.dumps(answer.to_json())


def test_a_recipes_strict_rules_refuse_what_is_otherwise_a_warning():
    twice = SOUND + SOUND
    mild, strict = (
        prepare(any_recipe(strict=rules), any_source(twice)).report for rules in ((), ("DS701",))
    )
    assert mild.verdict == "accepted"
    assert mild.counts["DS701"]
    assert strict.verdict == "refused"


def test_media_that_the_job_could_not_read_are_refused():
    """The job reads the bucket of prepared copies; media must lie where the dataset lies."""
    image = {"format": "png", "source": {"s3Location": {"uri": "s3://elsewhere/a.png"}}}
    said = [{"image": image}, {"text": "What is this?"}]
    turns = [
        {"role": "user", "content": said},
        {"role": "assistant", "content": [{"text": "A cat."}]},
    ]
    line = json.dumps({"schemaVersion": "bedrock-conversation-2024", "messages": turns}).encode()
    source = Source(name="train.jsonl", stream=io.BytesIO(line + b"\n"), copy=io.BytesIO())
    prepared = prepare(any_recipe(base_model="amazon.nova-lite-v1:0:300k"), source)
    assert prepared.report.counts["DS908"] == 1
    assert prepared.report.verdict == "refused"
    assert prepared.digests == {}


@given(
    st.dictionaries(st.sampled_from(["train.csv", "train.jsonl", "Train.json"]), st.integers(0, 2))
)
def test_of_the_training_sets_of_a_folder_the_first_is_the_one_that_is_taken(seconds):
    """Whoever looks, and whenever: two that came in the same second are told apart by name."""
    training = {name: NOON + second_ * SECOND for name, second_ in seconds.items()}
    taken = [name for name, at in training.items() if not second(name, training, arrived_at=at)]
    assert len(taken) == min(len(training), 1)


def test_a_training_set_that_was_overwritten_since_keeps_its_place():
    training = {"train.csv": NOON + 9 * SECOND, "train.jsonl": NOON + SECOND}
    assert second("train.csv", training, arrived_at=NOON) is None


def test_a_training_set_that_is_gone_holds_up_no_other():
    assert second("train.csv", {"train.csv": NOON}, arrived_at=NOON) is None
    assert second("train.csv", {}, arrived_at=NOON) is None
