"""What is declared of a step, and of the metrics that it writes."""

from dataclasses import dataclass
from typing import Literal

from tuning.pascal_case import pascal
from tuning.pipeline.grants import Access
from tuning.runs.function_settings import Settings

StepKind = Literal[
    "task",
    "release",
    "consumer",
    "scheduled",
    "deployment",
    "import_consumer",
    "import",
    "import_map",
    "import_scheduled",
    "ingestion_consumer",
    "ingestion",
    "assistant",
]
"""What invokes a step: the state machine of runs, that of releases, a queue, a schedule, or CloudFormation; where
models are imported, the queue of adapters and weights, the state machine of imports, its map, or a schedule; where there are
assistants, their private API and, of those with documents, the queue of changes or the state machine of ingestions."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A metric that a step writes into its log, and the alarm on it, if any."""

    name: str
    label: str
    """As the dashboard has it."""
    statistic: Literal["Maximum", "Sum"] = "Maximum"
    alarm: str = ""
    """The alarm's name; none without one."""
    at_least: float | None = None
    """In ALARM from this value on."""
    below_share_of_budget: float | None = None
    """In ALARM below this share of the month's budget, where there is one."""
    meaning: str = ""
    """What the alarm says."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One step: a handler in `lambdas/`, the function that runs it, and what it may do."""

    name: str
    """Of the module in `lambdas/`; also the `service` of its logs and metrics."""
    kind: StepKind
    does: str
    """One sentence, for people."""
    failing: str
    """What it means for people that its errors alarm is in ALARM."""
    access: tuple[Access, ...] = ()
    settings: type[Settings] | None = None
    """The settings in its environment."""
    takes: tuple[str, ...] = ()
    """Variables of the state machine that a task is invoked with."""
    takes_after_rollback: tuple[tuple[str, str], ...] = ()
    """What the function of the former version reads besides, and the JSONata that says it: executions under
    way meet it again when a deployment is taken back."""
    gives: str = ""
    """The variable that keeps a task's answer."""
    follows_a_job: bool = False
    """Whether its run may have a job: then a fault that passes is outlasted, however long."""
    tried_after_timeout: bool = True
    """Whether a task that was cut off by Lambda is tried again, as after other faults."""
    timeout_seconds: int = 60
    memory_mb: int = 512
    holds_dataset: bool = False
    """Whether its temporary storage has to hold a training and a validation set of the largest size."""
    lists_jobs: bool = False
    """Whether it lists all customization jobs of the account, an action without resources."""
    lists_uses: bool = False
    """Whether it lists deployments and throughput of the account, which are actions without resources, too."""
    creates_imports: bool = False
    """Whether it creates import jobs, an action without resources."""
    merges: bool = False
    """Whether it reads tensors, for which its code has more packages than that of other steps."""
    lists_imported: bool = False
    """Whether it lists the imported models of the account where a recipe imports models, an action without resources."""
    in_vpc: bool = True
    every_minutes: int = 0
    """Of a scheduled step."""
    silent_after_minutes: int = 0
    """Without an invocation for so long, an alarm fires: a scheduled step that does not run must not
    look like one that finds nothing."""
    metrics: tuple[Metric, ...] = ()
    detail_type: str = ""
    """Of Bedrock's events that invoke it beside its schedule."""

    @property
    def title(self) -> str:
        """As people read it, and the name of its state: `Prepare dataset`."""
        return self.name.replace("_", " ").capitalize()

    @property
    def construct_id(self) -> str:
        """Of its construct, which begins the ids of its function, role and logs: `PrepareDataset`."""
        return pascal(self.name, "_")
