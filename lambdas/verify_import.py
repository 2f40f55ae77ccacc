"""Whether an imported model answers: one question, one short answer, which nobody reads. Notes what it takes."""

from functools import cache
from typing import Any

from lambdas.observe import logger, observed
from tuning.aws.asking import said_no
from tuning.aws.import_jobs import ImportJobs
from tuning.aws.import_ledger import Imports
from tuning.aws.imported_answers import LoadingModelError, UnreadableAnswerError, ask_imported
from tuning.aws.ledger import Ledger
from tuning.imports.import_answers import ImportVerified
from tuning.imports.import_settings import ImportSettings

_settings = cache(ImportSettings.from_env)
_QUESTION, _MOST_TOKENS = "Answer with one word: ready?", 8
MOST_COLD = 60
"""Polls of a minute. A model that is asked is said to be served within five, or not to be ready.
https://docs.aws.amazon.com/bedrock/latest/userguide/invoke-imported-model.html"""


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    imports = Imports(ledger=Ledger(table=_settings().ledger_table))
    record = imports.record(event["import_id"])
    before = ImportVerified.kept(event.get("verified")) or ImportVerified()
    arn = str(record.model_arn)
    if not before.polls:
        units = ImportJobs().model(arn).get("customModelUnits", {})
        known = units.get("customModelUnitsPerModelCopy", record.model_units)
        imports.update(record.import_id, model_units=known) if known else None
    found, polls = _asked(arn, converse=bool(record.converse)), before.polls + 1
    if found.state == "cold" and polls > MOST_COLD:
        found = ImportVerified(
            state="silent", why=f"It was not ready after {MOST_COLD} polls: {found.why}"
        )
    logger.info("verified", state=found.state, why=found.why, model_arn=arn)
    return ImportVerified(state=found.state, why=found.why, polls=polls).to_json()


def _asked(arn: str, *, converse: bool) -> ImportVerified:
    """What passes, such as throttling, is tried again; a model that is being loaded is asked again after a minute."""
    try:
        why = said_no(
            lambda: ask_imported(arn, _QUESTION, converse=converse, most_tokens=_MOST_TOKENS)
        )
    except LoadingModelError as loading:
        return ImportVerified(state="cold", why=str(loading))
    except UnreadableAnswerError as unreadable:
        why = str(unreadable)
    return ImportVerified(state="silent", why=why) if why else ImportVerified(state="answered")
