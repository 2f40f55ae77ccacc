"""A report for programs: the document of `--format json` and of a run's `report.json`."""

import json as stdlib

from tuning.dataset.report import Report


def json(report: Report) -> str:
    """Plain ASCII, so that no terminal is driven and no encoding fails on what the data holds."""
    return stdlib.dumps(report.to_dict(), indent=2, allow_nan=False) + "\n"
