"""The functions as their former version took and answered things: for deployments amid runs, and rollbacks.

What they do is done by the present ones. What differs is what an execution notices: the names that they
read of its input, and the words of their answers, as the first version's code had them
(tests/data/former_version has what it stored).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from explored_handlers import Handler

FORMER = json.loads(
    (Path(__file__).parents[1] / "data/former_version/definition.json").read_bytes()
)
"""Its state machine, as its own synthesis wrote it."""
_READ: Mapping[str, tuple[str, ...]] = {
    "prepare_dataset": ("run",),
    "authorize_spend": ("run", "dataset", "approval"),
    "start_training": ("run", "dataset", "job"),
    "track_training": ("run", "job", "progress"),
    "collect_results": ("run", "job", "tokens"),
    "settle_spend": ("run", "charge"),
}
"""Each raises KeyError when it is not sent."""
_LATER = {"dispatch_queue": {"answered": []}}
"""Functions that there were not, and what comes of a round without them."""


def former(name: str, handler: Handler) -> Handler:
    def work(event: Any, context: Any) -> Any:
        if name in _LATER:
            return _LATER[name]
        read = _READ.get(name)
        sent = event if read is None else {each: event[each] for each in read}
        return _said(name, handler(sent, context))

    return work


def _said(name: str, answer: Any) -> Any:
    match name:
        case "authorize_spend":
            if answer["decision"] in ("authorized", "stopped"):  # `Start training` stops it
                return {"leave": "granted"}
            return {"leave": "asked", "why": answer["why"], "seconds": answer["approval_seconds"]}
        case "settle_spend":
            return {"usd": answer.get("usd")}
    return answer


@dataclass
class Deployed(Mapping[str, Handler]):
    """Functions of one version, and from the invocation of this number on, of the other."""

    functions: Mapping[str, Handler]
    at: int
    rollback: bool
    """Whether the present version comes first."""
    invocations: int = field(default=0)

    def __getitem__(self, name: str) -> Handler:
        handler = self.functions[name]
        deployed = self.invocations >= self.at
        self.invocations += 1
        return former(name, handler) if deployed == self.rollback else handler

    def __iter__(self) -> Iterator[str]:
        return iter(self.functions)

    def __len__(self) -> int:
        return len(self.functions)
