"""How a run ended, and what Bedrock may bill for it."""

from typing import Literal

from tuning.runs.json_record import Record
from tuning.runs.run_states import EndState

Charge = Literal["nothing", "job", "unknown"]
"""What Bedrock may bill: nothing, since no job was made; what the job came to; or nobody knows, since
a step died."""


class Outcome(Record, frozen=True, kw_only=True):
    """The state machine writes it, into the ledger and as the output of its execution."""

    state: EndState
    summary: str = ""
    """One sentence for the uploader."""
    kind: str | None = None
    """Of a failure, see tuning/runs/failures.py; else the name of an error."""
    fix: str | None = None
    report: str | None = None
    """URI of the report."""
    model: str | None = None
    """ARN of the custom model."""
    charge: Charge = "unknown"
    unsure: bool = False
    """Whether a job may be left behind, which the reconciler looks for."""
