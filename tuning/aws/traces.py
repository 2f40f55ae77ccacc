"""What is left of runs in three places: the ledger, Step Functions, Bedrock."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from tuning.aws.customization_jobs import CustomizationJobs
from tuning.aws.executions import Executions
from tuning.aws.ledger import Ledger
from tuning.runs.customization_job import Job
from tuning.runs.reconcile import Trace
from tuning.runs.run import Run

EachApart = Callable[[str], AbstractContextManager[None]]
"""A block in which one item, of that name, is treated: what it raises stops no other."""


@dataclass(frozen=True, kw_only=True)
class Traces:
    ledger: Ledger
    executions: Executions
    jobs: CustomizationJobs

    def jobs_in_progress(self, environment: str, each_apart: EachApart) -> dict[str, list[Job]]:
        """Those that bear this environment's tag, by the run whose tag they bear. A job whose tags
        cannot be read is found in the next round.
        """
        found: dict[str, list[Job]] = {}
        for job in self.jobs.in_progress():
            with each_apart(job.arn):
                tags = self.jobs.tags(job.arn)
                if tags.get("environment") == environment and "run" in tags:
                    found.setdefault(tags["run"], []).append(job)
        return found

    def of(self, run_id: str, jobs: list[Job]) -> Trace:
        """The record is read after the execution, which records its outcome before it ends."""
        record = self.ledger.read(run_id)
        execution = self.executions.described(record.last_execution if record else run_id)
        if record and not (execution and execution.runs):
            record = self.ledger.read(run_id)
        if record and record.ended and execution and not execution.runs:
            known = {job.arn for job in jobs}
            run = Run.from_dict(execution.given) if "recipe" in execution.given else None
            names = dict.fromkeys((run.job_name, run.again().job_name)) if run else ()
            jobs = [*jobs, *(job for job in self.jobs.named(*names) if job.arn not in known)]
        return Trace(run_id=run_id, record=record, execution=execution, jobs=tuple(jobs))
