"""When to train and when to retrieve: the way that is advised, and why. What is wanted decides; money decides between
ways that both do.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from tuning.assistants.advice_case import AdviceCase
from tuning.assistants.way_costs import WayCosts, WayName
from tuning.models.catalog import catalog
from tuning.runs.recipes import FINE_TUNING

AdvisedWay = Literal["train", "retrieve", "both", "neither"]
_FACTS, _MANNERS = ("facts", "citations"), ("style", "format", "task")
_OF_A_MONTH = 4
"""Changes a month from which a training can hardly follow: it takes hours, and its model is evaluated and released."""


@dataclass(frozen=True, kw_only=True)
class WayAdvice:
    way: AdvisedWay
    reasons: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        return {"way": self.way, "reasons": list(self.reasons)}


def advised_way(case: AdviceCase, costs: Mapping[WayName, WayCosts]) -> WayAdvice:
    retrieves, trains = _retrieves(case), _trains(case)
    ways: dict[tuple[bool, bool], AdvisedWay] = {
        (True, True): "both",
        (True, False): "retrieve",
        (False, True): "train",
        (False, False): "neither",
    }
    way = ways[retrieves, trains]
    reasons = (*_reasons(case, retrieves=retrieves, trains=trains), *_money(case, costs))
    return WayAdvice(way=way, reasons=reasons)


def _fewest(case: AdviceCase) -> int:
    return catalog().model(case.model).methods[FINE_TUNING].min_records


def _trainable(case: AdviceCase) -> bool:
    return case.examples >= _fewest(case)


def _retrieves(case: AdviceCase) -> bool:
    """Where nobody says what is wanted: documents that change are for retrieval."""
    if case.wants:
        return bool(case.documents) and any(want in _FACTS for want in case.wants)
    return bool(case.documents and (case.changes or not _trainable(case)))


def _trains(case: AdviceCase) -> bool:
    if not _trainable(case):
        return False
    if case.wants:
        return any(want in _MANNERS for want in case.wants)
    return not _retrieves(case)


def _reasons(case: AdviceCase, *, retrieves: bool, trains: bool) -> Iterator[str]:
    if not case.wants:
        yield (
            "it was not said what is wanted (--want): that decides more than money does; this considers only documents, "
            "changes and examples"
        )
    if retrieves:
        yield (
            "retrieve: a passage says what is true today and where that is written; models learn new facts badly by "
            "fine-tuning (https://arxiv.org/abs/2312.05934), and what they learnt cannot be cited"
        )
        if case.changes:
            yield f"retrieve: the facts change {case.often}; documents are ingested in minutes, training takes hours"
    if trains:
        yield (
            "train: a style, a format or a task is learnt from examples, and then costs no tokens in each question; "
            "passages say what, not how"
        )
    yield from _missing(case)
    if trains and not retrieves and case.changes >= _OF_A_MONTH:
        yield (
            f"caution: the facts change {case.often}, and each training is evaluated and released; what changes that "
            "fast is better retrieved"
        )


def _missing(case: AdviceCase) -> Iterator[str]:
    if not _trainable(case):
        yield (
            f"not train: {case.examples:,} examples are too few; {case.model} takes {_fewest(case):,} at least"
        )
    if not case.documents:
        yield "not retrieve: there are no documents to search"


def _money(case: AdviceCase, costs: Mapping[WayName, WayCosts]) -> Iterator[str]:
    train, retrieve = costs["train"], costs["retrieve"]
    if train.unknown or retrieve.unknown:
        yield "money: which way is cheaper is not known, since prices are missing"
        return
    dear, cheap = sorted((train, retrieve), key=lambda way: -way.total)
    if dear.total == cheap.total:
        yield f"money: over {case.months} months both ways cost the same"
        return
    words = {"train": "training", "retrieve": "retrieval"}
    yield (
        f"money: over {case.months} months {words[cheap.way]} costs ${dear.total - cheap.total:,.2f} less; that decides "
        "nothing if one way does not do what is wanted"
    )
