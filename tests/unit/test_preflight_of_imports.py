"""Whether an account will take the imports of an environment."""

from dataclasses import replace

import pytest
from test_preflight import FACTS, NEEDS, found

from tuning.preflight.quotas import IMPORT_JOBS, IMPORTED_MODELS

IMPORTING = replace(NEEDS, imports=("llama",))


def test_an_environment_without_such_a_recipe_is_not_asked_what_it_may_import():
    assert not found("import_jobs")
    assert not found("imported_models")


@pytest.mark.parametrize(
    ("jobs", "models", "there", "outcomes"),
    [(1, 3, 2, ["ok", "ok"]), (1, 3, 3, ["ok", "will fail"]), (0, 3, 0, ["will fail", "ok"])],
)
def test_an_environment_that_imports_needs_a_job_and_room_for_a_model(
    jobs, models, there, outcomes
):
    granted = {**FACTS.quotas, IMPORT_JOBS.code: jobs, IMPORTED_MODELS.code: models}
    said = [
        each
        for check in ("import_jobs", "imported_models")
        for each in found(check, IMPORTING, quotas=granted, imported_models=there)
    ]
    assert [each.outcome for each in said] == outcomes
    assert all(each.fix for each in said if each.outcome != "ok")
