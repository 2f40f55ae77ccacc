"""IAM: `*` and `?` in a policy stand for any character, a line feed too.

MiniStack's do not, so that a policy for `bucket/*` does not reach a key with a line feed in it.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
"""

import re
from functools import cache

from ministack.core import iam_evaluator

_WILD = {"*": ".*", "?": "."}


def install() -> None:
    iam_evaluator._fnmatch_compile = compiled


@cache
def compiled(pattern: str, ignore_case: bool) -> re.Pattern[str]:  # noqa: FBT001 -- MiniStack's order
    """MiniStack matches with it from the beginning."""
    written = "".join(_WILD.get(each) or re.escape(each) for each in pattern)
    return re.compile(rf"{written}\Z", re.DOTALL | (re.IGNORECASE if ignore_case else 0))
