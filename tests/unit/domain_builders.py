"""Builders of domain objects: what a test does not name does not matter to it."""

import json
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from tuning.runs.function_settings import RunSettings
from tuning.runs.money_records import Reservation
from tuning.runs.recipes import Recipe
from tuning.runs.run import Run
from tuning.runs.run_record import RunRecord
from tuning.runs.uploads import Upload

DATASETS, PREPARED, ARTIFACTS = "datasets-bucket", "prepared-bucket", "artifacts-bucket"
JOB_ROLE = "arn:aws:iam::123456789012:role/JobRole"
RELEASE_MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:Release"
MODEL_KEY = "arn:aws:kms:us-east-1:123456789012:key/11111111-2222-3333-4444-555555555555"


def any_upload(**given: Any) -> Upload:
    facts = {
        "bucket": DATASETS,
        "key": "datasets/support/train.jsonl",
        "version_id": "v1",
        "size": 1000,
        "arrived_at": "2026-11-23T07:00:00Z",
    }
    return Upload(**{**facts, **given})


def any_recipe(**given: Any) -> Recipe:
    facts = {
        "name": "support",
        "description": "Support answers.",
        "base_model": "amazon.nova-micro-v1:0:128k",
    }
    return Recipe(**{**facts, **given})


def any_run(*, upload: Upload | None = None, recipe: Recipe | None = None) -> Run:
    return Run.new(upload=upload or any_upload(), recipe=recipe or any_recipe())


def any_record(*, of: Run | None = None, **given: Any) -> RunRecord:
    """What the ledger has of a run that trains, unless `given` says otherwise."""
    run = of or any_run()
    stored = json.loads(json.dumps(run.to_dict()))
    facts = {"id": run.id, "state": "training", "run": stored, **run.upload.facts}
    return RunRecord(**{**facts, **given})


def any_reservation(run: Run, **given: Any) -> Reservation:
    """For what the run trains by."""
    facts = {
        "usd": Decimal(4),
        "month": "2026-11",
        "recipe": run.recipe.name,
        "recipe_digest": run.recipe.content_digest,
    }
    return Reservation(**{**facts, **given})


def any_run_settings(**given: Any) -> RunSettings:
    facts = {
        "environment": "dev",
        "ledger_table": "ledger",
        "budgets_table": "budgets",
        "prepared_bucket": PREPARED,
        "artifacts_bucket": ARTIFACTS,
        "job_role_arn": JOB_ROLE,
        "job_subnet_ids": ("subnet-0a1", "subnet-0b2"),
        "job_security_group_ids": ("sg-0c3",),
        "model_key_arn": MODEL_KEY,
        "max_dataset_mb": "5",
        "monthly_budget_usd": "none",
    }
    return RunSettings(**{**facts, **given})


def a_context() -> SimpleNamespace:
    """What powertools asks of a Lambda context."""
    return SimpleNamespace(
        function_name="function",
        memory_limit_in_mb=512,
        invoked_function_arn="arn:aws:lambda:us-east-1:123456789012:function:function",
        aws_request_id="11111111-2222-3333-4444-555555555555",
        log_stream_name="2026/11/23/[1]abc",
        get_remaining_time_in_millis=lambda: 60_000,
    )


def any_event(*, bucket: str = DATASETS, key: str = "datasets/support/train.jsonl") -> Any:
    """As EventBridge sends it.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html
    """
    return {
        "version": "0",
        "id": "17793124-05d4-b198-2fde-7ededc63b103",
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": "123456789012",
        "time": "2026-11-23T07:00:00Z",
        "region": "us-east-1",
        "resources": [f"arn:aws:s3:::{bucket}"],
        "detail": {
            "version": "0",
            "bucket": {"name": bucket},
            "object": {
                "key": key,
                "size": 1000,
                "etag": "b1946ac92492d2347c6235b4d2611184",
                "version-id": "IYV3p45BT0ac8hjHg1houSdS1a.Mro8e",
                "sequencer": "00617F08299329D189",
            },
            "request-id": "N4N7GDK58NMKJ12R",
            "requester": "123456789012",
            "source-ip-address": "10.42.0.9",
            "reason": "PutObject",
        },
    }
