"""One synthesis and one set of functions for all histories."""

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

# Powertools reads these when `lambdas.observe` is imported, as in a function.
os.environ["POWERTOOLS_SERVICE_NAME"] = "function"
os.environ["POWERTOOLS_METRICS_NAMESPACE"] = "Tuning"

import pytest
import synthesized
from explored_handlers import Handler, opened
from release_history import lived, released_world
from release_world import Releasing


@pytest.fixture(scope="session")
def definitions(tmp_path_factory) -> dict[str, dict[str, Any]]:
    folder = str(tmp_path_factory.mktemp("machines"))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(synthesized.definitions, folder).result()


@pytest.fixture(scope="session")
def definition(definitions) -> dict[str, Any]:
    return definitions["TrainingRunMachine"]


@pytest.fixture(scope="session")
def functions() -> Iterator[Mapping[str, Handler]]:
    with opened() as found:
        yield found


@pytest.fixture
def releasing() -> Iterator[Releasing]:
    with released_world() as found:
        yield found


@pytest.fixture
def run(releasing, definitions):
    def run(request, *, dies=None, after=False, killed=None):
        strikes = {dies: "dies after" if after else "dies before", killed: "killed"}
        return lived(definitions["ReleaseMachine"], releasing, request, strikes)

    return run
