"""What only shows across records: duplicates, contradictions, leakage, uneven keys, limits."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from msgspec import Struct, field

from tuning.datasets.formats.media_blocks import MEDIA_KINDS
from tuning.datasets.formats.walk import Fault
from tuning.datasets.tally import COMPARED, Tally
from tuning.models.catalog import Method
from tuning.reports.scale import count as plural

_GB = 1 << 30
_BUT = "but for case, white space or composed letters"
_REPEATS = (
    "duplicates",
    "near_duplicates",
    "contradictions",
    "near_contradictions",
    "prompts_with_contradictions",
)

_SAID = {
    "duplicates": ("DS701", "the same record as line {}"),
    "near_duplicates": ("DS701", f"nearly the same record as line {{}} ({_BUT})"),
    "contradictions": ("DS702", "the prompt of line {} again, with another answer"),
    "near_contradictions": (
        "DS702",
        f"nearly the prompt of line {{}} ({_BUT}), with another answer",
    ),
}
"""Rule and words of each, with the line that came before."""
_NOT_TEXT = ("image", "video", "document", "toolConfig", "tools", "toolUse", "toolResult")
"""Parts of records that an evaluation cannot use yet; see `evaluation_prompts`."""


def repeated(tally: Tally) -> dict[str, Any]:
    """Adds duplicates and contradictions to the tally; gives how many of each, exact and near apart."""
    near = _near(tally)
    if len(dict.fromkeys(near)) == len(near):
        return dict.fromkeys(_REPEATS, 0)
    once: dict[int, None] = {}
    twice: set[int] = set()
    for prompt in near:
        if prompt in once:
            twice.add(prompt)
        else:
            once[prompt] = None
    del once
    return _separated(tally, twice)


class _Alike(Struct):
    """Records with nearly the same prompt, so far."""

    exact: dict[int, dict[int, int]] = field(default_factory=dict)
    """For each prompt its answers, each with its first line."""
    answers: dict[int, int] = field(default_factory=dict)
    """The same for near answers, to all of these prompts."""
    wavers: bool = False


def _separated(tally: Tally, twice: set[int]) -> dict[str, Any]:
    seen: dict[int, _Alike] = {}
    counts = dict.fromkeys(_REPEATS, 0)
    near = zip(_near(tally), tally.near_answers or tally.answers, strict=True)
    exact = zip(tally.prompts, tally.answers, tally.places, strict=True)
    for (prompt, answer), (as_is, answered, line) in zip(near, exact, strict=True):
        if prompt not in twice:
            continue
        if (alike := seen.get(prompt)) is None:
            alike = seen[prompt] = _Alike()
        answers = alike.exact.get(as_is)
        if answers is None:
            kind, first = _nearly(alike, answer)
            alike.exact[as_is] = {answered: line}
        elif answered in answers:
            kind, first = "duplicates", answers[answered]
        else:
            kind, first = "contradictions", next(iter(answers.values()))
            answers[answered] = line
        alike.answers.setdefault(answer, line)
        if kind:
            counts[kind] += 1
            rule = _say(tally, kind, first, line)
            if rule == "DS702" and not alike.wavers:
                alike.wavers = True
                counts["prompts_with_contradictions"] += 1
    return counts


def _nearly(alike: _Alike, answer: int) -> tuple[str, int]:
    """What a record is whose prompt came before, but not exactly so, and in which line that was."""
    if not alike.answers:
        return "", 0
    if answer in alike.answers:
        return "near_duplicates", alike.answers[answer]
    return "near_contradictions", next(iter(alike.answers.values()))


def _say(tally: Tally, kind: str, first: int, line: int) -> str:
    """Adds a finding, of which the words are made only if it is listed: a file may hold nothing else. Gives its rule."""
    rule, message = _SAID[kind]
    if tally.counts[rule] < tally.policy.listed:
        tally.add(Fault(rule, message.format(first)), line)
    else:
        tally.counts[rule] += 1
    return rule


def _near(tally: Tally) -> Sequence[int]:
    """Normal forms, which a check in haste does without."""
    return tally.near_prompts or tally.prompts


def leaked(training: Tally, validation: Tally) -> dict[str, int]:
    """Adds a finding for each validation prompt that is in training; gives how many."""
    return _repeats(training, validation, Fault("DS703", "training"))


def overlapping(training: Tally, validation: Tally | None, evaluation: Tally) -> dict[str, int]:
    """Adds a finding for each evaluation prompt that is in training or validation; gives how many."""
    found = _repeats(training, evaluation, Fault("DS706", "training"))
    if validation:
        for name, count in _repeats(validation, evaluation, Fault("DS706", "validation")).items():
            found[name] += count
    if evaluation.records > COMPARED:
        message = f"{evaluation.records:,} records, of which {COMPARED:,} can be compared"
        evaluation.add(Fault("DS706", message), None)
    return found


def beyond_text(evaluation: Tally) -> None:
    """That what is asked or answered is not text alone: no answer of a model can be compared with it."""
    for part in _NOT_TEXT:
        having = [kept for traits, kept in evaluation.traits.items() if part in traits]
        if having:
            count, line = sum(count for count, _ in having), min(first for _, first in having)
            held = f"{part!r} is in {count:,} of {plural(evaluation.records, 'record')}, this one first"
            evaluation.add(Fault("DS707", held), line)


def too_few(evaluation: Tally, fewest: int | None) -> None:
    """That the recipe's gate will decide nothing on so few prompts; `fewest` is what it asks for, if it has one."""
    different = len(set(_near(evaluation)))
    if fewest is not None and different < fewest:
        held = plural(different, "different prompt")
        evaluation.add(Fault("DS613", f"{held}; the recipe's min_prompts is {fewest:,}"), None)


