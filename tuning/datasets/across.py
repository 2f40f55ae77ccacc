"""What only shows across records: duplicates, contradictions, leakage, uneven keys, limits."""

from collections.abc import Iterator, Sequence

from tuning.datasets.formats.media_blocks import KINDS
from tuning.datasets.formats.walk import Fault
from tuning.datasets.tally import Tally
from tuning.models.catalog import Method

_GB = 1 << 30


def repeated(tally: Tally) -> dict[str, int]:
    """Adds duplicates and contradictions to the tally; gives how many of each."""
    prompts = tally.prompts
    if len(dict.fromkeys(prompts)) == len(prompts):
        return {"duplicates": 0, "contradictions": 0}
    once: dict[int, None] = {}
    twice: set[int] = set()
    for prompt in prompts:
        if prompt in once:
            twice.add(prompt)
        else:
            once[prompt] = None
    del once
    return _told_apart(tally, twice)


def _told_apart(tally: Tally, twice: set[int]) -> dict[str, int]:
    seen: dict[int, dict[int, int]] = {}
    duplicates = contradictions = 0
    for prompt, answer, line in zip(tally.prompts, tally.answers, tally.places, strict=True):
        if prompt not in twice:
            continue
        answers = seen.setdefault(prompt, {})
        if answer in answers:
            duplicates += 1
            tally.add(Fault("DS701", f"the same record as line {answers[answer]}"), line)
            continue
        if answers:
            contradictions += 1
            first = next(iter(answers.values()))
            tally.add(
                Fault("DS702", f"the prompt of line {first} again, with another answer"), line
            )
        answers[answer] = line
    return {"duplicates": duplicates, "contradictions": contradictions}


def leaked(training: Tally, validation: Tally) -> int:
    """Adds a finding for each validation prompt that stands in training; gives how many."""
    learnt = dict.fromkeys(training.prompts)
    both = {prompt for prompt in validation.prompts if prompt in learnt}
    if not both:
        return 0
    first: dict[int, int] = {}
    for prompt, line in zip(training.prompts, training.places, strict=True):
        if prompt in both:
            first.setdefault(prompt, line)
    leaks = 0
    for prompt, line in zip(validation.prompts, validation.places, strict=True):
        if prompt in both:
            leaks += 1
            where = f"line {first[prompt]} of {training.file}"
            validation.add(Fault("DS703", f"the prompt stands in training too: {where}"), line)
    return leaks


def uneven(tally: Tally) -> None:
    """Optional parts that stand in some records only; buckets that differ."""
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
            Fault(
                "DS704", f"{trait!r} stands in {with_it:,} of {total:,} records; this one {verb} it"
            ),
            line,
        )
    if len(tally.buckets) > 1:
        named = sorted(tally.buckets, key=lambda b: (tally.buckets[b], b))
        tally.add(Fault("DS508", f"media lie in {len(named)} buckets"), tally.buckets[named[1]])


def mixed(tallies: Sequence[Tally]) -> None:
    """Images in some records and videos in others, training and validation together."""
    first: dict[str, tuple[int, int]] = {}
    for i, tally in enumerate(tallies):
        for traits, (_, line) in tally.traits.items():
            kinds = traits.intersection(KINDS)
            for kind in kinds if len(kinds) == 1 else ():  # DS503 names a record with several
                first[kind] = min(first.get(kind, (i, line)), (i, line))
    order = sorted(first, key=lambda k: first[k])
    for kind in order[1:]:
        i, line = first[kind]
        tallies[i].add(
            Fault("DS705", f"{kind} in this record, {order[0]} in another of the dataset"), line
        )


def limits(training: Tally, validation: Tally | None, method: Method) -> None:
    """The service's limits on records and bytes."""
    for tally in (training, *((validation,) if validation else ())):
        if not tally.records and not tally.refused:
            tally.add(Fault("DS106", "there is no record in the file"), None)
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
    most = method.max_validation_records
    if most is not None and validation.records > most:
        message = f"{validation.records:,} validation records; the service takes up to {most:,}"
        validation.add(Fault("DS607", message), None)


def _records(training: Tally, validation: Tally | None, method: Method) -> Iterator[Fault]:
    total = training.records + (validation.records if validation else 0)
    held = "1 record" if total == 1 else f"{total:,} records"
    if validation and validation.records:
        held += f" ({training.records:,} training, {validation.records:,} validation)"
    if 0 < total < method.min_records:  # a file without a record is told apart
        yield Fault("DS601", f"{held}; the service takes at least {method.min_records:,}")
    if total > method.max_records:
        yield Fault("DS602", f"{held}; the service takes up to {method.max_records:,}")
    quota = method.quota_total_records
    if quota is not None and quota < total <= method.max_records:
        yield Fault("DS610", f"{held}; the default quota is {quota:,}")
    if method.format == "continued_pre_training":
        yield Fault("DS611", "no model on Amazon Bedrock offers continued pre-training any more")
