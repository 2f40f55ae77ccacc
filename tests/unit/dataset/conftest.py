"""Datasets are read either way, and what is diagnosed is noted."""

from contextlib import contextmanager

import pytest

from tuning.datasets import diagnosis, kernel

WAYS = ("kernel", "msgspec")


@contextmanager
def _passing(way):
    """Who passes over sound lines: the kernel, or msgspec where it was never built."""
    with pytest.MonkeyPatch.context() as patch:
        if way == "msgspec":
            patch.setattr(kernel, "library", lambda: None)
        else:
            assert kernel.library(), "make setup builds the kernel"
        yield way


@pytest.fixture(scope="module", params=WAYS)
def way(request):
    with _passing(request.param) as way:
        yield way


@pytest.fixture(params=WAYS)
def either_way(request):
    """The same, of one test among others."""
    with _passing(request.param) as way:
        yield way


@pytest.fixture
def diagnosed(monkeypatch):
    """The lines that were diagnosed."""
    lines, diagnose = [], diagnosis.diagnose
    monkeypatch.setattr(
        diagnosis, "diagnose", lambda line, *of: lines.append(line) or diagnose(line, *of)
    )
    return lines
