"""The verdict, the price and the way on, in plain words."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from tuning.dataset.report import Report
from tuning.render import outline
from tuning.render.scale import count


def verdict(report: Report) -> str:
    """Two short sentences that a person who reads nothing else takes away."""
    found = outline.groups(report)
    errors, others = (
        sum(g.count for g in found if (g.severity == "error") is wanted) for wanted in (True, False)
    )
    looked = count(report.records, "record")
    if report.verdict == "accepted":
        rest = f"{count(others, 'remark')} to look at, none in the way." if others else ""
        return f"All of the {looked} can be trained on. {rest}".strip()
    return f"{count(errors, 'error')} in {looked}. Nothing was trained and nothing was spent."


def next_steps(report: Report, *, in_a_run: bool) -> tuple[str, ...]:
    """What the platform does and what the reader can do."""
    if report.verdict == "refused":
        again = "Upload it again: a new upload is a new run." if in_a_run else _CHECK_AGAIN
        return ("Mend the file. Each finding below says where and how.", _RECHECK, again)
    if not in_a_run:
        return ("Upload the file to the folder of its recipe. Training starts from there.",)
    return (
        "The price is held against the month's budget. Above it, training waits for a person.",
        "Bedrock trains on the prepared copy, which cannot change, not on your upload.",
        "You are told when it is done, and what it cost.",
    )


def price(estimate: Mapping[str, Any]) -> tuple[str, list[tuple[str, str]], list[str]]:
    """The figure to print large, the figures beside it, and what they rest on."""
    figures = [
        (words, dollars(estimate[key]))
        for key, words in (("low_usd", "at least"), ("high_usd", "at most"))
        if key in estimate
    ]
    figures += [
        (words, f"{estimate[key]:,}")
        for key, words in (("tokens", "tokens, estimated"), ("epochs", "epochs"))
        if key in estimate
    ]
    if "storage_usd_per_month" in estimate:
        figures.append(("to keep the model, a month", dollars(estimate["storage_usd_per_month"])))
    return dollars(estimate.get("training_usd")), figures, list(estimate.get("basis", ()))


def dollars(value: Any) -> str:
    """`$1,234.50`, or the plain statement that it is not known."""
    if value is None:
        return "not known"
    try:
        return f"${Decimal(str(value)):,.2f}"
    except InvalidOperation:
        return str(value)


_RECHECK = "Check it on your machine in seconds: tuning check FILE --model MODEL."
_CHECK_AGAIN = "Upload it once it is accepted."
