"""Have a judge model rate the answers of an evaluation, where the recipe asks for one. It decides nothing: whatever
becomes of it, the release goes on.

What it has started ends by itself, also where its execution is killed: a job has a thousand prompts at most, and
nothing of it is paid by the hour.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from lambdas import deployed_recipes
from lambdas.observe import logger, observed
from tuning.aws.evaluation_files import EvaluationFiles, read_prompts
from tuning.aws.evaluation_jobs import EvaluationJobs, JudgeRefusedError
from tuning.aws.transient import Transient, as_transient
from tuning.errors import TuningError
from tuning.evaluation.judging import JudgedPrompts, JudgeRating, judged_side, scores_in
from tuning.evaluation.records import ModelAnswer, Side
from tuning.evaluation.release_options import ReleaseOptions
from tuning.releases.asked_judge import LONGEST_JUDGING, AskedJudge, JudgeJob
from tuning.releases.evaluation_plan import EvaluationPlan
from tuning.releases.release_settings import JudgeSettings
from tuning.runs.times import zulu

_settings = cache(JudgeSettings.from_env)


class NotJudgedError(TuningError):
    """There will be no judgement. The message says why."""


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    plan = EvaluationPlan.from_json(event["plan"])
    now = datetime.now(UTC)
    before = AskedJudge.kept(event.get("judged")) or AskedJudge(since=zulu(now))
    jobs, waits = dict(before.jobs), ""
    try:
        with as_transient():
            judgement = _judgement(plan, jobs)
    except Transient as error:
        judgement, waits = None, str(error)
    except (JudgeRefusedError, NotJudgedError) as error:
        judgement = _none(plan, str(error))
    if judgement is None and before.late(now):
        hours = LONGEST_JUDGING.total_seconds() / 3600
        waited = f" ({waits})" if waits else ""
        judgement = _none(plan, f"it was not done after {hours:.0f} hours{waited}")
    if judgement and judgement.why:
        _stop(jobs.values())
    logger.info("judged", done=judgement is not None, why=judgement.why if judgement else waits)
    return AskedJudge(
        state="done" if judgement else "in_progress",
        since=before.since,
        jobs=jobs,
        why=waits,
        judgement=judgement,
    ).to_json()


def _none(plan: EvaluationPlan, why: str) -> JudgeRating:
    return JudgeRating(judge=plan.judge or "no model", why=why)


def _judgement(plan: EvaluationPlan, jobs: dict[Side, str]) -> JudgeRating | None:
    """None while jobs are under way; those that it starts are added to `jobs`."""
    options = deployed_recipes.gate(plan.recipe)
    if options is None or options.judge != plan.judge:
        raise NotJudgedError("its recipe now asks for another judge, or for none")
    sides: list[Side] = ["candidate", judged_side(plan.sides, options.better_than)]
    if missing := [side for side in sides if side not in jobs]:
        _start(plan, options, sides, missing, jobs)
    statuses = {side: EvaluationJobs().look(jobs[side]) for side in sides}
    for side, found in statuses.items():
        if found.status not in ("InProgress", "Completed"):
            said = f": {found.failure}" if found.failure else ""
            raise NotJudgedError(f"its job for the answers of {side} is {found.status}{said}")
    if any(found.status == "InProgress" for found in statuses.values()):
        return None
    files = _files(plan)
    given, _ = _given(plan, sides, files)
    scores = [
        score
        for side in sides
        for score in scores_in(files.judged(JudgeJob.of(plan, side)), side, options.judge_metrics)
    ]
    if not scores:
        raise NotJudgedError("its jobs completed, but wrote no score")
    return JudgeRating(
        judge=options.judge or "",
        prompts=len(given.prompts),
        left_out=given.left_out,
        scores=tuple(sorted(scores, key=lambda each: options.judge_metrics.index(each.metric))),
    )


def _start(
    plan: EvaluationPlan,
    options: ReleaseOptions,
    sides: Sequence[Side],
    missing: Sequence[Side],
    jobs: dict[Side, str],
) -> None:
    files = _files(plan)
    given, answers = _given(plan, sides, files)
    if not given.prompts:
        raise NotJudgedError("no prompt is both short enough for it and answered by both sides")
    for side in missing:
        job = JudgeJob.of(plan, side)
        files.give(job, given.lines(answers[side], source=job.source))
        jobs[side] = EvaluationJobs().start(
            job,
            bucket=files.bucket,
            judge=str(options.judge),
            metrics=options.judge_metrics,
            role=_settings().judge_role_arn,
        )


def _given(
    plan: EvaluationPlan, sides: Sequence[Side], files: EvaluationFiles
) -> tuple[JudgedPrompts, dict[Side, list[ModelAnswer]]]:
    """What is judged, and the answers of which it is: the same at each call, for both are kept by now."""
    prompts = read_prompts(plan.prompts_uri, base_model=plan.base_model)
    answers = {side: files.answers(side) for side in sides}
    return JudgedPrompts.of(prompts, answers), answers


def _files(plan: EvaluationPlan) -> EvaluationFiles:
    return EvaluationFiles.of(plan, _settings().artifacts_bucket)


def _stop(arns: Iterable[str]) -> None:
    """One that has ended cannot be stopped, and one that could not be stopped ends by itself."""
    for arn in arns:
        try:
            with as_transient():
                EvaluationJobs().stop(arn)
        except (JudgeRefusedError, Transient) as error:
            logger.info("not stopped", job=arn, why=str(error))
