"""A report for programs: the document of `--format json` and of a run's `report.json`."""

import json as stdlib
from collections.abc import Mapping
from typing import Any

from tuning.datasets.report import Report


def json(report: Report, *, estimate: Mapping[str, Any] | None = None) -> str:
    """Plain ASCII, so that no terminal is driven and no encoding fails on what the data holds.

    `estimate` is the dictionary of `tuning.models.estimate.Estimate`.
    """
    priced = {"estimate": estimate} if estimate else {}
    return stdlib.dumps({**report.to_dict(), **priced}, indent=2, allow_nan=False) + "\n"
