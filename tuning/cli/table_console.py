"""Where commands print a table."""

import sys

from rich.console import Console

_WIDE = 2000


def table_console() -> Console:
    """As wide as the terminal; in a pipe so wide that a row is one line, for grep. Words are printed as they are."""
    width = None if sys.stdout.isatty() else _WIDE
    return Console(markup=False, highlight=False, emoji=False, width=width)
