"""What the run will cost, held against limits and reserved from budgets before a job is started."""

from datetime import UTC, datetime
from functools import cache
from typing import Any

from msgspec import structs

from lambdas import deployed_recipes
from lambdas.observe import logger, metrics, observed
from tuning.aws import s3_objects
from tuning.aws.budgets import Budgets, DataClaim
from tuning.aws.ledger import Ledger
from tuning.datasets.paid_tokens import most_tokens, paid_tokens
from tuning.models.estimate import Estimate, estimated
from tuning.reports.visible_text import visible
from tuning.runs.approvals import Approval, Question, RefusedAnswer, SpendDecision
from tuning.runs.budget import budgets_of, month_of, objection, parse_limit
from tuning.runs.edited_recipe import edited
from tuning.runs.function_settings import RunSettings
from tuning.runs.money_records import Reservation
from tuning.runs.newest_version import who_stops
from tuning.runs.prepared_dataset import EvaluationSize, PreparedDataset
from tuning.runs.recipes import Recipe
from tuning.runs.run import Run
from tuning.runs.run_record import RunRecord
from tuning.runs.same_data import data_key, digests_of, same_data
from tuning.runs.times import moment

_settings = cache(RunSettings.from_env)


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    run, settings = Run.from_dict(event["run"]), _settings()
    dataset = PreparedDataset.from_json(event["dataset"])
    ledger = Ledger(table=settings.ledger_table)
    spending = Budgets(ledger=ledger, table=settings.budgets_table)
    record = ledger.read(run.id)
    if by := who_stops(run, record.stop_asked if record else None):
        return SpendDecision(decision="stopped", by=by).to_json()
    deployed, monthly = deployed_recipes.of(run), parse_limit(settings.monthly_budget_usd)
    recipe = deployed or run.recipe  # a limit that was raised holds for runs that wait, too
    price = _price(run, dataset, settings.prepared_bucket)
    wanted = _wanted(run, recipe, price)
    claim = _claim(run, dataset, ledger)
    before = _before(run, claim, ledger)
    same = same_data(recipe, before)
    edit = None if _held_for(record, wanted) else edited(run, deployed)
    again, other = before.id if before and same else None, wanted.recipe_digest if edit else None
    question = Question.asked(price.most_usd, dataset.digest, again=again, recipe=other)
    approval, refused = _answer(event, run, question, record)
    facts = {"estimate": price.price_range, "approval": approval}
    why = None
    if approval is None and not _was_authorized(record, wanted, dataset):
        reasons = (edit, same, objection(price, recipe.limits, monthly=monthly))
        why = " ".join(filter(None, reasons)) or None
    if why is None:
        budgets = budgets_of(wanted.month, wanted.recipe, monthly=monthly, limits=recipe.limits)
        why = spending.reserve(run, wanted, budgets, facts, claim)
    if why is None:
        return _authorized(price, wanted).to_json()
    asked = SpendDecision(
        decision="needs_approval",
        why=f"{why} {refused.sentence}" if refused else why,
        approval_seconds=recipe.limits.approval_hours * 3600,
        question=question,
        high_usd=price.high_usd,
    )
    return _ask(run, ledger, asked, price).to_json()


def _authorized(price: Estimate, wanted: Reservation) -> SpendDecision:
    logger.info("authorized", estimate=price.price_range.to_json())
    return SpendDecision(
        decision="authorized",
        high_usd=price.high_usd,
        storage_usd=wanted.storage_usd,
        evaluation_usd=wanted.evaluation_usd,
    )


def _price(run: Run, dataset: PreparedDataset, bucket: str) -> Estimate:
    """By the size of what is trained, as far as that says it. Raises ForeignCopyError where there is nothing."""
    key = dataset.training_key(bucket)
    size = s3_objects.size_of(bucket, key) if key else None
    if size is None:
        raise s3_objects.ForeignCopyError(
            f"{visible(str(dataset.training_uri))}: no prepared copy of this environment lies there, so nothing is paid for; "
            "find out in CloudTrail which function answered before, then upload the dataset again"
        )
    tokens = paid_tokens(dataset.training_tokens, size)
    most = most_tokens(dataset.training_tokens_at_most, tokens, size)
    gated = structs.replace(run.recipe, release=deployed_recipes.gate(run.upload.recipe_name))
    return estimated(gated, tokens=tokens, most=most, held_out=_held_out(dataset, bucket))


