"""Reads one line the slow and exact way: every fault, and the content that can be read."""

from collections.abc import Callable
from typing import Any

from tuning.datasets import looks, syntax
from tuning.datasets.formats import (
    chat_records as chat,
)
from tuning.datasets.formats import (
    converse_records as converse,
)
from tuning.datasets.formats import (
    flat_records as pairs,
)
from tuning.datasets.formats import (
    reserved_words as words,
)
from tuning.datasets.formats.walk import Fault, Walk, first_keys, what
from tuning.datasets.no_datasets import no_dataset
from tuning.datasets.unseen import PARTS, unseen
from tuning.models.catalog import Method

READERS: dict[str, Callable[[dict[str, Any], Method, Walk], None]] = {
    "converse": converse.check_converse,
    "distillation": converse.check_converse,
    "prompt_completion": pairs.check_prompt_completion,
    "image_caption": pairs.check_image_caption,
    "continued_pre_training": pairs.continued_pre_training,
    "openai_chat": chat.check_openai_chat,
    "anthropic_messages": chat.check_anthropic_messages,
}
_NAMES = {
    "openai_chat": "OpenAI chat",
    "anthropic_messages": "Anthropic messages",
    "prompt_completion": "prompt/completion",
    "converse": "Bedrock converse",
    "image_caption": "image captions",
    "distillation": "distillation prompts",
}


def diagnose(line: bytes, method: Method, enough: frozenset[str] = frozenset()) -> Walk:
    """What one line says and all that is wrong with it; of rules in `enough` perhaps without words. Never raises for
    anything in the line.
    """
    walk = Walk(enough=enough)
    value, walk.faults = syntax.parse(line)
    if value is None and walk.faults:
        walk.readable = False
        return walk
    if not isinstance(value, dict):
        walk.readable = False
        walk.fault("DS208", _no_object(value))
        return walk
    if walk.faults and any(f.rule == "DS109" for f in walk.faults):
        walk.readable = False
        return walk
    odd = words.may_hold(line, method, PARTS)
    walk.marked = bool(odd)
    _read(value, method, walk)
    _limits(line, method, walk)
    if odd and words.searcher(PARTS)(line) and (message := unseen(iter(walk.texts))):
        walk.fault("DS110", message)
    return walk


def _no_object(value: object) -> str:
    """What a line is that is not a record."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        return "the line is text that holds JSON: the record was encoded twice"
    return f"the line is {what(value)}, not an object in braces"


def _read(record: dict[str, Any], method: Method, walk: Walk) -> None:
    before = len(walk.faults)
    READERS[method.format](record, method, walk)
    if len(walk.faults) == before or walk.readable:
        return
    expected = "converse" if method.format == "distillation" else method.format
    if other := no_dataset(record):
        fault = Fault("DS306", f"this is {other.what}", None, None, other.fix)
    elif found := looks.another_format(record, expected):
        fault = _another(found, method)
    elif walk.foreign:
        wanted, fields = _NAMES.get(method.format, method.format), first_keys(record)
        fault = Fault("DS306", f"no known format has the fields {fields}; {wanted} is expected")
    else:
        return
    walk.faults[before:] = [fault]  # one true sentence instead of ten about keys


def _another(found: str, method: Method) -> Fault:
    wanted = _NAMES.get(method.format, method.format)
    if found == looks.ERROR_ANSWER:
        return Fault("DS113", f"this is {found}, not a record")
    if found == "continued_pre_training":
        return Fault(
            "DS306",
            f"this looks like raw text for continued pre-training, which no model on Amazon Bedrock "
            f"offers any more; {wanted} is expected",
            None,
            None,
            "Turn the text into questions and answers, or train on raw text with Amazon Nova Forge "
            "on SageMaker AI.",
        )
    message = f"this looks like {_NAMES.get(found, found)}; {wanted} is expected"
    return Fault("DS306", message, None, None, _elsewhere(found))


def _elsewhere(found: str) -> str | None:
    """What to do with records that no conversion makes anything of; None where one may."""
    if found == looks.RFT:
        return (
            "Check it with --method REINFORCEMENT_FINE_TUNING and a model that offers it (tuning models), or add "
            "the answers that a model is to learn."
        )
    if found == looks.BATCH:
        return "These are questions without answers: make a record of each request and its answer."
    if found.startswith(looks.TEMPLATED):
        return (
            "Take each dialogue apart into messages with roles; leave the signs of the template out, as the "
            "service writes those of its own model."
        )
    return None


def _limits(line: bytes, method: Method, walk: Walk) -> None:
    if method.max_line_kb is not None and len(line) > method.max_line_kb * 1024:
        walk.fault(
            "DS605",
            f"{len(line):,} bytes; the service takes lines up to {method.max_line_kb} KB",
        )
