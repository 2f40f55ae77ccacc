"""There and back: what one format says, the other says too."""

import io
import json
from itertools import chain

from builders import converse, lines, text, turn
from convert.peoples_dialects import chat, shared
from hypothesis import given, settings
from hypothesis import strategies as st

from tuning.datasets.convert.conversion import convert
from tuning.datasets.convert.targets.target import Target

FEW = settings(max_examples=15)
TEXT = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12).filter(str.strip)
NAME = st.sampled_from(["city", "look_up", "n2", "x_y"])
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | TEXT
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAME, inner, max_size=3),
    max_leaves=3,
)
ARGUMENTS = st.dictionaries(NAME, JSON, max_size=3)


def through(record, to):
    """The one record, written in that format; its extras are what the test gave it."""
    conversion = convert(io.BytesIO(lines(record)), name="a.jsonl", target=Target.of_format(to))
    (written,) = conversion
    assert not conversion.summary.counts, conversion.summary.findings
    return json.loads(written.record)


def neutral(record, source=None):
    conversion = convert(io.BytesIO(lines(record)), name="a.jsonl", source=source)
    ((_, made),) = conversion.records()
    return made


@st.composite
def plain(draw):
    """Converse of plain texts."""
    rounds = draw(st.lists(st.tuples(TEXT, TEXT), min_size=1, max_size=3))
    system = {"system": [text(draw(TEXT))]} if draw(st.booleans()) else {}
    return converse(*chain.from_iterable(rounds), **system)


@st.composite
def rich(draw):
    """Converse with all that OpenAI chat can say too: several texts, images, reasoning, tools."""
    record = draw(plain())
    names = draw(st.lists(NAME, min_size=1, max_size=3, unique=True))
    image = {"format": "png", "source": {"s3Location": {"uri": "s3://bucket/a.png"}}}
    tools = [{"toolSpec": {"name": n, "inputSchema": {"json": draw(ARGUMENTS)}}} for n in names]
    record["toolConfig"] = {"tools": tools}
    if draw(st.booleans()):
        choices = [{"auto": {}}, {"any": {}}, {"tool": {"name": names[0]}}]
        record["toolConfig"]["toolChoice"] = draw(st.sampled_from(choices))
    asked, answered = [{"text": draw(TEXT)}], []
    if draw(st.booleans()):
        asked += [{"image": image}, {"text": draw(TEXT)}]
    if draw(st.booleans()):
        answered.append({"reasoningContent": {"reasoningText": {"text": draw(TEXT)}}})
    if draw(st.booleans()):
        answered.append({"text": draw(TEXT)})
    uses = [
        {"toolUseId": f"call-{index}", "name": name, "input": draw(ARGUMENTS)}
        for index, name in enumerate(names)
    ]
    results = [
        {"toolResult": {"toolUseId": use["toolUseId"], "content": [{"text": draw(TEXT)}]}}
        for use in uses
    ]
    record["messages"] += [
        turn("user", *asked),
        turn("assistant", *answered, *({"toolUse": use} for use in uses)),
        turn("user", *results, *draw(st.sampled_from([[], ["So?"]]))),
        turn("assistant", draw(TEXT)),
    ]
    return record


@FEW
@given(rich())
def test_converse_to_openai_and_back_is_the_same(record):
    assert through(through(record, "openai_chat"), "converse") == record


@FEW
@given(plain())
def test_converse_to_anthropic_and_back_is_the_same(record):
    assert through(through(record, "anthropic_messages"), "converse") == record


@FEW
@given(rich())
def test_converse_to_converse_changes_nothing(record):
    assert through(record, "converse") == record


@FEW
@given(TEXT, TEXT)
def test_pairs_to_converse_and_back_are_the_same(prompt, completion):
    pair = {"prompt": prompt, "completion": completion}
    assert through(through(pair, "converse"), "prompt_completion") == pair


@FEW
@given(TEXT, TEXT)
def test_a_distillation_prompt_says_what_the_pair_said(prompt, completion):
    pair = {"prompt": prompt, "completion": completion}
    assert neutral(through(pair, "distillation")) == neutral(pair)


@FEW
@given(plain())
def test_every_dialect_of_a_dialogue_is_read_as_the_same(record):
    system = [block["text"] for block in record.get("system", [])]
    texts = [message["content"][0]["text"] for message in record["messages"]]
    speakers = ["human", "gpt"] * len(texts)
    sharegpt = shared(*(("system", text) for text in system), *zip(speakers, texts, strict=False))
    alpaca = {
        "system": system[0] if system else "",
        "history": [list(pair) for pair in zip(texts[:-2:2], texts[1:-2:2], strict=True)],
        "instruction": texts[-2],
        "output": texts[-1],
    }
    typed = [[{"type": "text", "text": text}] for text in texts]
    anthropic = chat(*typed, system=[{"type": "text", "text": text} for text in system])
    said = neutral(record)
    assert neutral(sharegpt) == said
    assert neutral(alpaca) == said
    assert neutral(anthropic, "anthropic_messages") == said


@FEW
@given(plain(), st.dictionaries(NAME, JSON.filter(lambda value: value is not None), max_size=3))
def test_what_the_grader_needs_arrives_unchanged(record, beside):
    taken = {"messages", "tools", "tool_choice", "system"}
    beside = {name: value for name, value in beside.items() if name not in taken}
    messages = through(record, "openai_chat")
    assert through({**messages, **beside}, "openai_chat") == {**messages, **beside}
