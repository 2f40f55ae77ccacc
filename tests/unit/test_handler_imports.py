"""What importing a handler loads: a cold start waits for it, so what is costly is loaded by whom it serves.

`python -m benchmarks.cold_start` measures it; `python -X importtime -c "import lambdas.NAME"` shows where it
goes. Here it is counted, so that the next drift is noticed without a clock.
"""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tuning.pipeline.manifest import OPTED_STEPS, STEPS

ROOT = Path(__file__).parents[2]
NAMES = [step.name for step in (*STEPS, *OPTED_STEPS)]

LIBRARIES = {"aws_lambda_powertools", "botocore", "jmespath", "msgspec", "typing_extensions"}
"""What any handler may load of what is installed beside it."""
READ_PROMPTS = {"plan_evaluation", "answer_prompts", "judge_answers", "decide_release"}
"""By the readers of datasets, in the format of a model."""
READ_GATES = {
    *("plan_evaluation", "judge_answers", "decide_release"),
    *("begin_release", "delete_models"),
}
MERGE = {step.name for step in OPTED_STEPS if step.merges}
"""Numpy, and what it loads itself."""
MORE_LIBRARIES = {
    **{name: {"isal", "xxhash"} for name in ("prepare_dataset", *READ_PROMPTS)},
    **{name: {"ml_dtypes", "numpy"} for name in MERGE},
}
READ_RECIPES = {
    *("receive_upload", "authorize_spend", "start_training"),
    *("receive_adapter", "check_adapter", "reserve_import"),
    *READ_GATES,
}
COSTLY = {
    "tomllib": {*READ_RECIPES, "answer_question", "answer_with_tools"},
    "tuning.runs.recipe_files": READ_RECIPES,
    "tuning.models.catalog": {
        *("authorize_spend", "begin_release", "collect_results", "prepare_dataset"),
        *READ_PROMPTS,
    },
    "tuning.models.estimate": {"authorize_spend", "collect_results"},
    "tuning.datasets.rules": {"prepare_dataset", *READ_PROMPTS},
    "tuning.datasets.check": {"prepare_dataset"},
    "tuning.datasets.diagnosis": set(),
    "tuning.datasets.convert.command": READ_PROMPTS,
    "tuning.reports.report_page": set(),
    "tuning.pipeline.manifest": set(),
    "botocore.session": set(),
    "concurrent.futures": MERGE,
    "ctypes": {"prepare_dataset", *READ_PROMPTS, *MERGE},
    "html": set(),
    "importlib.metadata": MERGE,
    "importlib.resources": MERGE,
    "ssl": {"close_default_group", "set_invocation_log"},
    "tempfile": {"close_default_group", "prepare_dataset", "set_invocation_log", *MERGE},
    "unicodedata": {"prepare_dataset", *READ_PROMPTS},
}
"""A module that costs a millisecond or more, and the steps whose work begins with it."""


@cache
def modules(program):
    environment = {
        **os.environ,
        "POWERTOOLS_SERVICE_NAME": "x",
        "POWERTOOLS_METRICS_NAMESPACE": "x",
    }
    command = [sys.executable, "-c", f"import sys; {program}; print(*sys.modules)"]
    done = subprocess.run(  # noqa: S603 — our own words
        command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    return frozenset(done.stdout.split())


def loaded(name):
    """But for what the interpreter and this environment's start-up hooks load by themselves."""
    return modules(f"import lambdas.{name}") - modules("pass")


@pytest.mark.thorough
@pytest.mark.parametrize("module", COSTLY)
def test_a_costly_module_is_loaded_by_the_handlers_whose_work_begins_with_it(module):
    assert {name for name in NAMES if module in loaded(name)} == COSTLY[module]


@pytest.mark.thorough
@pytest.mark.parametrize("name", NAMES)
def test_a_handler_loads_no_other_library(name):
    packages = {module.partition(".")[0] for module in loaded(name)}
    others = packages - sys.stdlib_module_names - {"lambdas", "tuning"}
    assert others - LIBRARIES - MORE_LIBRARIES.get(name, set()) == set()
