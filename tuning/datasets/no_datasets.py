"""Records that nothing is made of as they are, and what to do instead."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from tuning.datasets import looks


class NoDataset(NamedTuple):
    """What a record is by its fields, when no conversion makes anything of it."""

    signs: frozenset[str]
    what: str
    fix: str


def no_dataset(record: Mapping[str, Any]) -> NoDataset | None:
    held = record.get("data")  # SQuAD is one object around all
    inside = held[0] if isinstance(held, list) and held and isinstance(held[0], dict) else {}
    if _SQUAD.signs <= inside.keys():
        return _SQUAD
    return next((each for each in NO_DATASETS if each.signs <= record.keys()), None)


_SQUAD = NoDataset(
    frozenset({"paragraphs", "title"}),
    "a SQuAD file, which has its questions under paragraphs",
    "Write each question with its paragraph as one record: jq -c '.data[].paragraphs[] | .context as $c | .qas[] | "
    'select(.answers[0]) | {prompt: "\\($c)\\n\\n\\(.question)", completion: .answers[0].text}\' PATH > train.jsonl',
)
NO_DATASETS = (
    NoDataset(
        frozenset({looks.TOKENS}),
        "the numbers that a tokenizer made of texts, not the texts",
        "Write the texts themselves, from before they were tokenized.",
    ),
    NoDataset(
        frozenset({"message_id", "parent_id"}),
        "one message of a tree of messages (OASST), whose dialogue is in several records",
        "Write each path through a tree as one record of messages.",
    ),
    _SQUAD,
    NoDataset(
        frozenset({"role", "content"}),
        "one message, not a whole dialogue",
        'Write the messages of a dialogue as one record: {"messages": [{…}, {…}]}.',
    ),
    NoDataset(
        frozenset({"schemaType", "modelId"}),
        "a log of model invocations, not a dataset",
        "Write input and output of each invocation as one record of messages.",
    ),
)
