"""Taking a job through its phases. Nothing is trained in the last one: time passes."""

from dataclasses import dataclass, field

from emulator.bedrock import access
from emulator.bedrock import artifacts as artefacts
from emulator.bedrock import training_data as datasets
from emulator.bedrock.api_errors import JobFailed, JobStopped
from emulator.bedrock.emulated_jobs import TERMINAL, EmulatedJob, now
from emulator.bedrock.injected_faults import FaultPhase, Faults
from emulator.bedrock.ports import Surroundings

EVENT = "Model Customization Job State Change"
_POLL_SECONDS = 0.05
UNEXPECTED = "Encountered an unexpected error when processing the request, please try again"
"""https://docs.aws.amazon.com/bedrock/latest/userguide/fine-tuning-troubleshooting.html"""


@dataclass(kw_only=True)
class Trainer:
    aws: Surroundings
    faults: Faults
    phase_seconds: float
    records: dict[str, dict[str, int]] = field(default_factory=dict)

    def run(self, job: EmulatedJob) -> bool:
        """Whether the job has come to its end well; it has come to an end in any case."""
        # An error of the emulator's own ends the job as well, and shows in its log.
        outcome, failure = "Failed", UNEXPECTED
        try:
            self._validate(job)
            self._pass_time(job, "DataProcessing")
            self._train(job)
            outcome = "Completed"
        except JobStopped:
            outcome = "Stopped"
        except JobFailed as fault:
            failure = str(fault)[:2048]
        finally:
            if outcome == "Failed":
                job.failure = failure
            if outcome != "Completed":
                self.change(job, outcome)
        return outcome == "Completed"

    def change(self, job: EmulatedJob, status: str) -> bool:
        """False, and nothing changed, when the job has ended already."""
        with job.lock:
            if job.status in TERMINAL:
                return False
            job.status = status
            job.modified = now()
            if status in TERMINAL:
                job.ended = job.modified
                for phase in job.phases.values():
                    if phase["status"] == "InProgress":
                        phase.update(status=status, lastModifiedTime=job.ended)
        self.aws.events.put(EVENT, job.arn, job.event())
        return True

    def _validate(self, job: EmulatedJob) -> None:
        self._begin(job, "Validation")
        access.check_network(job, self.aws)
        records = {
            uri: datasets.check_records(
                access.read_lines(job, self.aws, uri), access.split_uri(uri)[1], job.offer.format
            )
            for uri in (job.training_uri, *job.validation_uris)
        }
        validation = sum(records[uri] for uri in job.validation_uris)
        datasets.check_counts(records[job.training_uri], validation, job.offer.format)
        access.check_output(job, self.aws)
        self.records[job.arn] = records
        self._finish(job, "Validation")

    def _train(self, job: EmulatedJob) -> None:
        self._begin(job, "Training")
        records = self.records.pop(job.arn)
        self._wait(job, self.phase_seconds)
        self._strike(job, "Training")
        artefacts.write_losses(job, records)
        _, prefix = access.output_location(job)
        for path, body in artefacts.files(job, records):
            if not access.write_output(job, self.aws, prefix + path, body):
                access.check_output(job, self.aws)
                raise JobFailed("Encountered an internal error when processing the request.")
        self._mark(job, "Training", "Completed")

    def _pass_time(self, job: EmulatedJob, phase: FaultPhase) -> None:
        self._begin(job, phase)
        self._finish(job, phase)

    def _begin(self, job: EmulatedJob, phase: FaultPhase) -> None:
        while self.faults.holds("stall", phase=phase, job=job.name):
            self._wait(job, _POLL_SECONDS)
        self._mark(job, phase, "InProgress")

    def _finish(self, job: EmulatedJob, phase: FaultPhase) -> None:
        self._wait(job, self.phase_seconds)
        self._strike(job, phase)
        self._mark(job, phase, "Completed")

    def _strike(self, job: EmulatedJob, phase: FaultPhase) -> None:
        if fault := self.faults.take("fail", phase=phase, job=job.name):
            raise JobFailed(fault.message)

    def _wait(self, job: EmulatedJob, seconds: float) -> None:
        if job.stopping.wait(seconds):
            raise JobStopped

    def _mark(self, job: EmulatedJob, phase: FaultPhase, status: str) -> None:
        job.modified = now()
        job.phases[phase].update(status=status, lastModifiedTime=job.modified)
