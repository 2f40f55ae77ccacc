"""Runs at each of their milestones, for the tests of their page and for looking at.

`python -m tests.sample_runs FOLDER` writes each as a page.
"""

import math
import sys
from decimal import Decimal
from pathlib import Path

from msgspec import structs

if __name__ == "__main__":  # as pytest has it
    sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parent / "unit")]

from domain_builders import any_recipe, any_record, any_reservation, any_run, any_upload
from sample_reports import ESTIMATE, HOSTILE, accepted, refused

from tuning.evaluation.gate import Evaluation
from tuning.evaluation.records import GateDecision, MetricResult, Regression
from tuning.releases.live_model import Change, LiveModel
from tuning.releases.model_version import ModelVersion
from tuning.reports.run_facts import RunPage
from tuning.reports.run_page import run_html
from tuning.runs.approvals import Approval
from tuning.runs.money_records import Charged, PriceRange, Settlement
from tuning.runs.outcome import Outcome
from tuning.runs.prepared_dataset import PreparedDataset
from tuning.runs.training_metrics import Curve, Results

RECIPE = any_recipe(
    name="support-nova-lite",
    description="Answers to customers, in our tone.",
    base_model="amazon.nova-lite-v1:0:300k",
    hyperparameters={"epochCount": 2, "learningRate": 1e-05},
)
RUN = any_run(
    upload=any_upload(
        key="datasets/support-nova-lite/2026-11/train.jsonl",
        version_id="3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY",
    ),
    recipe=RECIPE,
)
BEDROCK = "arn:aws:bedrock:us-east-1:123456789012"
JOB = f"{BEDROCK}:model-customization-job/amazon.nova-lite-v1:0:300k/abcdefghijkl"
MODEL = f"{BEDROCK}:custom-model/amazon.nova-lite-v1:0:300k/mnopqrstuvwx"
LOSSES = tuple(
    (float(n), round(0.6 + 1.9 * math.exp(-n / 60) + (n * 37 % 11) / 90, 4))
    for n in range(0, 400, 4)
)
RESULTS = Results(
    training=Curve(steps=400, first=2.5, last=0.611, lowest=0.602, points=LOSSES),
    validation=Curve(
        steps=2, first=0.94, last=0.97, lowest=0.94, points=((199, 0.94), (399, 0.97))
    ),
    rejected_records=3,
)
DATASET = PreparedDataset(
    summary="Accepted: 12,400 records.",
    records=12_400,
    training_tokens=806_200,
    training_uri=f"s3://prepared/prepared/{'5d41402abc4b2a76' * 4}/train.jsonl",
    validation_uri=f"s3://prepared/prepared/{'7d793037a0760186' * 4}/validation.jsonl",
    report_uri=f"s3://artifacts/runs/{RUN.id}/report.html",
)
PRICE = PriceRange(
    low_usd=Decimal("2.15"),
    training_usd=Decimal("3.22"),
    high_usd=Decimal("5.07"),
    storage_usd_per_month=Decimal("1.95"),
)
TRAINED = any_record(
    of=RUN,
    state="trained",
    dataset=DATASET,
    estimate=PRICE,
    reservation=any_reservation(RUN, usd=Decimal("7.02")),
    settlement=Settlement(usd=Decimal("7.02"), charge="job"),
    approval_reason="It may cost 5.07 USD; the recipe's limit is 4 USD.",
    approval=Approval(decision="approve", by="arn:aws:iam::123456789012:user/ann", at="noon"),
    job_arn=JOB,
    model_arn=MODEL,
    results=RESULTS,
    cost=Charged(
        usd=Decimal("3.22"),
        most_usd=Decimal("5.07"),
        basis="computed from estimated tokens and the job's epochs",
    ),
    outcome=Outcome(state="trained", summary=f"Trained: {RESULTS.sentence}", model=MODEL),
    ended_at="2026-11-23T10:12:00Z",
)
VERSION = ModelVersion(
    id="model#support-nova-lite#3",
    recipe="support-nova-lite",
    version=3,
    run_id=RUN.id,
    upload=RUN.upload.uri,
    upload_version=RUN.upload.version_id,
    dataset=DATASET.digest,
    records=12_400,
    trained_by="support-nova-lite",
    recipe_digest=RECIPE.digest,
    base_model=RECIPE.base_model,
    job_arn=JOB,
    model_arn=MODEL,
    trained_at="2026-11-23T10:08:00Z",
    approved_by="arn:aws:iam::123456789012:user/ann",
)
LIVE = LiveModel(
    id="live#support-nova-lite",
    recipe="support-nova-lite",
    revision=2,
    version=2,
    before=1,
    deployment_arn=f"{BEDROCK}:custom-model-deployment/abcdefghijkl",
    last="Version 2 is live.",
)
CHECK = {**accepted().to_dict(), "estimate": ESTIMATE}


