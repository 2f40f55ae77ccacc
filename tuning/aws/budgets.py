"""Money in the ledger: claimed once a run, never beyond a budget, settled once.

A pot's `committed` is what is spent and what is claimed. A claim adds to it under the condition that
it still fits, in one transaction with the run's own row, so that two runs cannot both take the last
dollars: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tuning.aws import ledger
from tuning.runs.budget import Charge, Claim, Pot, actual, over
from tuning.runs.run import Run
from tuning.runs.run_states import sources

_NO_CLAIM = "attribute_not_exists(#claim)"


def claim(
    table: str, run: Run, wanted: Claim, pots: tuple[Pot, ...], facts: Mapping[str, Any]
) -> str | None:
    """Claim the money and authorize the run, both or neither. Returns why it does not fit.

    Tried again, it claims nothing more. A claim of the run's earlier try is replaced.
    """
    row = ledger.read(table, run.id) or {}
    held = _held(row)
    if held and held.attempt == wanted.attempt:
        ledger.move(table, run, "authorized", **facts)
        return None
    for pot in pots:
        if pot.limit is not None and wanted.amount > pot.limit:
            return over(pot, wanted=wanted.amount, committed=_committed(table, pot.pk))
    changes = _differences(held, wanted)
    writes = [_add(table, pk, usd, _limit(pots, pk)) for pk, usd in changes.items()]
    moved = ledger.change(
        table,
        run,
        {**facts, "state": "authorized", "claim": wanted.to_dict()},
        found_in=sources("authorized"),
    )
    # The run's own row first: a claim that was sent twice has itself left too little.
    broken = ledger.transact(
        [{"Update": update} for update in (_if_claim_is(moved, row.get("claim")), *writes)]
    )
    if not broken:  # done; or the row was claimed meanwhile, or has ended, or is further
        return None
    pot = next(p for p in pots if p.pk == list(changes)[broken - 1])
    return over(pot, wanted=wanted.amount, committed=_committed(table, pot.pk))


def settle(table: str, run_id: str, charge: Charge) -> Decimal | None:
    """Replace a run's claim by what it came to, once. Returns that, or None without a claim."""
    row = ledger.read(table, run_id) or {}
    held = _held(row)
    if held is None or "settled" in row:
        return None
    known = {name: json.loads(row[name]) for name in ("progress", "cost") if name in row}
    usd = actual(known, held, charge)
    writes = [
        _add(table, pk, usd - held.amount, None, spent=usd) for pk in _pks(held.month, held.recipe)
    ]
    mark = {
        "TableName": table,
        "Key": {"pk": {"S": run_id}},
        "UpdateExpression": "SET settled = :settled",
        "ConditionExpression": "#claim = :held AND attribute_not_exists(settled)",
        "ExpressionAttributeNames": {"#claim": "claim"},
        "ExpressionAttributeValues": ledger.keyed(
            settled={"usd": str(usd), "charge": charge}, held=row["claim"]
        ),
    }
    # Broken: somebody has settled it, and once is enough.
    ledger.transact([{"Update": update} for update in (*writes, mark)])
    return usd


def committed(table: str, month: str) -> Decimal:
    """What is spent and claimed of the environment's budget of a month."""
    return _committed(table, f"budget#{month}")


def _held(row: ledger.Row) -> Claim | None:
    return Claim.from_dict(json.loads(row["claim"])) if "claim" in row else None


def _pks(month: str, recipe: str) -> tuple[str, str]:
    return f"budget#{month}", f"budget#{month}#{recipe}"


def _differences(held: Claim | None, wanted: Claim) -> dict[str, Decimal]:
    changes = dict.fromkeys(_pks(wanted.month, wanted.recipe), wanted.amount)
    if held:
        for pk in _pks(held.month, held.recipe):
            changes[pk] = changes.get(pk, Decimal(0)) - held.amount
    return changes


def _limit(pots: tuple[Pot, ...], pk: str) -> Decimal | None:
    return next((pot.limit for pot in pots if pot.pk == pk), None)


def _add(
    table: str, pk: str, usd: Decimal, limit: Decimal | None, *, spent: Decimal | None = None
) -> dict[str, Any]:
    update: dict[str, Any] = {
        "TableName": table,
        "Key": {"pk": {"S": pk}},
        "UpdateExpression": "ADD committed :usd",
        "ExpressionAttributeValues": {":usd": {"N": f"{usd:f}"}},
    }
    if spent is not None:
        update["UpdateExpression"] += ", spent :spent"
        update["ExpressionAttributeValues"][":spent"] = {"N": f"{spent:f}"}
    if limit is not None and usd > 0:
        update["ConditionExpression"] = "attribute_not_exists(committed) OR committed <= :room"
        update["ExpressionAttributeValues"][":room"] = {"N": f"{limit - usd:f}"}
    return update


def _if_claim_is(update: dict[str, Any], held: str | None) -> dict[str, Any]:
    """`held` is the claim as it is stored, whichever version wrote it."""
    now = "#claim = :held" if held else _NO_CLAIM
    if held:
        update["ExpressionAttributeValues"] |= ledger.keyed(held=held)
    update["ConditionExpression"] = f"({update['ConditionExpression']}) AND {now}"
    return update


def _committed(table: str, pk: str) -> Decimal:
    row = ledger.read(table, pk) or {}
    return Decimal(row.get("committed", "0"))