def _held_out(dataset: PreparedDataset, bucket: str) -> EvaluationSize | None:
    """By the size of what is asked, as far as that says it; without a copy nothing is."""
    counted, key = dataset.evaluation_size, dataset.evaluation_key(bucket)
    size = s3_objects.size_of(bucket, key) if key else None
    if counted is None or size is None:
        return None
    tokens = paid_tokens(counted.tokens, size)
    most = most_tokens(counted.tokens_at_most, tokens, size)
    return structs.replace(counted, tokens=tokens, tokens_at_most=most, bytes=size)


def _wanted(run: Run, recipe: Recipe, price: Estimate) -> Reservation:
    return Reservation(
        usd=price.reserved_usd,
        storage_usd=price.storage_usd_per_month,
        evaluation_usd=price.evaluation_usd,
        month=month_of(datetime.now(UTC)),
        recipe=recipe.name,
        recipe_digest=run.recipe.content_digest,
    )


def _was_authorized(
    record: RunRecord | None, wanted: Reservation, dataset: PreparedDataset
) -> bool:
    """Whether an earlier execution has reserved the money, for these data. The next one, which knows no
    answer, asks nobody again: the job may be in progress, and nobody would follow it meanwhile.
    """
    held = _held_for(record, wanted)
    if record is None or held is None:
        return False
    approved = record.approval.question if record.approval else None
    if record.job_arn:
        return True
    return approved.dataset == dataset.digest if approved else wanted.usd <= held.usd


def _held_for(record: RunRecord | None, wanted: Reservation) -> Reservation | None:
    """The money that is reserved for the run to train by the same recipe."""
    held = record.reservation if record else None
    return held if held and held.recipe_digest == wanted.recipe_digest else None


def _ask(run: Run, ledger: Ledger, asked: SpendDecision, price: Estimate) -> SpendDecision:
    """Note what is asked, of a run that is not to stop."""
    waits = ledger.move(
        run,
        "awaiting_approval",
        estimate=price.price_range,
        approval_reason=asked.why,
        approval_asked_at=moment(datetime.now(UTC)),
        question=asked.question,
    )
    record = ledger.written(run) if waits else None
    if record is None or record.stop_asked is not None:
        return _stopped(record)
    metrics.add_metric(name="ApprovalsAsked", unit="Count", value=1)
    logger.info("approval requested", why=asked.why)
    return asked


def _answer(
    event: dict[str, Any], run: Run, question: Question, record: RunRecord | None
) -> tuple[Approval | None, RefusedAnswer | None]:
    """A person's answer to exactly what is asked here, or one that was not taken."""
    approval = Approval.kept(event.get("approval"))
    refused = RefusedAnswer.kept(event.get("refused_answer"))
    if approval is None or approval.answers(run.id, question):
        return approval, refused
    if "refused_answer" not in event and approval.run is None:
        # The machine of the former version asked without saying what; its answers do not say it either.
        asked = record.question if record else None
        return approval if question.names_nothing_but(asked) else None, None
    if approval.answers(run.id, question.of_price):
        return None, None  # it was sound; another run has spent since, or the recipe was edited
    usd = approval.question.usd if approval.question else "none"
    return None, RefusedAnswer(by=approval.by, run=approval.run or "none", usd=usd)


def _stopped(record: RunRecord | None) -> SpendDecision:
    return SpendDecision(decision="stopped", by=record.stop_asked if record else None)


def _claim(run: Run, dataset: PreparedDataset, ledger: Ledger) -> DataClaim | None:
    """None where the copies are not known."""
    if dataset.training_uri is None:
        return None
    key = data_key(run.recipe, digests_of(dataset))
    return DataClaim(key=key, before=ledger.trained_on(key))


def _before(run: Run, claim: DataClaim | None, ledger: Ledger) -> RunRecord | None:
    """Another run that has spent on the same data by the same recipe."""
    before = claim.before if claim else None
    return ledger.read(before) if before not in (None, run.id) else None
