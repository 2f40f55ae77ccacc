"""Faults on demand: what goes wrong on AWS now and then, when a test or a person wants it to."""

import threading
from dataclasses import asdict, dataclass, field, replace
from fnmatch import fnmatchcase
from typing import Any, Literal, get_args

from emulator.bedrock.api_errors import JobFailed

FaultKind = Literal["fail", "stall", "throttle", "quota", "lost-response"]
FaultPhase = Literal[
    "Validation", "DataProcessing", "Training", "Deployment", "Evaluation", "Import", "Ingestion"
]


@dataclass(frozen=True, kw_only=True)
class InjectedFault:
    """`fail` and `stall` name a phase; `throttle` and `lost-response` an operation.

    Phases are those of a job, `Deployment`: creating or updating one can only fail, and `Evaluation` and
    `Import`: the whole of a job with a judge, or that imports a model. Of `Ingestion`, `jobs` are data sources by
    their ids, whose job fails or does not go on, or keys of documents, which fail alone.

    A stalled phase does not begin: the job stays InProgress with that sub-status NotStarted, as
    public field reports saw it for days. A lost response is a 500 after the operation was done.
    """

    kind: FaultKind
    phase: FaultPhase = "Training"
    message: str = "Encountered an internal error when processing the request."
    operation: str = "*"
    jobs: str = "*"
    """Names of jobs or deployments the fault is limited to, as a shell pattern."""
    times: int | None = None
    """How often it strikes; for ever when absent."""
    limit: int = 0
    """The quota of jobs in progress, for `quota`."""

    def __post_init__(self) -> None:
        if self.kind not in get_args(FaultKind):
            raise ValueError(
                f"unknown fault {self.kind!r}; one of {', '.join(get_args(FaultKind))}"
            )
        if self.phase not in get_args(FaultPhase):
            raise ValueError(
                f"unknown phase {self.phase!r}; one of {', '.join(get_args(FaultPhase))}"
            )


@dataclass
class Faults:
    """Those in force, oldest first."""

    _standing: list[InjectedFault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault: InjectedFault) -> None:
        with self._lock:
            self._standing.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._standing.clear()

    def describe(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(fault) for fault in self._standing]

    def take(
        self, kind: FaultKind, *, operation: str = "", phase: str = "", job: str = ""
    ) -> InjectedFault | None:
        """The fault that strikes here, counted down."""
        with self._lock:
            for position, fault in enumerate(self._standing):
                if _strikes(fault, kind, operation, phase, job):
                    if fault.times is not None:
                        self._standing[position : position + 1] = (
                            [replace(fault, times=fault.times - 1)] if fault.times > 1 else []
                        )
                    return fault
        return None

    def strike(self, phase: FaultPhase, job: str) -> None:
        """Raises `JobFailed` where one is to fail."""
        if fault := self.take("fail", phase=phase, job=job):
            raise JobFailed(fault.message)

    def holds(self, kind: FaultKind, *, phase: str, job: str) -> bool:
        with self._lock:
            return any(_strikes(fault, kind, "", phase, job) for fault in self._standing)


def _strikes(fault: InjectedFault, kind: FaultKind, operation: str, phase: str, job: str) -> bool:
    return (
        fault.kind == kind
        and (not operation or fnmatchcase(operation, fault.operation))
        and (not phase or fault.phase == phase)
        and fnmatchcase(job, fault.jobs)
    )
