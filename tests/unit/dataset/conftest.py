"""Lets the tests of this folder share `builders`, `cases` and `oracle` by name, and read either way."""

import sys
from pathlib import Path

import pytest

from tuning.datasets import kernel

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="module", params=["kernel", "msgspec"])
def way(request):
    """Who passes over sound lines: the kernel, or msgspec where it was never built."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "msgspec":
            patch.setattr(kernel, "library", lambda: None)
        else:
            assert kernel.library(), "make setup builds the kernel"
        yield request.param
