"""The states of the Ingestion state machine, by name. An execution under way keeps those it was started with."""

from enum import StrEnum


class IngestionState(StrEnum):
    BEGIN = "Begin ingestion"
    DOCUMENTS_REFUSED = "Documents refused?"
    NOTIFY_REFUSED = "Notify of refused documents"
    CHANGES = "Changes to ingest?"
    NOTHING = "Nothing to ingest"
    STARTED = "Ingestion started?"
    COLLECT = "Collect changes"
    WAIT_FOR_OTHERS = "Wait for other ingestion"
    COVERED = "Changes covered"
    NOT_STARTED = "Ingestion not started"
    STATUS = "Ingestion status?"
    WAIT_FOR_END = "Wait for ingestion"
    INGESTED = "Documents ingested"
    NOT_WHOLE = "Ingestion not whole"
    STEP_FAILED = "Ingestion step failed"
    NOTIFY = "Notify of ingestion"
    OUTCOME = "Ingestion outcome?"
    SOME_FAILED = "Some documents failed"
    FAILED = "Ingestion failed"
    NOT_REPORTED = "Ingestion not reported"
