"""Exit codes, the same for every command, and the last line of defence against tracebacks."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from tuning.errors import TuningError
from tuning.reports.visible_text import printable


class Exit(IntEnum):
    DONE = 0
    """Accepted, or done: that of a command that returns."""
    REFUSED = 1
    """The data was checked and refused."""
    USAGE = 2
    """The command was used wrongly: unknown model, bad option, bad recipe."""
    FAULT = 3
    """AWS or the machine failed: a file that cannot be read, a call that was denied."""


@contextmanager
def refusals() -> Iterator[None]:
    """Say a refusal or an I/O fault in one message on standard error, and exit with its code."""
    try:
        yield
    except TuningError as error:
        print(printable(f"tuning: {error}"), file=sys.stderr)  # noqa: T201 — the command line's own voice
        raise SystemExit(Exit.USAGE) from None
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        words = printable(f"tuning: {where}{error.strerror or error}")
        print(words, file=sys.stderr)  # noqa: T201 — idem
        raise SystemExit(Exit.FAULT) from None
