"""What the functions of releases and deletions know of their environment."""

from tuning.runs.function_settings import Settings


class DeleterSettings(Settings, frozen=True, kw_only=True):
    """What `delete_models` knows: where versions are recorded, and whom it tells what it has deleted."""

    ledger_table: str
    notices_topic_arn: str


class ReleaseSettings(Settings, frozen=True, kw_only=True):
    """What the steps of the Release state machine know, which asks whether another execution of it has ended."""

    ledger_table: str
    release_machine_arn: str


class RemovalSettings(ReleaseSettings, frozen=True, kw_only=True):
    """What `remove_candidates` knows."""

    notices_topic_arn: str


class EvaluationSettings(Settings, frozen=True, kw_only=True):
    """What its steps know that evaluate."""

    ledger_table: str
    artifacts_bucket: str


class JudgeSettings(EvaluationSettings, frozen=True, kw_only=True):
    """What `judge_answers` knows."""

    judge_role_arn: str
    """Which Bedrock assumes; "none" where no recipe asks for a judge."""