def evaluation(
    outcome="promote",
    *,
    said=("You can return it within 30 days.", "No.", "30 days, with the bill."),
):
    expected, candidate, reference = said
    decision = GateDecision(
        outcome=outcome,
        reasons=(
            "better: token_f1 is +0.084 against live (95.0% interval +0.031 to +0.139); more than +0.02 is asked for",
        ),
        metric="token_f1",
        better_than="live",
        by_at_least=0.02,
        prompts=240,
        difference=0.084,
        low=0.031,
        high=0.139,
        confidence=0.95,
        wins=131,
        losses=48,
    )
    results = tuple(
        MetricResult(metric=metric, side=side, prompts=240, mean=mean + shift, p95=p95)
        for side, shift in (("candidate", 0.084), ("live", 0.0), ("base", -0.2))
        for metric, mean, p95 in (
            ("token_f1", 0.61, None),
            ("exact_match", 0.3, None),
            ("latency", 812.0, 1_920.0),
        )
    )
    worse = tuple(
        Regression(
            line=line,
            question="Can I return a gift that I opened?",
            expected=expected,
            candidate=candidate,
            reference=reference,
            difference=-0.8,
        )
        for line in (17, 203)
    )
    return Evaluation(decision=decision, results=results, regressions=worse)


def page_of(record=TRAINED, **given):
    facts = {"environment": "dev", "made_at": "2026-11-23T10:15:00Z", "check": CHECK}
    return RunPage(record=record, **{**facts, **given})


def before(state, **given):
    """The run earlier on."""
    gone = dict.fromkeys(
        ("job_arn", "model_arn", "results", "cost", "settlement", "outcome", "ended_at", "approval")
    )
    return structs.replace(TRAINED, state=state, **{**gone, **given})


def hostile():
    """Every field that an uploader, a model or an approver can write into, full of ill will."""
    bad = "/".join(HOSTILE[:3])
    run = any_run(
        upload=any_upload(key=f"datasets/support/{bad}/train.jsonl", version_id=HOSTILE[1])
    )
    record = any_record(
        of=run,
        state="trained",
        dataset=structs.replace(
            DATASET, summary=HOSTILE[0], training_uri=f"s3://p/prepared/{HOSTILE[1]}/train.jsonl"
        ),
        approval_reason=HOSTILE[4],
        approval=Approval(decision="approve", by=HOSTILE[5], at="noon", note=HOSTILE[2]),
        stop_asked=HOSTILE[6],
        job_arn=HOSTILE[2],
        model_arn=HOSTILE[0],
        results=RESULTS,
        outcome=Outcome(state="trained", summary=HOSTILE[0], kind=HOSTILE[1], fix=HOSTILE[2]),
    )
    said = evaluation(said=HOSTILE[:3])
    results = (
        MetricResult(
            metric=HOSTILE[0],
            side="candidate",
            prompts=3,
            mean=0.5,
            confusion={HOSTILE[1]: {HOSTILE[2]: 3}},
        ),
    )
    decision = structs.replace(said.decision, reasons=(HOSTILE[0], HOSTILE[6]))
    model = structs.replace(
        VERSION, recipe=HOSTILE[1], model_arn=HOSTILE[0], approved_by=HOSTILE[2]
    )
    live = structs.replace(LIVE, version=3, deployment_arn=HOSTILE[0], last=HOSTILE[4])
    return page_of(
        record,
        environment=HOSTILE[0],
        model=model,
        live=live,
        evaluation=structs.replace(said, results=results, decision=decision),
        evaluated_from=HOSTILE[1],
    )


PAGES = {
    "received": lambda: page_of(any_record(of=RUN, state="started"), check=None),
    "approval": lambda: page_of(before("awaiting_approval")),
    "training": lambda: page_of(before("training", job_arn=JOB)),
    "trained": lambda: page_of(model=VERSION, live=LIVE),
    "evaluated": lambda: page_of(model=VERSION, live=LIVE, evaluation=evaluation()),
    "live": lambda: page_of(
        model=VERSION,
        live=structs.replace(LIVE, version=3, before=2),
        evaluation=evaluation("hold"),
    ),
    "refused": lambda: page_of(
        before(
            "refused",
            dataset=structs.replace(
                DATASET, verdict="refused", training_uri=None, validation_uri=None
            ),
            outcome=Outcome(state="refused", summary="Refused: 1,206 errors in 12,400 records."),
        ),
        check=refused().to_dict(),
    ),
    "failed": lambda: page_of(
        before(
            "failed",
            job_arn=JOB,
            outcome=Outcome(
                state="failed",
                summary="The job made no progress for 6 hours.",
                kind="stalled",
                fix="Retrain it, or raise stall_hours in the recipe.",
            ),
        )
    ),
    "unreadable": lambda: page_of(
        check=None, check_missing="Its report cannot be read: AccessDenied."
    ),
    "emulated": lambda: page_of(
        structs.replace(
            TRAINED,
            job_arn=JOB.replace("123456789012", "0" * 12),
            model_arn=MODEL.replace("123456789012", "0" * 12),
        ),
        model=VERSION,
        live=structs.replace(
            LIVE,
            change=Change(execution="e", version=3, kind="release", by="ann", started_at="noon"),
        ),
    ),
    "hostile": hostile,
}


def run_page(name):
    return run_html(PAGES[name]())


if __name__ == "__main__":
    for sample in PAGES:
        (Path(sys.argv[1]) / f"run-{sample}.html").write_text(run_page(sample), encoding="utf-8")
