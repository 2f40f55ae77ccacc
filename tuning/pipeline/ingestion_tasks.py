"""The steps of an ingestion: from documents that changed to answers that know of it.

Only an environment with an assistant that has documents has them. None of them reads a document: Bedrock does, as the
role of the knowledge base.
"""

from tuning.assistants.assistant_settings import DocumentIntakeSettings, IngestionSettings
from tuning.pipeline.grants import access, receive
from tuning.pipeline.step import Step

RECEIVE_DOCUMENT = Step(
    name="receive_document",
    kind="ingestion_consumer",
    does="Collects changes of documents by assistant, starts their ingestion, and refuses what no assistant could answer from.",
    failing="changes of documents cannot be received: they wait in the queue, and after four hours of tries they are dead letters",
    settings=DocumentIntakeSettings,
    access=(
        receive("DocumentQueue"),
        access("states:StartExecution", on="Ingestion"),
    ),
)

START_INGESTION = Step(
    name="start_ingestion",
    kind="ingestion",
    does="Collects, waits for the job before, finds that a later job has the changes, or starts the one job.",
    failing="no documents are ingested: changes wait in their retries; answers use the former documents",
    settings=IngestionSettings,
    takes=("assistant", "ingestion_id", "progress"),
    gives="progress",
    access=(access("bedrock:ListIngestionJobs", "bedrock:StartIngestionJob", on="KnowledgeBases"),),
)

FOLLOW_INGESTION = Step(
    name="follow_ingestion",
    kind="ingestion",
    does="Polls the ingestion job, and at its end names the documents that failed.",
    failing="the outcomes of ingestions are not reported; the jobs themselves go on",
    settings=IngestionSettings,
    takes=("assistant", "progress", "followed"),
    gives="followed",
    follows_a_job=True,
    access=(
        access(
            "bedrock:GetIngestionJob", "bedrock:ListKnowledgeBaseDocuments", on="KnowledgeBases"
        ),
    ),
)

INGESTION_STEPS = (RECEIVE_DOCUMENT, START_INGESTION, FOLLOW_INGESTION)
