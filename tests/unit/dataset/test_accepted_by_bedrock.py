"""What the checker accepts, the emulated Bedrock accepts: two programs, written apart."""

import io
import json
from dataclasses import replace

import pytest
from builders import LLAMA, LLAMA_33, NOVA, converse, method
from hypothesis import given
from hypothesis import strategies as st

from emulator.bedrock.offered_models import offer
from emulator.bedrock.training_data import check_counts
from emulator.bedrock.training_data import check_records as bedrock_reads
from tuning.datasets.check import Part, check_dataset

pytestmark = pytest.mark.usefixtures("way")

REGIONS = {NOVA: "us-east-1", LLAMA: "us-west-2", LLAMA_33: "us-west-2"}

WORDS = st.sampled_from(
    [
        *("Olá", "refund", "superuser:", "Ecosystem:", "User:", "System:", "[EOS]", "<image>"),
        *(" ", "", "\n", "\t", "\x00", "\x1b", "\u2028", "\u00a0", "\ud800", '"', "\\", "{}"),
    ]
)
TEXTS = st.one_of(st.text(max_size=20), st.lists(WORDS, max_size=4).map(" ".join))
JUNK = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXTS, st.just([]))
KEYS = st.sampled_from(["schemaVersion", "system", "messages", "prompt", "completion", "id"])


@st.composite
def records(draw, model):
    if model == LLAMA:
        record = {"prompt": draw(TEXTS), "completion": draw(TEXTS)}
    else:
        turns = draw(st.lists(TEXTS, min_size=1, max_size=5))
        more = {"system": [{"text": draw(TEXTS)}]} if draw(st.booleans()) else {}
        record = converse(*turns, **more)
    if draw(st.integers(0, 5)) == 0:
        record[draw(KEYS)] = draw(JUNK)
    line = json.dumps(record, ensure_ascii=draw(st.booleans()))
    return line.encode("utf-8", "surrogatepass")


@st.composite
def files(draw, model):
    """Mostly sound lines, so that some files are accepted; ends and cuts of every kind."""
    lines = draw(st.lists(records(model), min_size=1, max_size=3))
    if draw(st.integers(0, 7)) == 0:
        at = draw(st.integers(0, len(lines[0])))
        lines[0] = lines[0][:at] + draw(st.binary(max_size=2)) + lines[0][at:]
    return draw(st.sampled_from([b"\n", b"\r\n", b"\n\n"])).join(lines) + draw(
        st.sampled_from([b"", b"\n"])
    )


@pytest.mark.parametrize("model", REGIONS)
@given(data=st.data())
def test_what_is_accepted_here_is_accepted_there(model, data):
    copy = io.BytesIO()
    given_bytes = data.draw(files(model))
    report = check_dataset(
        Part(name="train.jsonl", stream=io.BytesIO(given_bytes), prepared=copy),
        method=method(model),
    )
    if report.verdict == "accepted":
        wanted = replace(offer(model, "FINE_TUNING", REGIONS[model]).format, min_records=1)
        lines = copy.getvalue().split(b"\n")
        assert lines.pop() == b"", "the prepared copy ends its last line"
        assert bedrock_reads(lines, "train.jsonl", wanted) == report.records
        check_counts(report.records, 0, wanted)


@pytest.mark.parametrize("model", REGIONS)
def test_sound_files_are_accepted_by_both(model):
    """The property above would hold of a checker that refuses everything."""
    record = {"prompt": "Why?", "completion": "So."} if model == LLAMA else converse()
    line = json.dumps(record).encode()
    report = check_dataset(Part(name="t", stream=io.BytesIO(line)), method=method(model))
    wanted = replace(offer(model, "FINE_TUNING", REGIONS[model]).format, min_records=1)
    assert report.verdict == "accepted"
    assert bedrock_reads([line], "t", wanted) == 1
