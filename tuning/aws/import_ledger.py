"""Imports in the ledger's table: one item each, of keys that no right to runs reaches."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tuning.aws.item_updates import item_key, keyed, set_terms
from tuning.aws.ledger import Ledger, Unreadable, readable
from tuning.imports.import_run import ENDED_IMPORTS, OF_IMPORTS, ImportRecord, import_key
from tuning.runs.ledger_item import KEY


class UnknownImportError(LookupError):
    """The ledger has no import of that id."""


@dataclass(frozen=True, kw_only=True)
class Imports:
    ledger: Ledger

    def receive(self, record: ImportRecord) -> bool:
        """Write the record of an upload; False, having written nothing, where the ledger has it already."""
        return self.ledger.put_new(record)

    def find(self, import_id: str) -> ImportRecord | None:
        return self.ledger.find(ImportRecord, import_key(import_id))

    def record(self, import_id: str) -> ImportRecord:
        """Raises UnknownImportError."""
        if (found := self.find(import_id)) is None:
            raise UnknownImportError(f"no import {import_id} in the ledger")
        return found

    def update(self, import_id: str, **facts: Any) -> bool:
        """Set fields of an import that has not ended. False, having written nothing, when it has: anyone who called
        comes late.
        """
        values = ImportRecord.values(**facts)
        ended = {f":ended{n}": {"S": state} for n, state in enumerate(ENDED_IMPORTS)}
        return self.ledger.holds(
            {
                "TableName": self.ledger.table,
                "Key": item_key(import_key(import_id)),
                "UpdateExpression": f"SET {set_terms(values)}",
                "ConditionExpression": f"attribute_exists({KEY}) AND NOT (#state IN ({', '.join(ended)}))",
                "ExpressionAttributeNames": {f"#{name}": name for name in (*values, "state")},
                "ExpressionAttributeValues": keyed(values) | ended,
            }
        )

    def records(self) -> Iterator[ImportRecord | Unreadable]:
        """All of them, in no order. For people: it reads the whole table, as the list of all runs does."""
        found = self.ledger.items(
            "scan",
            FilterExpression=f"begins_with({KEY}, :imports)",
            ExpressionAttributeValues={":imports": {"S": OF_IMPORTS}},
        )
        return (readable(ImportRecord, item) for item in found)
