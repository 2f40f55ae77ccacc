"""What the platform refuses, and how it says so.

TuningError                 every refusal: what, where, how to fix; never a traceback for the user
├── RecipeError             a recipe file that would fail, or be refused, at AWS
├── UnknownModelError       a base model the catalog does not know
├── OptionError             what was asked for cannot be done in that way, whatever the data hold
├── SplitError              records that cannot be split as asked
├── ConfigError             an environment that cannot be deployed as written
├── KernelError             the checker's kernel does not fit, or cannot be built
└── SettingsError           a function started without the environment its stack gives it
"""

from collections.abc import Iterable
from difflib import get_close_matches


class TuningError(Exception):
    """A refusal. The message is complete: it is printed as it is."""


class RecipeError(TuningError):
    pass


class UnknownModelError(TuningError):
    pass


class OptionError(TuningError):
    pass


class KernelError(TuningError):
    pass


class SplitError(TuningError):
    pass


class ConfigError(TuningError):
    pass


class SettingsError(TuningError):
    pass


def nearest(word: str, known: Iterable[str]) -> str:
    """` (did you mean 'x'?)` for a near miss among `known`, else an empty string."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" (did you mean {close[0]!r}?)" if close else ""
