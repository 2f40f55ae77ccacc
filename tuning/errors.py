"""What the platform refuses, and how it says so.

TuningError                 every refusal: what, where, how to fix; never a traceback for the user
├── RecipeError             a recipe file that would fail, or be refused, at AWS
├── GuardrailError          a guardrail file that would fail, or be refused, at AWS
├── AssistantError          an assistant's file that would fail, or be refused, at AWS
├── UnknownModelError       a base model the catalog does not know
├── OptionError             what was asked for cannot be done in that way, whatever the data hold
│   └── MissingLibraryError  it takes a library that is not installed
├── SplitError              records that cannot be split as asked
├── ConfigError             an environment that cannot be deployed as written
├── KernelError             the checker's kernel does not fit, or cannot be built
└── SettingsError           a function started without the environment its stack gives it
"""

from collections.abc import Iterable


class TuningError(Exception):
    """A refusal. The message is complete: it is printed as it is."""


class RecipeError(TuningError):
    pass


class GuardrailError(TuningError):
    pass


class AssistantError(TuningError):
    pass


class UnknownModelError(TuningError):
    pass


class OptionError(TuningError):
    pass


class MissingLibraryError(OptionError):
    def __init__(self, doing: str, library: str, extra: str) -> None:
        """`doing` what takes a library that comes with an extra of this package."""
        super().__init__(
            f"{doing} needs {library}, which is not installed: "
            f'pip install "bedrock-private-tuning[{extra}]"'
        )


class KernelError(TuningError):
    pass


class SplitError(TuningError):
    pass


class ConfigError(TuningError):
    pass


class SettingsError(TuningError):
    pass


NEAR = 0.6  # of get_close_matches: how much of two words has to match


def nearest(word: str, known: Iterable[str]) -> str:
    """` (did you mean 'x'?)` for a near miss among `known`, else an empty string."""
    if not (possible := [name for name in known if _may_be_near(word, name)]):
        return ""
    from difflib import get_close_matches  # noqa: PLC0415 — most commands and functions meet no near miss

    close = get_close_matches(word, possible, n=1, cutoff=NEAR)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _may_be_near(word: str, name: str) -> bool:
    """What `get_close_matches` tells first, too: it takes a hundred times as long, and a record may have 5,000 keys."""
    both = len(word) + len(name)
    if not both:
        return True
    if 2.0 * min(len(word), len(name)) / both < NEAR:
        return False
    common = sum(min(word.count(sign), name.count(sign)) for sign in set(name))
    return 2.0 * common / both >= NEAR
