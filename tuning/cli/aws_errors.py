"""What AWS answers when it does not do what was asked, reported in one line instead of a traceback."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

from tuning.aws.error_messages import explained
from tuning.aws.transient import aws_errors
from tuning.errors import OptionError, TuningError

_Given = ParamSpec("_Given")
_Answer = TypeVar("_Answer")


class AccountError(OSError):
    """AWS did not answer, or denied what was asked: the command ends with exit code 3."""


class UnknownRunError(TuningError):
    """A run that the ledger does not know."""


@contextmanager
def explained_errors() -> Iterator[None]:
    """Turn the faults of AWS, the network and the credentials into an AccountError."""
    try:
        errors = aws_errors()
    except ModuleNotFoundError:
        raise OptionError(
            "this command calls AWS and needs botocore: pip install 'bedrock-private-tuning[aws]'"
        ) from None
    try:
        yield
    except errors as error:
        raise AccountError(explained(error)) from None


def speaks_to_aws(command: Callable[_Given, _Answer]) -> Callable[_Given, _Answer]:
    """A command of the command line that reports AWS errors without a traceback."""

    @wraps(command)
    def spoken(*given: _Given.args, **named: _Given.kwargs) -> _Answer:
        with explained_errors():
            return command(*given, **named)

    return spoken
