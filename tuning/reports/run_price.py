"""What a run was estimated at and what it came to, as a card of its page."""

from collections.abc import Iterator

from tuning.reports import advice
from tuning.reports.elements import Element, el
from tuning.reports.page_parts import fact_list, page_card
from tuning.reports.run_facts import RunPage
from tuning.runs.money_records import PriceRange
from tuning.runs.run_record import RunRecord

_NO_BILL = "Actual amounts are computed: no Bedrock API says what it bills."


def price_card(page: RunPage) -> Element | None:
    """The actual sum where there is one, above the estimate that it was started with."""
    record, estimate = page.record, (page.check or {}).get("estimate") or {}
    if not (record.estimate or record.cost or estimate):
        return None
    expected, figures, basis = advice.price(estimate)
    if record.cost:
        expected, said = advice.dollars(record.cost.usd), f"actual, {record.cost.basis}"
        basis = [*basis, _NO_BILL]
    else:
        said = "estimated, for training the model once"
    if record.estimate:
        figures = list(_facts(record, record.estimate))
        expected = expected if record.cost else advice.dollars(record.estimate.training_usd)
    lines = [el("li", line) for line in basis]
    return page_card(
        "price",
        "Price",
        el("p", expected, class_="figure"),
        el("p", said),
        fact_list(figures),
        el("ul", lines, class_="basis") if lines else None,
    )


def _facts(record: RunRecord, price: PriceRange) -> Iterator[tuple[str, str]]:
    if price.training_usd is not None:
        spread = " to ".join(advice.dollars(end) for end in (price.low_usd, price.high_usd))
        yield "estimated", f"{advice.dollars(price.training_usd)} ({spread})"
    if record.reservation and not record.settlement:
        yield "reserved from the budgets", advice.dollars(record.reservation.usd)
    if record.cost and record.cost.most_usd is not None:
        yield "actual, at most", advice.dollars(record.cost.most_usd)
    if record.settlement:
        yield "charged to the budgets", advice.dollars(record.settlement.usd)
    if price.evaluation_usd is not None:
        yield "to evaluate the model, at most", advice.dollars(price.evaluation_usd)
    if price.storage_usd_per_month is not None:
        yield "to keep the model, a month", advice.dollars(price.storage_usd_per_month)
