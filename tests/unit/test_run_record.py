"""A record is written and read in one place: whole, by whatever version, and refused when it is wrong."""

from decimal import Decimal

import pytest
from domain_builders import any_record, any_run, any_upload
from msgspec import structs

from tuning.runs.approvals import Approval, Question
from tuning.runs.failures import failure
from tuning.runs.json_record import Record, RecordError
from tuning.runs.money_records import Charged, PriceRange, Reservation, Settlement
from tuning.runs.outcome import Outcome
from tuning.runs.prepared_dataset import PreparedDataset
from tuning.runs.progress import Progress
from tuning.runs.run import Misdirected
from tuning.runs.run_record import SCHEMA, OpenRun, RunRecord
from tuning.runs.run_states import Partition
from tuning.runs.training_metrics import Curve, Results

WHOLE = any_record(
    state="failed",
    open=Partition.UNNOTIFIED,
    turn="2026-11-23T07:00:00Z#1",
    due="2026-11-23T08:00:00+00:00",
    execution="1-2",
    begun_at="2026-11-23T07:00:01.000001+00:00",
    waits_until="2026-11-23T07:30:00+00:00",
    dataset=PreparedDataset(summary="Accepted: 10 records.", records=10, training_tokens=7),
    estimate=PriceRange(low_usd=Decimal("0.10"), high_usd=Decimal("12.50")),
    approval_reason="It may cost 12.50 USD.",
    approval_asked_at="2026-11-23T07:01:00+00:00",
    approval=Approval(decision="approve", by="arn:ann", at="2026-11-23T07:02:00+00:00"),
    question=Question(usd="9.00", dataset="ab" * 32),
    task_token="a token",  # noqa: S106 — a made-up one
    reservation=Reservation(
        usd=Decimal("12.50"), month="2026-11", recipe="support", recipe_digest="d"
    ),
    settlement=Settlement(usd=Decimal("0.00"), charge="nothing"),
    job_arn="arn:job",
    attempt=2,
    progress=Progress(state="failed", phase="Training", failure=failure("stalled", "No progress.")),
    results=Results(training=Curve(steps=2, first=2.0, last=1.0, lowest=0.5)),
    model_arn="arn:model",
    cost=Charged(usd=Decimal("1.90"), basis="computed"),
    stop_asked="arn:bob at noon",
    unread_validation="s3://datasets/support/validation.jsonl",
    queue="job_slots",
    slot_token="t",  # noqa: S106 — no password
    queued_at="2026-11-23T08:00:00Z",
    refused_at="2026-11-23T08:00:00.000001+00:00",
    outcome=Outcome(state="failed", summary="A step died.", kind="Transient", unsure=True),
    ended_at="2026-11-23T08:00:00.000Z",
    rebuilt="from its execution",
)


def test_every_field_is_written_and_read_as_it_was():
    assert {f.name for f in structs.fields(RunRecord) if getattr(WHOLE, f.name) is None} == set()
    assert RunRecord.from_item(WHOLE.to_item()) == WHOLE


def test_only_an_upload_to_a_recipes_folder_has_a_run_to_be_trained():
    assert any_record().training_run == any_run()
    assert any_record(run=None).training_run is None
    misdirected = Misdirected.new(upload=any_upload(), refusal="No recipe has the folder.")
    assert any_record(run=misdirected.to_dict()).training_run is None


def test_what_is_not_known_is_not_written():
    assert "job_arn" not in any_record().to_item()
    assert RunRecord.from_item(any_record().to_item()) == any_record()


def test_a_reader_passes_over_what_it_does_not_know_and_fills_in_what_is_missing():
    """Rows of a later version, and of an earlier one."""
    item = any_record(outcome=Outcome(state="failed")).to_item()
    later = item | {"colour": {"S": "red"}, "outcome": {"S": '{"state": "failed", "mood": "bad"}'}}
    earlier = {name: value for name, value in item.items() if name not in ("schema", "attempt")}
    assert RunRecord.from_item(later) == RunRecord.from_item(item) == RunRecord.from_item(earlier)


WRONG = {
    "no state": ({"state": None}, "state"),
    "an unknown state": ({"state": {"S": "lost"}}, "state"),
    "no arrival": ({"arrived_at": None}, "arrived_at"),
    "an outcome that is not JSON": ({"outcome": {"S": "{"}}, "outcome: not valid JSON"),
    "progress of another kind": ({"progress": {"S": '"done"'}}, "progress"),
    "a reservation without money": ({"reservation": {"S": "{}"}}, "usd"),
    "an attempt that is not a number": ({"attempt": {"S": "second"}}, "attempt"),
    "a newer version": ({"schema": {"N": str(SCHEMA + 1)}}, "newer version"),
}


@pytest.mark.parametrize(("change", "words"), WRONG.values(), ids=WRONG)
def test_an_item_that_cannot_be_read_says_which_and_where(change, words):
    item = any_record().to_item() | change
    with pytest.raises(RecordError, match=words) as raised:
        RunRecord.from_item({name: value for name, value in item.items() if value})
    assert any_run().id in str(raised.value)


def test_the_index_of_open_runs_holds_what_an_open_run_is_read_from():
    keys = {"pk", "open", "turn"}
    item = {k: v for k, v in WHOLE.to_item().items() if k in {*keys, *OpenRun.projected()}}
    found = OpenRun.from_item(item)
    assert (found.id, found.state, found.open) == (WHOLE.id, "failed", Partition.UNNOTIFIED)
    assert found.execution == "1-2"


RECORDS = [
    *(value for f in structs.fields(WHOLE) if isinstance(value := getattr(WHOLE, f.name), Record)),
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_what_is_passed_on_as_json_comes_back_as_it_was(record):
    assert type(record).from_json(record.to_json()) == record
    assert None not in record.to_json().values()
    with pytest.raises(RecordError, match=type(record).__name__):
        type(record).from_json("text")
