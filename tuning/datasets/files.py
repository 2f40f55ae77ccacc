"""Checks files on disk, with several processes where that pays.

Each process reads a range of whole lines and sends its tally back; tallies of adjoining ranges
make one, so that the report is the same, byte for byte, for any number of them.
"""

import os
import pickle
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Self

from tuning.datasets.check import concluded
from tuning.datasets.opening import Opened, opened
from tuning.datasets.report import Report
from tuning.datasets.scan import MAX_LINE, Scanner
from tuning.datasets.tally import Policy, Tally
from tuning.models.catalog import Method

_WORTH_IT = 8 << 20
"""Bytes. A smaller stretch is read before another process would have started."""


def check_files(
    training: Path,
    validation: Path | None = None,
    *,
    method: Method,
    policy: Policy = Policy(),  # noqa: B008 — frozen
    jobs: int = 1,
    limit: int | None = None,
    evaluation: Path | None = None,
    fewest: int | None = None,
) -> Report:
    """The report of `check`, byte for byte the same for any number of jobs; 0 takes every core.

    `limit` holds for the bytes that come out of an archive; OverLimitError is raised at one more.
    `fewest` is how many different prompts the gate asks of an evaluation set.
    """
    workers = jobs or os.cpu_count() or 1
    first = tallied(training, method, policy, workers, limit=limit)
    others = [
        tallied(path, method, policy, workers, limit=limit) if path else None
        for path in (validation, evaluation)
    ]
    return concluded(first, *others, method=method, fewest=fewest)


def tallied(
    path: Path,
    method: Method,
    policy: Policy,
    jobs: int,
    *,
    worth_it: int = _WORTH_IT,
    limit: int | None = None,
) -> Tally:
    """One file, read by up to `jobs` processes."""
    size = path.stat().st_size
    pieces = min(jobs, size // worth_it) if hasattr(os, "fork") else 1
    with path.open("rb") as file:
        source = opened(file, name=str(path), limit=limit)
        if pieces < 2 or source.stream is not file or source.hopeless or source.document:  # noqa: PLR2004 — more than one
            return Scanner(str(path), method, policy).scan(source)
        starts = [file.tell(), *_borders(file, size, pieces)]
        ends = [*starts[1:], size]
    with ExitStack() as stack:
        others = [
            stack.enter_context(_Worker(path, start, end, method, policy))
            for start, end in zip(starts[1:], ends[1:], strict=True)
        ]
        whole = _range(path, starts[0], ends[0], method, policy)
        whole.repairs.update(source.repairs)
        for worker in others:
            whole.absorb(worker.tally())
    return whole


def _borders(file: BinaryIO, size: int, pieces: int) -> Iterator[int]:
    """Where ranges may be cut: after a line feed. A line too long for one is never cut."""
    last = file.tell()
    for i in range(1, pieces):
        file.seek(max(last, size * i // pieces))
        if not file.readline(MAX_LINE + 1).endswith(b"\n"):
            continue
        if last < file.tell() < size:
            last = file.tell()
            yield last


def _range(path: Path, start: int, end: int, method: Method, policy: Policy) -> Tally:
    with path.open("rb") as file:
        file.seek(start)
        return Scanner(str(path), method, policy).scan(Opened(stream=file), size=end - start)


class _Worker:
    """A forked process that reads one range. Pipes and fork work where shared memory does not."""

    def __init__(self, path: Path, start: int, end: int, method: Method, policy: Policy) -> None:
        self._reading, writing = os.pipe()
        self._child = os.fork()
        if self._child == 0:
            self._work(writing, path, start, end, method, policy)
        os.close(writing)

    def _work(
        self, writing: int, path: Path, start: int, end: int, method: Method, policy: Policy
    ) -> None:
        status = 1
        try:
            os.close(self._reading)
            with os.fdopen(writing, "wb") as pipe:
                pickle.dump(_range(path, start, end, method, policy), pipe, protocol=5)
            status = 0
        finally:
            os._exit(status)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._reading)
        os.waitpid(self._child, 0)

    def tally(self) -> Tally:
        """What the process found. Raises OSError when it died."""
        with os.fdopen(os.dup(self._reading), "rb") as pipe:
            try:
                found = pickle.load(pipe)  # noqa: S301 — written by our own process
            except EOFError:
                raise OSError("a process that read a part of the file died") from None
        assert isinstance(found, Tally)  # noqa: S101 — for the type checker
        return found
