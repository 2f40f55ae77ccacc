"""The ledger: one item a run, written under conditions, so that no late step moves a run back."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from tuning.aws.clients import Clients, client
from tuning.aws.item_updates import (
    NEW,
    item_key,
    keyed,
    new_item,
    new_record,
    set_terms,
    whole_record,
)
from tuning.aws.transient import Transient
from tuning.runs import former_version
from tuning.runs.job_queue import arrival_order
from tuning.runs.json_record import RecordError
from tuning.runs.ledger_item import KEY, SCHEMA, Item, Stored
from tuning.runs.newest_version import NewestVersion, OvertakenError, newest_key
from tuning.runs.run import Misdirected, ReceivedVersion, Run, is_run, version_key
from tuning.runs.run_record import BY_MONTH, OPEN_RUNS, READABLE_ATTRIBUTES, OpenRun, RunRecord
from tuning.runs.run_states import OPEN, Partition, State, sources
from tuning.runs.same_data import TrainedData
from tuning.runs.times import instant, zulu
from tuning.runs.uploads import Upload
from tuning.runs.validation_sets import UNREAD, FolderRun, ValidationSet, folder_key

_Kind = TypeVar("_Kind", bound=Stored)


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """An item that is not a record of a run; lists show it as such."""

    id: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Ledger:
    table: str
    client: Clients = client

    def arrive(
        self, run: Run | Misdirected, *, newest: NewestVersion | None = None
    ) -> Mapping[str, Any] | None:
        """Write a run's item when the version of its upload has no run yet, in one transaction, in which
        it becomes its folder's newest.

        Returns the input to start an execution with: of this run, or of the one that the version has
        already, when anyone who wrote that died before the execution was started. None when it was started.
        With `newest` it becomes its object's newest version too, or raises OvertakenError.
        """
        version = ReceivedVersion.of(run.upload, run.id)
        # Not put, which could replace a whole row; and no more of a run than who receives it may write.
        now = instant(datetime.now(UTC))
        facts = {"state": "received", "run": run.to_dict(), "schema": SCHEMA, "begun_at": now}
        new = RunRecord.values(**facts, **_first(run))
        made = (new_item(self.table, run.id, new), new_record(self.table, version))
        items = [{"Update": each} for each in made]
        if isinstance(run, Run):
            folder = FolderRun.of(run.upload, run.id)
            items.append({"Update": whole_record(self.table, folder)})
        if newest:
            items.append({"Update": new_record(self.table, newest, instead_of=newest.before)})
        if (broken := self.transact(items)) is None:
            return run.to_dict()
        if newest and broken == len(items) - 1:
            raise OvertakenError(f"{newest.version_of}: another version was received meanwhile")
        known = self.find(ReceivedVersion, version.id)  # the first version wrote none
        run_id = known.run_id if known else run.id
        found = self.read(run_id)
        if found is None:
            return run.to_dict() if run_id == run.id else None
        if found.state != "received":
            return None
        self.amend(run_id, begun_at=now)
        return found.run

    def transact(self, items: list[dict[str, Any]]) -> int | None:
        """Write all of them, or none. Returns the number of the first whose condition did not hold."""
        dynamodb = self.client("dynamodb")
        try:
            dynamodb.transact_write_items(TransactItems=items)
        except dynamodb.exceptions.TransactionCanceledException as error:
            codes = [reason.get("Code") for reason in error.response["CancellationReasons"]]
            if "ConditionalCheckFailed" in codes:
                return codes.index("ConditionalCheckFailed")
            raise Transient(f"the ledger was busy: {', '.join(map(str, codes))}") from error
        return None

    def holds(self, update: Mapping[str, Any]) -> bool:
        """Make an update of an item. False, having written nothing, when its condition does not hold."""
        dynamodb = self.client("dynamodb")
        try:
            dynamodb.update_item(**update)
        except dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def find(self, kind: type[_Kind], item_id: str) -> _Kind | None:
        """The record of that kind and id. Raises RecordError when the item is none."""
        item = self.item(item_id)
        return kind.from_item(item) if item else None

    def move(
        self, run: Run | Misdirected, to: State, *, without: Iterable[str] = (), **facts: Any
    ) -> bool:
        """Bring the run into a state, with what was learnt on the way, and without the fields that it
        had on the way.

        False when the run is past that state, or has ended: then nothing was written, and anyone who called
        comes late and must not act. A row that is lost is written anew from what the step knows.
        """
        return self._update(run, {"state": to, **facts}, found_in=sources(to), without=without)

    def note(self, run: Run | Misdirected, **facts: Any) -> bool:
        """Set fields of a run that has not ended. False, having written nothing, when it has ended."""
        return self._update(run, facts, found_in=OPEN)

    def amend(self, run_id: str, *, close: bool = False, **facts: Any) -> None:
        """Set fields of a run that is open or has ended, whatever its state; `close` takes it out of
        the index of open runs.
        """
        values = RunRecord.values(**facts)
        parts = [f"SET {set_terms(values)}"] if values else []
        names = [*values, KEY]
        if close:
            parts.append(f"REMOVE #{OPEN_RUNS.partition}")
            names.append(OPEN_RUNS.partition)
        self.client("dynamodb").update_item(
            TableName=self.table,
            Key=item_key(run_id),
            UpdateExpression=" ".join(parts),
            ConditionExpression=f"attribute_exists(#{KEY})",
            ExpressionAttributeNames={f"#{name}": name for name in names},
            **({"ExpressionAttributeValues": keyed(values)} if values else {}),
        )

    def ask_to_stop(self, run_id: str, by: str) -> RunRecord:
        """What the steps read: a run without a job never starts one, and a job that starts meanwhile is
        stopped at the first poll. Who asked first is kept. Returns its record as it is then.
        """
        found = self.client("dynamodb").update_item(
            TableName=self.table,
            Key=item_key(run_id),
            UpdateExpression="SET #stop_asked = if_not_exists(#stop_asked, :stop_asked)",
            ConditionExpression=f"attribute_exists({KEY})",
            ExpressionAttributeNames={"#stop_asked": RunRecord.attribute("stop_asked")},
            ExpressionAttributeValues=keyed(RunRecord.values(stop_asked=by)),
            ReturnValues="ALL_NEW",
        )
        return RunRecord.from_item(found["Attributes"])

    def put_new(self, record: Stored) -> bool:
        """Write a record, unless the ledger has an item of that id. Returns whether it was written."""
        return self.holds(new_record(self.table, record))

    def read(self, run_id: str, *, secrets: bool = False) -> RunRecord | None:
        """With `secrets` also what answers the tasks that wait, which no function may read.

        Raises RecordError when the item is not a record of a run.
        """
        item = self.item(run_id, *(() if secrets else READABLE_ATTRIBUTES))
        return RunRecord.from_item(item) if item else None

    def written(self, run: Run | Misdirected) -> RunRecord:
        """The record after a write. Raises Transient when the row is lost since: the step is tried again."""
        if (record := self.read(run.id)) is None:
            raise Transient(f"the row of run {run.id} is lost")
        return record

    def item(self, item_id: str, *attributes: str) -> Item | None:
        """As it is in the table at this moment, a run or not; of `attributes` only, when there are any."""
        names = {f"#a{number}": name for number, name in enumerate(attributes)}
        only = {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names}
        found = self.client("dynamodb").get_item(
            TableName=self.table,
            Key=item_key(item_id),
            ConsistentRead=True,
            **(only if names else {}),
        )
        item: Item | None = found.get("Item")
        return item

    def items(self, operation: str, **call: Any) -> Iterator[Item]:
        """All that a scan or a query gives, page after page."""
        pages = self.client("dynamodb").get_paginator(operation)
        for page in pages.paginate(TableName=self.table, **call):
            yield from page["Items"]

    def open_runs(self) -> dict[str, OpenRun | Unreadable]:
        """By id, from the index of open runs. It may be a moment late."""
        found = (
            readable(OpenRun, item)
            for partition in (*Partition, *former_version.PARTITIONS)
            for item in self._query(
                OPEN_RUNS.name, f"#{OPEN_RUNS.partition} = :open", open=partition
            )
        )
        return {run.id: run for run in found}

    def became(self, upload: Upload) -> str | None:
        """The id of the run that a version of an object has become; None as long as it has not."""
        found = self.find(ReceivedVersion, version_key(upload))
        return found.run_id if found else None

    def newest_version(self, upload: Upload) -> NewestVersion | None:
        """Of the upload's object, where its recipe has older versions give way."""
        return self.find(NewestVersion, newest_key(upload))

    def trained_on(self, data: str) -> str | None:
        """The run that was the last to spend on prepared data, by `data_key`."""
        found = self.find(TrainedData, data)
        return found.run_id if found else None

    def validation_set(self, upload: Upload) -> ValidationSet | None:
        """A version of a validation set, once it was received."""
        return self.find(ValidationSet, ValidationSet.of(upload).id)

    def unread_validation_sets(self, before: datetime) -> Iterator[ValidationSet | Unreadable]:
        """Those that arrived before `before` (aware), of which it is not known yet which run reads them.
        The index holds their keys only.
        """
        condition = f"#{OPEN_RUNS.partition} = :open AND #{OPEN_RUNS.sort} < :{OPEN_RUNS.sort}"
        for found in self._query(OPEN_RUNS.name, condition, open=UNREAD, turn=zulu(before)):
            if item := self.item(found[KEY]["S"]):
                yield readable(ValidationSet, item)

    def newest_of_its_folder(self, upload: Upload) -> RunRecord | None:
        """The newest run of the folder that the upload is in."""
        found = self.find(FolderRun, folder_key(upload))
        return self.read(found.run_id) if found else None

    def runs(self, month: str | None = None) -> Iterator[RunRecord | Unreadable]:
        """The runs that arrived in a month such as `2026-11`, in order; of all months, in none."""
        that = f"#{BY_MONTH.partition} = :month"
        items = self._query(BY_MONTH.name, that, month=month) if month else self.items("scan")
        yield from (readable(RunRecord, item) for item in items if is_run(item[KEY]["S"]))

    def change(
        self, run: Run | Misdirected, facts: Mapping[str, Any], *, found_in: Iterable[State]
    ) -> dict[str, Any]:
        """The arguments of an update of a run's item, alone or as part of a transaction."""
        first = {"state": "started", **_first(run)}  # of a row that was lost
        kept = RunRecord.values(**{name: at for name, at in first.items() if name not in facts})
        written = RunRecord.values(**facts)
        states = {f":from{n}": {"S": state} for n, state in enumerate(sorted(found_in))}
        terms = [set_terms(written)] if written else []
        terms += [f"#{name} = if_not_exists(#{name}, :{name})" for name in kept]
        return {
            "TableName": self.table,
            "Key": item_key(run.id),
            "UpdateExpression": "SET " + ", ".join(terms),
            "ConditionExpression": f"{NEW} OR #state IN ({', '.join(states)})",
            "ExpressionAttributeNames": {f"#{n}": n for n in {**written, **kept, "state": ""}},
            "ExpressionAttributeValues": keyed({**written, **kept}) | states,
        }

    def _update(
        self,
        run: Run | Misdirected,
        facts: Mapping[str, Any],
        *,
        found_in: Iterable[State],
        without: Iterable[str] = (),
    ) -> bool:
        update = self.change(run, facts, found_in=found_in)
        if gone := [RunRecord.attribute(name) for name in without]:
            update["UpdateExpression"] += " REMOVE " + ", ".join(f"#{name}" for name in gone)
            update["ExpressionAttributeNames"] |= {f"#{name}": name for name in gone}
        return self.holds(update)

    def _query(self, index: str, condition: str, **key: str) -> Iterator[Item]:
        return self.items(
            "query",
            IndexName=index,
            KeyConditionExpression=condition,
            ExpressionAttributeNames={f"#{name}": name for name in key},
            ExpressionAttributeValues={f":{name}": {"S": str(text)} for name, text in key.items()},
        )


def readable(kind: type[_Kind], item: Item) -> _Kind | Unreadable:
    """One item that cannot be read must not hide the others of a list."""
    try:
        return kind.from_item(item)
    except RecordError as error:
        return Unreadable(id=item[KEY]["S"], why=str(error))


def _first(run: Run | Misdirected) -> dict[str, Any]:
    """What a record has from the beginning."""
    facts = run.upload.facts
    return {**facts, "open": Partition.WORKING, "turn": arrival_order(facts["arrived_at"], run.id)}
