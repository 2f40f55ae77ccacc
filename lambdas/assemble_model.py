"""The folder to import made whole: its weights completed from their parts, what lies beside them, and the receipt."""

from functools import cache
from typing import Any

from lambdas.observe import logger, observed
from tuning.adapters.companion_files import RECEIPT
from tuning.adapters.distributed_merge import Assembled, assembled
from tuning.adapters.model_folder import content_pieces
from tuning.adapters.refused import MergeRefusedError
from tuning.aws.clients import client
from tuning.aws.import_files import kept_groups, read_plan
from tuning.aws.import_folders import opened_folders
from tuning.aws.import_ledger import Imports
from tuning.aws.ledger import Ledger
from tuning.aws.multipart import complete_upload
from tuning.aws.unfinished_uploads import MultipartUpload
from tuning.imports.import_answers import AssembledModel
from tuning.imports.import_keys import model_prefix
from tuning.imports.import_plan import ImportPlan
from tuning.imports.import_settings import ImportSettings

_settings = cache(ImportSettings.from_env)


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    import_id, bucket = event["import_id"], _settings().weights_bucket
    imports = Imports(ledger=Ledger(table=_settings().ledger_table))
    record, plan = imports.record(import_id), read_plan(bucket, import_id)
    base, adapter = opened_folders(plan.sources)
    try:
        results = kept_groups(bucket, import_id, record.groups)
        made = assembled(plan.merge, base, adapter, results)
    except MergeRefusedError as refused:
        return AssembledModel(why=f"{refused}. {refused.rule.fix}").to_json()
    _complete(import_id, plan, made)
    uri = _beside(bucket, model_prefix(import_id), made)
    if record.state == "reserved":
        imports.update(import_id, state="merged", receipt_uri=f"{uri}{RECEIPT}")
    logger.info("assembled", uri=uri, files=len(made.parts))
    return AssembledModel(state="assembled", uri=uri).to_json()


def _complete(import_id: str, plan: ImportPlan, made: Assembled) -> None:
    """S3 compares each part with its SHA-256, and the list of parts with what it has."""
    for file, parts in made.parts.items():
        upload = MultipartUpload(
            bucket=_settings().weights_bucket,
            key=f"{model_prefix(import_id)}{file}",
            upload_id=plan.merge.uploads[file],
        )
        version = complete_upload(upload, parts)
        logger.info("completed", file=file, version=version)


def _beside(bucket: str, folder: str, made: Assembled) -> str:
    """The receipt comes last."""
    for name, content in (*made.files.items(), (RECEIPT, made.receipt)):
        body = b"".join(content_pieces(content))
        client("s3").put_object(Bucket=bucket, Key=f"{folder}{name}", Body=body)
    return f"s3://{bucket}/{folder}"
