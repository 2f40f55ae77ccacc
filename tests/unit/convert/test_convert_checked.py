"""What is converted for a model, the checker accepts for it."""

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuning.datasets.check import Part, check_dataset
from tuning.datasets.convert.conversion import convert
from tuning.datasets.convert.targets.target import Target
from tuning.datasets.convert.targets.writing import Options
from tuning.models.catalog import catalog

WORDS = st.lists(
    st.sampled_from(["once", "Über", "漢字", "a\nb", "tab\there", "“so”", "🙂", "42"]),
    min_size=1,
    max_size=5,
).map(" ".join)
METHODS = [
    pytest.param(model, method, id=f"{model.id} {method.name}")
    for model in catalog().models.values()
    for method in model.methods.values()
    if method.format != "image_caption"
]


def faults(raw, method):
    """Errors of records; too few of them, or no model for them, is not a fault of the conversion."""
    report = check_dataset(Part(name="train.jsonl", stream=io.BytesIO(raw)), method=method)
    return [
        f for f in report.findings if f.severity == "error" and f.rule not in ("DS601", "DS611")
    ]


@pytest.mark.parametrize(("model", "method"), METHODS)
@settings(max_examples=3)
@given(pairs=st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=4))
def test_pairs_converted_for_a_model_are_sound_for_it(model, method, pairs):
    target = Target.of_model(model, method)
    answer = "reference_answer" if target.prompts_only else "completion"
    raw = "".join(json.dumps({"prompt": p, answer: c}) + "\n" for p, c in pairs)
    lines = convert(io.BytesIO(raw.encode()), name="a.jsonl", target=target)
    written = b"".join(line.record for line in lines)
    assert not lines.summary.counts
    assert faults(written, method) == []


def test_tools_and_pictures_converted_for_a_model_that_takes_them_are_sound_for_it():
    model = catalog().model("amazon.nova-2-lite-v1:0:256k")
    method = model.methods["FINE_TUNING"]
    call = {"name": "look", "arguments": '{"where": "out"}'}
    tool = {"name": "look", "description": "Looks.", "parameters": {"type": "object"}}
    image = {"type": "image_url", "image_url": {"url": "s3://pictures/a.png"}}
    records = [
        {
            "tools": [{"type": "function", "function": tool}],
            "messages": [
                {"role": "user", "content": "Rain?"},
                {
                    "role": "assistant",
                    "reasoning_content": "I look.",
                    "tool_calls": [{"id": "c1", "type": "function", "function": call}],
                },
                {"role": "tool", "tool_call_id": "c1", "content": "sun"},
                {"role": "assistant", "content": "No."},
            ],
        },
        {
            "messages": [
                {"role": "user", "content": [{"type": "text", "text": "What?"}, image]},
                {"role": "assistant", "content": "A cat."},
            ]
        },
    ]
    raw = "".join(json.dumps(record) + "\n" for record in records)
    lines = convert(
        io.BytesIO(raw.encode()),
        name="a.jsonl",
        target=Target.of_model(model, method),
        options=Options(bucket_owner="111122223333"),
    )
    written = b"".join(line.record for line in lines)
    assert faults(written, method) == []


def test_running_text_is_sound_for_the_method_that_once_took_it():
    method = catalog().historic_methods["CONTINUED_PRE_TRAINING"]
    raw = b"One sentence, and another. So it goes on.\n\n" * 2_000
    target = Target.of_format(method.format)
    written = b"".join(
        line.record for line in convert(io.BytesIO(raw), name="a.txt", target=target)
    )
    assert faults(written, method) == []


def test_captions_are_sound_for_the_model_that_takes_them():
    model = catalog().model("amazon.titan-image-generator-v2:0")
    method = model.methods["FINE_TUNING"]
    raw = json.dumps({f"{n}.png": f"A dog, number {n}" for n in range(5)}).encode()
    lines = convert(
        io.BytesIO(raw),
        name="a.json",
        target=Target.of_model(model, method),
        options=Options(media_folder="s3://pictures/pets/"),
    )
    assert faults(b"".join(line.record for line in lines), method) == []
