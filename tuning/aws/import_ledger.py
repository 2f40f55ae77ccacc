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
        item = self.ledger.item(import_key(import_id))
        return ImportRecord.from_item(item) if item else None

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
        dynamodb = self.ledger.client("dynamodb")
        try:
            dynamodb.update_item(
                TableName=self.ledger.table,
                Key=item_key(import_key(import_id)),
                UpdateExpression=f"SET {set_terms(values)}",
                ConditionExpression=f"attribute_exists({KEY}) AND NOT (#state IN ({', '.join(ended)}))",
                ExpressionAttributeNames={f"#{name}": name for name in values}
                | {"#state": "state"},
                ExpressionAttributeValues=keyed(values) | ended,
            )
        except dynamodb.exceptions.ConditionalCheckFailedException:
            return False
        return True

    def records(self) -> Iterator[ImportRecord | Unreadable]:
        """All of them, in no order. For people: it reads the whole table, as the list of all runs does."""
        pages = self.ledger.client("dynamodb").get_paginator("scan")
        for page in pages.paginate(
            TableName=self.ledger.table,
            FilterExpression=f"begins_with({KEY}, :imports)",
            ExpressionAttributeValues={":imports": {"S": OF_IMPORTS}},
        ):
            yield from (readable(ImportRecord, item) for item in page["Items"])
