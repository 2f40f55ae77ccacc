"""How long a run waits before its check for other uploads: no longer than they may still come."""

from datetime import UTC, datetime, timedelta

import pytest
from domain_builders import any_recipe, any_run

from tuning.runs.check_delay import SETTLE, waits_until

ARRIVED = datetime(2026, 11, 23, 7, tzinfo=UTC)
GRACE = timedelta(minutes=30)


def wait(*, after=timedelta(0), has_validation=False, **options):
    """How long after its arrival the check of a run comes; None: at once."""
    run = any_run(recipe=any_recipe(**options))
    until = waits_until(run, ARRIVED + after, has_validation=has_validation)
    return until and until - ARRIVED


@pytest.mark.parametrize(
    ("has_validation", "options", "expected"),
    [
        (False, {}, None),
        (False, {"wait_for_validation_minutes": 30}, GRACE),
        (True, {"wait_for_validation_minutes": 30}, None),
        (False, {"supersede": True}, SETTLE),
        (True, {"supersede": True, "wait_for_validation_minutes": 30}, SETTLE),
        (False, {"supersede": True, "wait_for_validation_minutes": 30}, GRACE),
    ],
)
def test_a_run_waits_for_what_its_recipe_expects_and_is_not_there(
    has_validation, options, expected
):
    assert wait(has_validation=has_validation, **options) == expected


def test_a_run_that_is_looked_at_when_its_wait_is_over_waits_no_more():
    options = {"wait_for_validation_minutes": 30}
    assert wait(after=GRACE - timedelta(seconds=1), **options) == GRACE
    assert wait(after=GRACE, **options) is None
