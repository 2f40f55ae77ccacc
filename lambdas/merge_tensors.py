"""One group of tensors: ranges of the base and the adapter in, parts of the merged file out. Done twice, the same bytes."""

from functools import cache
from typing import Any

from lambdas.observe import logger, observed
from tuning.adapters.distributed_merge import GroupResult, group_work
from tuning.adapters.refused import MergeRefusedError
from tuning.adapters.tensor_groups import merge_group
from tuning.aws.import_files import keep_group, read_plan
from tuning.aws.import_folders import opened_folders
from tuning.aws.multipart import PartSink
from tuning.aws.unfinished_uploads import MultipartUpload
from tuning.imports.import_answers import MergedGroup
from tuning.imports.import_keys import model_prefix
from tuning.imports.import_plan import ImportPlan
from tuning.imports.import_settings import ImportSettings

_settings = cache(ImportSettings.from_env)


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """It reads no ledger: the plan fixes what is read and written."""
    import_id, number, bucket = event["import_id"], int(event["group"]), _settings().weights_bucket
    try:
        result = _merged(import_id, read_plan(bucket, import_id), number)
    except MergeRefusedError as refused:
        logger.info("refused", group=number, why=str(refused))
        why = f"{refused}. {refused.rule.fix}"
        return MergedGroup(state="refused", group=number, why=why).to_json()
    keep_group(bucket, import_id, result)
    logger.info("merged", group=number, parts=len(result.parts))
    return MergedGroup(group=number).to_json()


def _merged(import_id: str, plan: ImportPlan, number: int) -> GroupResult:
    group, (base, adapter) = plan.merge.groups[number], opened_folders(plan.sources)
    upload = MultipartUpload(
        bucket=_settings().weights_bucket,
        key=f"{model_prefix(import_id)}{group.file}",
        upload_id=plan.merge.uploads[group.file],
    )
    sink = PartSink(upload, group.first_part, group.part_sizes())
    with group_work(plan.merge, base, adapter) as work, sink:
        digests = merge_group(work, group, sink)
    return GroupResult(
        group=number, before=digests.before, after=digests.after, parts=tuple(sink.results)
    )
