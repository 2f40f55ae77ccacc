"""What an assistant may cost in a day, held against callers that ask at once; and how often each may ask.

Both are one item, changed under a condition, so that DynamoDB decides who was first:
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/WorkingWithItems.html#WorkingWithItems.ConditionalUpdate
An update whose answer is lost may be sent twice: the request's own id is in the item while it is open, so that it is
counted once. https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from tuning.assistants.day_of_budget import (
    ASKED,
    COMMITTED,
    MINUTE,
    OPEN_REQUESTS,
    SPENT,
    caller_key,
    day_key,
)
from tuning.aws.item_updates import item_key
from tuning.aws.ledger import Ledger


@dataclass(kw_only=True)
class RequestBudget:
    """Of one request. Killed between the two, it keeps what it reserved until the day is over: no more than one
    request's most is lost, and nothing is spent twice.
    """

    ledger: Ledger
    """Of the table of budgets."""
    assistant: str
    daily: Decimal
    request: str
    """An id that no other request has."""
    now: datetime
    """The day is that of the reservation, also where it is settled after midnight."""
    _reserved: Decimal | None = None

    @property
    def _key(self) -> str:
        return day_key(self.assistant, self.now)

    def reserve(self, usd: Decimal) -> bool:
        left = self.daily - usd
        if left < 0:
            return False
        added = self._update(
            "ADD #committed :usd, #open :request",
            "(attribute_not_exists(#committed) OR #committed <= :left) AND NOT contains(#open, :id)",
            {":usd": _number(usd), ":left": _number(left)},
        )
        if not added and not self._is_open():
            return False
        self._reserved = usd
        return True

    def settle(self, usd: Decimal) -> None:
        """What is not open any more is settled already."""
        if self._reserved is None:
            raise ValueError(f"{self.request}: settled without a reservation")
        self._update(
            "ADD #committed :change, #spent :spent DELETE #open :request",
            "contains(#open, :id)",
            {":change": _number(usd - self._reserved), ":spent": _number(usd)},
            spent=SPENT,
        )

    def left_usd(self) -> Decimal | None:
        """An answer that is paid is not lost because this cannot be read. What others have reserved may come back to
        the day, so that it is the least that is left at this moment.
        """
        from botocore.exceptions import (  # noqa: PLC0415 — not before there is a client
            BotoCoreError,
            ClientError,
        )

        try:
            item = self.ledger.item(self._key, COMMITTED) or {}
        except (BotoCoreError, ClientError):
            return None
        committed = Decimal(item[COMMITTED]["N"]) if COMMITTED in item else Decimal(0)
        return max(Decimal(0), self.daily - committed)

    def _is_open(self) -> bool:
        """Whether an earlier try of the same reservation was written, and its answer lost."""
        item = self.ledger.item(self._key, OPEN_REQUESTS) or {}
        return self.request in item.get(OPEN_REQUESTS, {"SS": ()})["SS"]

    def _update(self, update: str, condition: str, values: Mapping[str, Any], **names: str) -> bool:
        of_request = {":request": {"SS": [self.request]}, ":id": {"S": self.request}}
        known = {"committed": COMMITTED, "open": OPEN_REQUESTS, **names}
        return _changed(self.ledger, self._key, update, condition, {**values, **of_request}, known)


@dataclass(frozen=True, kw_only=True)
class CallerLimit:
    ledger: Ledger
    assistant: str
    per_minute: int

    def passes(self, caller: str, now: datetime) -> bool:
        """Whether this request is within what one caller may ask in a minute of the clock. One that was sent again
        counts twice, to the caller's cost.
        """
        key, minute = caller_key(self.assistant, caller), _number(int(now.timestamp()) // 60)
        names, values = {"minute": MINUTE, "asked": ASKED}, {":minute": minute, ":one": _number(1)}
        counted = (
            "ADD #asked :one",
            "#minute = :minute AND #asked < :most",
            {**values, ":most": _number(self.per_minute)},
        )
        begun = (
            "SET #minute = :minute, #asked = :one",
            "attribute_not_exists(#minute) OR #minute < :minute",
            values,
        )
        # Two that begin a minute at once: the second of them counts.
        tries = (counted, begun, counted)
        return any(_changed(self.ledger, key, *each, names) for each in tries)


def _changed(
    ledger: Ledger,
    key: str,
    update: str,
    condition: str,
    values: Mapping[str, Any],
    names: Mapping[str, str],
) -> bool:
    return ledger.holds(
        {
            "TableName": ledger.table,
            "Key": item_key(key),
            "UpdateExpression": update,
            "ConditionExpression": condition,
            "ExpressionAttributeNames": {f"#{name}": said for name, said in names.items()},
            "ExpressionAttributeValues": _used(values, update + condition),
        }
    )


def _used(values: Mapping[str, Any], text: str) -> dict[str, Any]:
    """DynamoDB refuses values that no expression names."""
    return {name: value for name, value in values.items() if name in text}


def _number(value: Decimal | int) -> dict[str, str]:
    return {"N": f"{value:f}" if isinstance(value, Decimal) else str(value)}
