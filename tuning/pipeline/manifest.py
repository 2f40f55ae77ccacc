"""Every step of the platform, declared once.

Functions, roles, log groups, alarms and the tasks of the state machine are made from this table;
the reviewer's vocabulary, the runbook, the benchmarks and the tests are compared with it. To add a
step: its handler in `lambdas/`, its entry in `run_steps.py`, `release_tasks.py`, `watching_steps.py`,
`import_tasks.py`, `ingestion_tasks.py` or `assistant_steps.py`, its place in the state machine, its tests. The file of reviewed permissions, `review/permissions.toml`, is written by hand
all the same: it is the review.
"""

from tuning.pipeline.assistant_steps import ASSISTANT_STEPS
from tuning.pipeline.import_tasks import IMPORT_STEPS
from tuning.pipeline.ingestion_tasks import INGESTION_STEPS
from tuning.pipeline.release_tasks import RELEASE_STEPS
from tuning.pipeline.run_steps import RUN_STEPS
from tuning.pipeline.step import Step, StepKind
from tuning.pipeline.watching_steps import SET_INVOCATION_LOG, WATCHING_STEPS

STEPS: tuple[Step, ...] = (*RUN_STEPS, *RELEASE_STEPS, *WATCHING_STEPS)
OPTED_STEPS: tuple[Step, ...] = (
    SET_INVOCATION_LOG,
    *IMPORT_STEPS,
    *INGESTION_STEPS,
    *ASSISTANT_STEPS,
)
"""Those that an environment has only where its Config or a recipe of it says so."""


def of_kind(*kinds: StepKind) -> tuple[Step, ...]:
    return tuple(step for step in STEPS if step.kind in kinds)


def step_named(name: str) -> Step:
    """Raises StopIteration for a name that no step has."""
    return next(step for step in (*STEPS, *OPTED_STEPS) if step.name == name)
