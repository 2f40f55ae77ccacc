"""What AWS answers when it does not do what was asked, told in one line instead of a traceback."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec, TypeVar

from tuning.errors import OptionError, TuningError

_Given = ParamSpec("_Given")
_Answer = TypeVar("_Answer")


class AccountError(OSError):
    """AWS did not answer, or denied what was asked: the command ends with exit code 3."""


class UnknownRunError(TuningError):
    """A run that the ledger does not know."""


@contextmanager
def told() -> Iterator[None]:
    """Turn the faults of AWS, the network and the credentials into an AccountError."""
    try:
        from botocore import exceptions  # noqa: PLC0415 — with botocore's own weight, see account.py
    except ModuleNotFoundError:
        raise OptionError(
            "this command calls AWS and needs botocore: pip install 'bedrock-private-tuning[aws]'"
        ) from None

    try:
        yield
    except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError) as error:
        raise AccountError(
            f"{error}: log in as for the AWS command line (aws sts get-caller-identity shows "
            "whether you are), or set AWS_ENDPOINT_URL and AWS_ACCESS_KEY_ID for an emulator"
        ) from None
    except exceptions.ClientError as error:
        said = error.response.get("Error", {})
        raise AccountError(
            f"AWS refused {error.operation_name}: {said.get('Code')}: {said.get('Message')}"
        ) from None
    except exceptions.NoRegionError:
        raise AccountError("no Region is known: pass --region, or set AWS_REGION") from None
    except exceptions.BotoCoreError as error:
        raise AccountError(
            f"AWS cannot be reached: {error}; look at network, Region and AWS_ENDPOINT_URL"
        ) from None


def speaks_to_aws(command: Callable[_Given, _Answer]) -> Callable[_Given, _Answer]:
    """A command of the command line whose faults of AWS are told, not traced."""

    @wraps(command)
    def spoken(*given: _Given.args, **named: _Given.kwargs) -> _Answer:
        with told():
            return command(*given, **named)

    return spoken
