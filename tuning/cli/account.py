"""One deployed environment, as its operator sees it: ledger, queue, executions, jobs, files."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Self

from tuning.aws.clients import Clients, clients
from tuning.aws.customization_jobs import CustomizationJobs
from tuning.aws.dead_letters import DeadLetters
from tuning.aws.executions import Executions
from tuning.aws.ledger import Ledger, Unreadable
from tuning.aws.model_registry import ModelRegistry
from tuning.aws.release_executions import ReleaseExecutions
from tuning.aws.run_files import RunFiles
from tuning.aws.slot_queue import SlotQueue
from tuning.aws.stack_outputs import NoSuchStackError, caller, stack_outputs
from tuning.aws.uploaded_objects import UploadedObjects
from tuning.cli.aws_errors import AccountError, UnknownRunError, explained_errors
from tuning.runs.run_record import RunRecord

_ID = 32
"""Letters of a run's id, see tuning/runs/run.py."""


@dataclass(frozen=True, kw_only=True)
class Account:
    client: Clients
    """A client of the named service, in the environment's account and Region."""
    outputs: Mapping[str, str]
    """Of the environment's Training stack."""

    @classmethod
    def of(cls, environment: str, region: str | None = None, profile: str | None = None) -> Self:
        """The environment that is deployed under this name. Credentials, Region and
        `AWS_ENDPOINT_URL` are found as the AWS command line finds them.

        Raises AccountError when AWS does not answer, or has no such environment.
        """
        client, stack = clients(region, profile), f"{environment}-Training"
        try:
            with explained_errors():
                return cls(client=client, outputs=stack_outputs(client, stack))
        except NoSuchStackError as error:
            raise AccountError(
                f"no stack {stack} in {error}: deploy it with npx cdk deploy '{environment}/*', or "
                "name another --environment or --region"
            ) from None

    @property
    def ledger(self) -> Ledger:
        return Ledger(table=self.outputs["LedgerTable"], client=self.client)

    @property
    def registry(self) -> ModelRegistry:
        return ModelRegistry(ledger=self.ledger)

    @property
    def queue(self) -> SlotQueue:
        return SlotQueue(ledger=self.ledger)

    @property
    def executions(self) -> Executions:
        return Executions(machine=self.outputs["StateMachine"], client=self.client)

    @property
    def releases(self) -> ReleaseExecutions:
        return ReleaseExecutions(machine=self.outputs["ReleaseMachine"], client=self.client)

    @property
    def jobs(self) -> CustomizationJobs:
        return CustomizationJobs(client=self.client)

    @property
    def dead_letters(self) -> DeadLetters:
        letters, queue = self.outputs["DeadLetters"], self.outputs["Queue"]
        return DeadLetters(url=letters, queue_url=queue, client=self.client)

    @property
    def objects(self) -> UploadedObjects:
        return UploadedObjects(bucket=self.outputs["DatasetsBucket"], client=self.client)

    @property
    def files(self) -> RunFiles:
        return RunFiles(artifacts_bucket=self.outputs["ArtifactsBucket"], client=self.client)

    @property
    def caller(self) -> str:
        """The ARN of the principal whose credentials these are."""
        return caller(self.client)

    def run(self, beginning: str) -> RunRecord:
        """The run with that id, or the one whose id begins so. Raises UnknownRunError, with the
        nearest, when there is no such run or more than one.
        """
        found = self.ledger.read(beginning, secrets=True) if len(beginning) == _ID else None
        if found is None:
            found = self.ledger.read(self._only(beginning), secrets=True)
        if found is None:
            raise UnknownRunError(f"{beginning}: the run is no longer in the ledger")
        return found

    def started_by(self, upload: str) -> RunRecord | None:
        """The run that an upload has started, by its URI, once there is one."""
        records = (each for each in self.ledger.runs() if not isinstance(each, Unreadable))
        return next((record for record in records if record.upload == upload), None)

    def _only(self, beginning: str) -> str:
        """The one run whose id begins so. Ids are keys of the table, so all of them are read."""
        ids = [each.id for each in self.ledger.runs()]
        fits = sorted(one for one in ids if beginning and one.startswith(beginning.lower()))
        if len(fits) == 1:
            return fits[0]
        if fits:
            some = ", ".join(one[:12] for one in fits[:5])
            raise UnknownRunError(
                f"{beginning}: {len(fits)} runs begin with this, such as {some}; give more of the id"
            )
        near = _alike(beginning, ids)
        raise UnknownRunError(
            f"{beginning}: no such run in {self.ledger.table}{near}; tuning runs lists them"
        )


def _alike(beginning: str, ids: list[str]) -> str:
    """The nearest ids: those whose beginnings are most like it."""
    length = len(beginning)
    starts = sorted({one[:length] for one in ids if length})
    close = get_close_matches(beginning.lower(), starts, n=1, cutoff=0.6)
    found = [one for one in ids if close and one.startswith(close[0])]
    return f" (did you mean {found[0][: max(length, 8)]!r}?)" if found else ""
