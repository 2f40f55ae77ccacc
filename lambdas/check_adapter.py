"""Whether an upload can be imported: all of it there, sound, of its base, and of what Bedrock imports. Fixes what is read."""

import os
from functools import cache
from typing import Any

from msgspec import structs

from lambdas import deployed_recipes
from lambdas.observe import logger, observed
from tuning.adapters.distributed_merge import import_candidate, planned
from tuning.adapters.refused import MergeRefusedError
from tuning.aws.import_files import keep_plan
from tuning.aws.import_folders import import_sources, opened_folders, still_missing
from tuning.aws.import_ledger import Imports
from tuning.aws.ledger import Ledger
from tuning.aws.multipart import begin_upload
from tuning.imports.import_answers import CheckedUpload
from tuning.imports.import_keys import model_prefix
from tuning.imports.import_plan import ImportPlan, ImportSources
from tuning.imports.import_recipe import ImportRecipe
from tuning.imports.import_rules import finding_sentences, import_faults, recipe_fault, size_fault
from tuning.imports.import_run import ImportRecord
from tuning.imports.import_settings import ImportSettings
from tuning.models.import_check import ImportCheck, check_import
from tuning.models.import_units import expected_units

_settings = cache(ImportSettings.from_env)
MOST_LOOKS = 60
"""Polls of a minute without anything new: then an upload that is not whole is refused."""


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    record = _imports().record(event["import_id"])
    before = CheckedUpload.kept(event.get("checked")) or CheckedUpload()
    try:
        checked = _checked(record, before)
    except MergeRefusedError as refused:
        checked = _refused(f"{refused}. {refused.rule.fix}")
    except FileNotFoundError as gone:
        checked = _refused(f"A file was deleted while it was read: {gone}. Upload it again.")
    logger.info("checked", state=checked.state, why=checked.why, groups=checked.groups)
    return checked.to_json()


def _checked(record: ImportRecord, before: CheckedUpload) -> CheckedUpload:
    recipe = deployed_recipes.import_recipe(record.recipe)
    if why := recipe_fault(record, recipe):
        return _refused(why)
    if record.state != "received":  # a try before this one came so far
        return CheckedUpload(state="ready", groups=record.groups)
    assert recipe  # noqa: S101 — recipe_fault says so of None
    bucket = _settings().weights_bucket
    sources = import_sources(record.upload, base=recipe.base, weights_bucket=bucket)
    if missing := still_missing(sources):
        return _waiting(sources, missing, before)
    if why := size_fault(recipe, sources.weights):
        return _refused(why)
    return _planned(record, recipe, sources)


def _planned(record: ImportRecord, recipe: ImportRecipe, sources: ImportSources) -> CheckedUpload:
    base, adapter = opened_folders(sources)
    merge = planned(base, adapter, rounding=recipe.rounding)
    candidate = import_candidate(merge, base, adapter)
    checked = check_import(candidate, os.environ["AWS_REGION"])
    if why := import_faults(recipe, candidate, checked):
        return _refused(why)
    bucket, folder = _settings().weights_bucket, model_prefix(record.import_id)
    uploads = {file: begin_upload(bucket, f"{folder}{file}").upload_id for file in merge.files}
    made = ImportPlan(sources=sources, merge=structs.replace(merge, uploads=uploads))
    return _noted(record, recipe, keep_plan(bucket, record.import_id, made), checked)


def _noted(
    record: ImportRecord, recipe: ImportRecipe, plan: ImportPlan, checked: ImportCheck
) -> CheckedUpload:
    groups, weights = len(plan.merge.groups), plan.merge.bytes
    _imports().update(
        record.import_id,
        state="checked",
        base=recipe.base if plan.sources.adapter_uri else None,
        groups=groups,
        bytes=weights,
        architecture=checked.architecture,
        converse=checked.converse,
        model_units=expected_units(checked.architecture, weights).units,
        notes=finding_sentences(checked.findings) or None,
    )
    return CheckedUpload(state="ready", groups=groups)


def _waiting(sources: ImportSources, missing: list[str], before: CheckedUpload) -> CheckedUpload:
    polls = before.polls + 1 if sources.seen == before.seen else 1
    what = f"It lacks {', '.join(missing)}."
    if polls > MOST_LOOKS:
        return _refused(
            f"{what} Nothing more has arrived for {MOST_LOOKS} minutes. Upload the whole folder again."
        )
    return CheckedUpload(state="waiting", why=what, polls=polls, seen=sources.seen)


def _refused(why: str) -> CheckedUpload:
    return CheckedUpload(state="refused", why=why)


def _imports() -> Imports:
    return Imports(ledger=Ledger(table=_settings().ledger_table))
