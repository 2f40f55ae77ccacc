"""The runs that are watched, and the uploads whose runs are waited for."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Self

from tuning.aws.ledger import Unreadable
from tuning.cli.account import Account
from tuning.runs.budget import month_of
from tuning.runs.object_history import SOON
from tuning.runs.run_record import RunRecord
from tuning.runs.uploads import Upload, UploadKind

_LONGEST = timedelta(days=22)
"""No execution is older than 21 days, see docs/operations.md."""


@dataclass(kw_only=True)
class Watched:
    account: Account
    only: set[str] = field(default_factory=set)
    """Ids of runs that were named, or that an awaited upload has become."""
    awaited: list[Upload] = field(default_factory=list)
    """What was uploaded, and has no run yet."""
    every_run: bool
    """Whether open runs are watched that nobody named."""
    runs: dict[str, RunRecord] = field(default_factory=dict)
    unanswered: list[Upload] = field(default_factory=list)
    """Those whose run did not come."""

    @classmethod
    def all_of(cls, account: Account) -> Self:
        """All open runs, and what was uploaded just now: its run may not have begun."""
        recent = account.objects.since(datetime.now(UTC) - SOON)
        new = [
            upload
            for upload in recent
            if upload.kind is not UploadKind.VALIDATION_SET
            and account.ledger.became(upload) is None
        ]
        return cls(account=account, awaited=new, every_run=True)

    def poll(self) -> None:
        """Read the records anew."""
        now = datetime.now(UTC)
        for upload in list(self.awaited):
            if run_id := self.account.ledger.became(upload):
                self.only.add(run_id)
            elif now - datetime.fromisoformat(upload.arrived_at) < SOON:
                continue
            else:
                self.unanswered.append(upload)
            self.awaited.remove(upload)
        for run_id in self.only:
            self.runs[run_id] = self.account.run(run_id)
        if self.every_run:
            for record in self._recent(now):
                if record.id in self.runs or not record.ended:
                    self.runs[record.id] = record

    @property
    def ended(self) -> bool:
        return not self.awaited and all(record.ended for record in self.runs.values())

    def _recent(self, now: datetime) -> list[RunRecord]:
        """Those that cannot be read are for `tuning runs` to show: nobody knows whether they end."""
        months = dict.fromkeys(month_of(at) for at in (now - _LONGEST, now))
        found = (run for month in months for run in self.account.ledger.runs(month))
        return [run for run in found if not isinstance(run, Unreadable)]
