"""What a run came to in a sentence, and what its reader can do now, with the commands."""

from collections.abc import Iterator

from tuning.datasets.report import Report
from tuning.reports import advice
from tuning.reports.run_facts import RunPage
from tuning.runs.run_details import run_details

_Step = tuple[str, str | None]


def outcome_sentence(page: RunPage) -> str:
    """What was recorded; of a run that goes on, what is known so far."""
    record = page.record
    said = (record.summary or _so_far(page)).removeprefix(f"{record.state.title()}: ")
    sentence = f"{said[:1].upper()}{said[1:]}".rstrip(".") + "."
    if page.model and page.is_live:
        sentence += f" It is live, as version {page.model.version} of {page.model.recipe}."
    return sentence


def _so_far(page: RunPage) -> str:
    record = page.record
    if record.state == "awaiting_approval" and record.approval_reason:
        return record.approval_reason
    status = run_details(record).status
    known = record.dataset.summary if record.dataset else f"arrived {record.arrived_at}"
    return known if status.casefold() == page.heading.casefold() else status


def run_commands(page: RunPage) -> list[_Step]:
    """In order. The first is the one that most readers want."""
    record, state = page.record, page.record.state
    match state:
        case "trained":
            return list(_trained(page))
        case "refused" if page.report and page.report.verdict == "refused":
            return _refused(page, page.report)
        case "refused" | "failed" | "stopped":
            return list(_ended(page))
        case "awaiting_approval":
            return [
                ("Let it spend what it asks for:", page.command("approve", record.id)),
                ("Or refuse it:", page.command("reject", record.id)),
            ]
    return [
        ("It continues by itself. Follow it:", page.command("watch", record.id)),
        ("Or give it up:", page.command("stop", record.id)),
    ]


def _trained(page: RunPage) -> Iterator[_Step]:
    recipe = page.model.recipe if page.model else page.record.recipe
    if page.is_live:
        yield "Ask it:", page.command("ask", recipe, "YOUR QUESTION")
        if page.live and page.live.before:
            yield (
                "If it disappoints, bring back the previous model:",
                page.command("rollback", recipe),
            )
        return
    held = page.evaluation is not None and page.evaluation.decision.outcome == "hold"
    if held:
        yield "Its evaluation does not recommend it. Improve the data, then train again.", None
    elif page.evaluation is None and not page.has_gate:
        yield "See whether it is better than the model in use:", _compared(page)
    if page.model is None:
        if page.record.model_arn:
            yield "It has no version: it was trained before models were registered.", None
        return
    said = f"version {page.model.version} of {recipe}"
    if held:  # a release would ask the gate again
        promoted = page.command("promote", recipe, str(page.model.version))
        yield f"Bring it live anyway, as {said}:", promoted
    elif page.has_gate:
        released = page.command("release", page.record.id)
        yield f"Have it evaluated, and brought live as {said} if it is better:", released
    else:
        yield f"Bring it live, as {said}:", page.command("release", page.record.id)


def _compared(page: RunPage) -> str:
    """The arguments in capitals are files of the reader."""
    return page.command(
        *("evaluate", "--recipe", page.record.recipe),
        *("EVALUATION_SET", "NEW_ANSWERS", "--live", "LIVE_ANSWERS"),
    )


def _refused(page: RunPage, report: Report) -> list[_Step]:
    """As the report of the check says it."""
    model = page.recipe.base_model if page.recipe else "MODEL"
    return advice.next_steps(report, {"base_model": model})


def _ended(page: RunPage) -> Iterator[_Step]:
    record = page.record
    yield run_details(record).next or "Nothing was trained.", None
    if record.training_run:
        yield "Train the same upload again:", page.command("retrain", record.id)
    if record.state == "failed":
        yield "Everything that is known about it, with its steps:", page.command("show", record.id)