def _repeats(first_file: Tally, held_out: Tally, said: Fault) -> dict[str, int]:
    """Adds `said.rule` for each prompt of `held_out` that is in the other file, which is for what `said`
    says; gives how many.
    """
    found = {"leaked": 0, "near_leaked": 0}
    learnt = dict.fromkeys(_near(first_file))
    both = {prompt for prompt in _near(held_out) if prompt in learnt}
    del learnt
    if not both:
        return found
    first: dict[int, int] = {}
    exact: dict[int, int] = {}
    for near, prompt, line in zip(
        _near(first_file), first_file.prompts, first_file.places, strict=True
    ):
        if near in both:
            first.setdefault(near, line)
            exact.setdefault(prompt, line)
    for near, prompt, line in zip(_near(held_out), held_out.prompts, held_out.places, strict=True):
        if near not in both:
            continue
        same = prompt in exact
        found["leaked" if same else "near_leaked"] += 1
        at = f"line {exact[prompt] if same else first[near]} of {first_file.file}"
        prompt_is = "the prompt is" if same else f"nearly the prompt ({_BUT}) is"
        held_out.add(Fault(said.rule, f"{prompt_is} in {said.message}, too: {at}"), line)
    return found


def uneven(tally: Tally) -> None:
    """Optional parts that are in some records only; buckets that differ."""
    total = sum(count for count, _ in tally.traits.values())
    for trait in sorted({t for traits in tally.traits for t in traits}):
        having = [kept for traits, kept in tally.traits.items() if trait in traits]
        lacking = [kept for traits, kept in tally.traits.items() if trait not in traits]
        with_it = sum(count for count, _ in having)
        if not lacking:
            continue
        few, verb = (having, "has") if with_it * 2 <= total else (lacking, "lacks")
        line = min(first for _, first in few)
        tally.add(
            Fault("DS704", f"{trait!r} is in {with_it:,} of {total:,} records; this one {verb} it"),
            line,
        )
    if len(tally.buckets) > 1:
        named = sorted(tally.buckets, key=lambda b: (tally.buckets[b], b))
        tally.add(Fault("DS508", f"media lie in {len(named)} buckets"), tally.buckets[named[1]])


def contested(tally: Tally, method: Method) -> None:
    """What AWS's own pages disagree on, once a file."""
    for subject, (count, line) in sorted(tally.contested.items()):
        held = f"{count:,} of {plural(tally.records, 'record')}, this one first"
        tally.add(Fault("DS310", f"{held}: {method.contested[subject]}"), line)


def mixed(tallies: Sequence[Tally]) -> None:
    """Images in some records and videos in others, training and validation together."""
    first: dict[str, tuple[int, int]] = {}
    for i, tally in enumerate(tallies):
        for traits, (_, line) in tally.traits.items():
            kinds = traits.intersection(MEDIA_KINDS)
            for kind in kinds if len(kinds) == 1 else ():  # DS503 names a record with several
                first[kind] = min(first.get(kind, (i, line)), (i, line))
    order = sorted(first, key=lambda k: first[k])
    for kind in order[1:]:
        i, line = first[kind]
        tallies[i].add(
            Fault("DS705", f"{kind} in this record, {order[0]} in another of the dataset"), line
        )


def empty(tallies: Iterable[Tally]) -> None:
    """Files without a record."""
    for tally in tallies:
        if not tally.records and not tally.refused:
            tally.add(Fault("DS106", "there is no record in the file"), None)


def limits(training: Tally, validation: Tally | None, method: Method) -> None:
    """The service's limits on records and bytes."""
    for fault in _records(training, validation, method):
        training.add(fault, None)
    for tally, own in (
        (training, method.max_train_file_gb),
        (validation, method.max_validation_file_gb),
    ):
        most = own or method.max_file_gb
        if tally and most and tally.size > most * _GB:
            message = f"{tally.size:,} bytes; the service takes up to {most} GB"
            tally.add(Fault("DS606", message), None)
    if validation is None:
        return
    if method.validation == "refused":
        validation.add(Fault("DS608", "this model and method take no validation set"), None)
    elif "validation" in method.contested and validation.records:
        validation.add(Fault("DS612", method.contested["validation"]), None)
    most = method.max_validation_records
    if most is not None and validation.records > most:
        message = f"{validation.records:,} validation records; the service takes up to {most:,}"
        validation.add(Fault("DS607", message), None)


def _records(training: Tally, validation: Tally | None, method: Method) -> Iterator[Fault]:
    total = training.records + (validation.records if validation else 0)
    held = plural(total, "record")
    if validation and validation.records:
        held += f" ({training.records:,} training, {validation.records:,} validation)"
    joined = any("DS206" in tally.counts for tally in (training, validation) if tally)
    # A file without a record is reported apart; lines with several records hold more than were counted
    if 0 < total < method.min_records and not joined:
        yield Fault("DS601", f"{held}; the service takes at least {method.min_records:,}")
    if total > method.max_records:
        yield Fault("DS602", f"{held}; the service takes up to {method.max_records:,}")
    quota = method.quota_total_records
    if quota is not None and quota < total <= method.max_records:
        yield Fault("DS610", f"{held}; the default quota is {quota:,}")
    if method.format == "continued_pre_training":
        yield Fault("DS611", "no model on Amazon Bedrock offers continued pre-training any more")
