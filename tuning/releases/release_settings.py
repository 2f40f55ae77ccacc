"""What the functions of releases and deletions know of their environment."""

from dataclasses import dataclass

from tuning.runs.function_settings import Settings


@dataclass(frozen=True, kw_only=True)
class DeleterSettings(Settings):
    """What `delete_models` knows: where versions are recorded, and whom it tells what it has deleted."""

    ledger_table: str
    notices_topic_arn: str


@dataclass(frozen=True, kw_only=True)
class ReleaseSettings(Settings):
    """What the steps of the Release state machine know, which asks whether another execution of it has ended."""

    ledger_table: str
    release_machine_arn: str


@dataclass(frozen=True, kw_only=True)
class RemovalSettings(ReleaseSettings):
    """What `remove_candidates` knows."""

    notices_topic_arn: str


@dataclass(frozen=True, kw_only=True)
class EvaluationSettings(Settings):
    """What its steps know that evaluate."""

    ledger_table: str
    artifacts_bucket: str


@dataclass(frozen=True, kw_only=True)
class JudgeSettings(EvaluationSettings):
    """What `judge_answers` knows."""

    judge_role_arn: str
    """Which Bedrock assumes; "none" where no recipe asks for a judge."""
