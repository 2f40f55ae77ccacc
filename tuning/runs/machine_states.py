"""The states of the TrainingRun state machine, by name, for the code that defines them and the code that reads a
history; that of a task that nobody asks for by name is the title of its step. An execution under way keeps
the names it was started with.
"""

from collections.abc import Mapping
from enum import StrEnum

from tuning.runs.run_states import State

OUTCOME_NOT_REPORTED = "OutcomeNotReported"
"""The error of an execution that could not record its outcome, or notify of it; its cause is the outcome."""


class MachineState(StrEnum):
    BEGIN = "Begin"
    UPLOAD_EXPECTED = "Upload expected?"
    UPLOAD_NOT_EXPECTED = "Upload not expected"
    RESUME_OUTCOME = "Resume outcome"
    PREPARE_DATASET = "Prepare dataset"
    STOP_EARLIER_VERSION = "Stop earlier version"
    READ_EARLIER_VERSION = "Read earlier version"
    EARLIER_VERSION_WAITS = "Earlier version waits?"
    ANSWER_EARLIER_VERSION = "Answer earlier version"
    WAIT_FOR_UPLOADS = "Wait for other uploads"
    DATASET_ACCEPTED = "Dataset accepted?"
    DATASET_REFUSED = "Dataset refused"
    AUTHORIZE_SPEND = "Authorize spend"
    SPEND_AUTHORIZED = "Spend authorized?"
    REQUEST_APPROVAL = "Request approval"
    WAIT_FOR_APPROVAL = "Wait for approval"
    APPROVED = "Approved?"
    ANSWER_NOT_TAKEN = "Answer not taken"
    NOT_APPROVED = "Not approved"
    APPROVAL_EXPIRED = "Approval expired"
    START_TRAINING = "Start training"
    JOB_STARTED = "Job started?"
    JOB_NOT_STARTED = "Job not started"
    WAIT_FOR_JOB_SLOT = "Wait for job slot"
    WAIT_FOR_JOB = "Wait for job"
    TRACK_TRAINING = "Track training"
    JOB_STATUS = "Job status?"
    RETRY_TRAINING = "Retry training"
    JOB_FAILED = "Job failed"
    JOB_STOPPED = "Job stopped"
    STOPPED_EARLY = "Stopped before its job"
    COLLECT_RESULTS = "Collect results"
    HAS_GATE = "Recipe has a gate?"
    START_RELEASE = "Start release"
    RELEASE_NOT_STARTED = "Release not started"
    MODEL_TRAINED = "Model trained"
    STEP_FAILED = "Step failed"
    SETTLE_SPEND = "Settle spend"
    RECORD_OUTCOME = "Record outcome"
    NOTIFY = "Notify"
    CLOSE_RUN = "Close run"
    NOT_REPORTED = "Outcome not reported"
    OUTCOME = "Outcome?"
    TRAINED = "Trained"
    REFUSED = "Refused"
    STOPPED = "Stopped"
    FAILED = "Failed"


REACHED: Mapping[str, State] = {
    MachineState.PREPARE_DATASET: "started",
    MachineState.AUTHORIZE_SPEND: "checked",
    MachineState.WAIT_FOR_APPROVAL: "awaiting_approval",
    MachineState.START_TRAINING: "authorized",
    MachineState.WAIT_FOR_JOB_SLOT: "queued",
    MachineState.WAIT_FOR_JOB: "training",
    MachineState.RETRY_TRAINING: "again",
}
"""The state of a run whose execution has entered one of these, and no later one of them."""
