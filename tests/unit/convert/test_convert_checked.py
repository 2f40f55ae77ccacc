"""What is converted for a model, the checker accepts for it."""

import io
import json

import pytest
from convert.peoples_dialects import DRY, RAIN, TOOL, call, chat, lines, message, talk
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


def written(raw, target, name="a.jsonl", **options):
    """All that is made of a file, of which nothing is refused."""
    lines = convert(io.BytesIO(raw), name=name, target=target, options=Options(**options))
    made = b"".join(line.record for line in lines)
    assert not lines.summary.counts
    return made


@pytest.mark.parametrize(("model", "method"), METHODS)
@settings(max_examples=3)
@given(pairs=st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=4))
def test_pairs_converted_for_a_model_are_sound_for_it(model, method, pairs):
    target = Target.of_model(model, method)
    answer = "reference_answer" if target.prompts_only else "completion"
    raw = lines(*({"prompt": p, answer: c} for p, c in pairs))
    assert faults(written(raw, target), method) == []


def test_tools_and_pictures_converted_for_a_model_that_takes_them_are_sound_for_it():
    model = catalog().model("amazon.nova-2-lite-v1:0:256k")
    method = model.methods["FINE_TUNING"]
    tool = {**TOOL, "parameters": {"type": "object"}}
    image = {"type": "image_url", "image_url": {"url": "s3://pictures/a.png"}}
    looked = {"reasoning_content": "I look.", "tool_calls": [call(id="c1")]}
    records = [
        talk(
            RAIN,
            {"role": "assistant", **looked},
            message("tool", "sun", tool_call_id="c1"),
            DRY,
            tools=[{"type": "function", "function": tool}],
        ),
        chat([{"type": "text", "text": "What?"}, image], "A cat."),
    ]
    target = Target.of_model(model, method)
    assert faults(written(lines(*records), target, bucket_owner="111122223333"), method) == []


def test_running_text_is_sound_for_the_method_that_once_took_it():
    method = catalog().historic_methods["CONTINUED_PRE_TRAINING"]
    raw = b"One sentence, and another. So it goes on.\n\n" * 2_000
    assert faults(written(raw, Target.of_format(method.format), "a.txt"), method) == []


def test_captions_are_sound_for_the_model_that_takes_them():
    model = catalog().model("amazon.titan-image-generator-v2:0")
    method = model.methods["FINE_TUNING"]
    raw = json.dumps({f"{n}.png": f"A dog, number {n}" for n in range(5)}).encode()
    made = written(
        raw, Target.of_model(model, method), "a.json", media_folder="s3://pictures/pets/"
    )
    assert faults(made, method) == []
