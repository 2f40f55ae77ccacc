"""The verdict, the price and the way on, in plain words."""

import re
import shlex
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from tuning.datasets.report import Report
from tuning.reports import outline
from tuning.reports.scale import count

_Step = tuple[str, str | None]
"""What happens, and the command that does it."""

_CONVERSION = re.compile(r"tuning convert (?!PATH)\S.*$")
"""The whole command at the end of a fix."""
_COPIED = re.compile(r"[ -~]{1,120}")


def verdict(report: Report) -> str:
    """Two short sentences that a person who reads nothing else takes away."""
    found = outline.groups(report)
    errors, others = (
        sum(g.count for g in found if (g.severity == "error") is wanted) for wanted in (True, False)
    )
    checked = count(report.records, "record")
    if report.verdict == "accepted":
        rest = f"{count(others, 'remark')} to review, none in the way." if others else ""
        every = "The one record" if report.records == 1 else f"All {checked}"
        return f"{every} can be trained on. {rest}".strip()
    if not report.records:
        return f"{count(errors, 'error')}; no record was read. Nothing was trained and nothing was spent."
    return f"{count(errors, 'error')} in {checked}. Nothing was trained and nothing was spent."


def next_steps(report: Report, run: Mapping[str, Any] | None) -> list[_Step]:
    """What the reader can do, or what the platform does now."""
    if report.verdict == "refused":
        again = "Upload it again. A new upload is a new run." if run else "Upload it when accepted."
        command = _check_command(report, run or {})
        does = "Convert" if command.startswith("tuning convert") else "Check"
        return [
            ("Fix the file. Each finding says where and how.", None),
            (f"{does} it on your machine, in seconds:", command),
            (again, None),
        ]
    if run is None:
        return [("Upload the file to the folder of its recipe. Training starts from there.", None)]
    return [
        ("The price is written to the ledger before anything is spent.", None),
        ("Bedrock trains on the prepared copy, which cannot change, not on your upload.", None),
        ("You get a notice when it is done, with what it cost.", None),
    ]


def _check_command(report: Report, run: Mapping[str, Any]) -> str:
    file = next((f.file for f in report.findings), "FILE")
    model = str(run.get("base_model", "MODEL"))
    # What is not plain ASCII is no longer the file's name once it is made visible: leave it open.
    file, model = (_word(w, name) for w, name in ((file, "FILE"), (model, "MODEL")))
    fixes = (f.fix for f in report.findings if f.severity == "error")
    if whole := next(filter(None, map(_CONVERSION.search, fixes)), None):
        return whole[0]  # what can only be refused by a check is converted first
    command = "convert" if file in report.statistics.get("converted", {}) else "check"
    return f"tuning {command} {file} --model {model}"


def _word(text: str, otherwise: str) -> str:
    """`text` as one word of a shell, if it can be shown and copied as it is."""
    return shlex.quote(text) if _COPIED.fullmatch(text) else otherwise


def price(estimate: Mapping[str, Any]) -> tuple[str, list[tuple[str, str]], list[str]]:
    """The figure to print large, the figures beside it, and what they rest on."""
    figures = [
        (words, dollars(estimate[key]))
        for key, words in (("low_usd", "at least"), ("high_usd", "at most"))
        if estimate.get(key) is not None
    ]
    figures += [
        (words, f"{estimate[key]:,}")
        for key, words in (("tokens", "tokens, estimated"), ("epochs", "epochs"))
        if estimate.get(key) is not None
    ]
    if evaluation := estimate.get("evaluation"):
        figures.append(("to evaluate it, at most", dollars(evaluation["most_usd"])))
    if "storage_usd_per_month" in estimate:
        figures.append(("to keep the model, a month", dollars(estimate["storage_usd_per_month"])))
    if serving := estimate.get("serving"):
        figures.append(("to serve it on demand", str(serving["on_demand_costs"])))
        figures.append(("to serve it provisioned", str(serving["provisioned_costs"])))
    return dollars(estimate.get("training_usd")), figures, list(estimate.get("basis", ()))


def dollars(value: Any) -> str:
    """`$1,234.50`, or the plain statement that it is not known."""
    if value is None:
        return "Not known"
    try:
        return f"${Decimal(str(value)):,.2f}"
    except InvalidOperation:
        return str(value)
