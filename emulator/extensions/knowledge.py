"""Knowledge bases and S3 Vectors, in place of MiniStack's, which index nothing, and of none.

S3 Vectors is not in MiniStack 1.5.33; its bedrock-agent answers any ingestion with COMPLETE, and its Retrieve with
nothing.
"""

from typing import Any

from ministack import app
from ministack.core import router
from ministack.core.responses import error_response_json
from ministack.services import bedrock_agent, bedrock_agent_runtime, kms

from emulator.bedrock import routes
from emulator.bedrock.injected_faults import Faults
from emulator.clock import Clock
from emulator.emulator_settings import EmulatorSettings
from emulator.extensions.bedrock import GatedCallers, answer_or_pass_on
from emulator.extensions.bedrock_runtime import EMULATED as HEADER
from emulator.extensions.enforcement import Gate
from emulator.extensions.job_objects import MiniStackObjects
from emulator.extensions.patching import patch
from emulator.extensions.roles import MiniStackRoles
from emulator.extensions.service_access import allows
from emulator.knowledge.hashed_embeddings import HASHED
from emulator.knowledge.indexing import Indexing
from emulator.knowledge.ingesting import Ingesting
from emulator.knowledge.knowledge_bases import KnowledgeBases
from emulator.knowledge.knowledge_engine import (
    AGENT,
    KNOWLEDGE_OPERATIONS,
    RUNTIME,
    VECTORS,
    KnowledgeEngine,
)
from emulator.knowledge.retrieving import Retrieving
from emulator.knowledge.vector_indexes import VectorStore

INDEXER = "indexing.s3vectors.amazonaws.com"
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-vectors-data-encryption.html"""
_SAID = {HEADER: HASHED}


def install(
    settings: EmulatorSettings,
    *,
    roles: MiniStackRoles,
    gate: Gate | None,
    clock: Clock,
    faults: Faults,
) -> KnowledgeEngine:
    engine = _engine(settings, roles, clock, faults)
    for service, place in ((AGENT, bedrock_agent), (RUNTIME, bedrock_agent_runtime)):
        served = engine.of(service, GatedCallers(gate=gate, endpoint=service))
        patch(place, "handle_request", answer_or_pass_on, served, _routed(service), _SAID)
    router.SERVICE_PATTERNS[VECTORS] = {
        "host_patterns": [r"s3vectors\."],
        "credential_scope": VECTORS,
    }
    vectors = engine.of(VECTORS, GatedCallers(gate=gate, endpoint=VECTORS, owner=VECTORS))
    app.SERVICE_HANDLERS[VECTORS] = _nobody
    patch(app.SERVICE_HANDLERS, VECTORS, answer_or_pass_on, vectors, _routed(VECTORS), _SAID)
    return engine


def _engine(
    settings: EmulatorSettings, roles: MiniStackRoles, clock: Clock, faults: Faults
) -> KnowledgeEngine:
    store = VectorStore(clock=clock.now, key_opens=_opens)
    bases = KnowledgeBases(store=store, roles=roles)
    indexing = Indexing(bases=bases, roles=roles, folders=MiniStackObjects(), faults=faults)
    ingesting = Ingesting(
        bases=bases,
        faults=faults,
        clock=clock.now,
        seconds=settings.phase_seconds,
        indexing=indexing,
    )
    retrieving = Retrieving(bases=bases, roles=roles, ingesting=ingesting, indexing=indexing)
    return KnowledgeEngine(
        store=store, bases=bases, ingesting=ingesting, retrieving=retrieving, faults=faults
    )


def _routed(service: str) -> routes.RoutedService:
    """An id has no slash, and below it there are more resources."""
    operations = tuple(KNOWLEDGE_OPERATIONS[service])
    return routes.RoutedService(name=service, operations=operations, inside="[^/]+")


async def _nobody(method: str, path: str, *_rest: Any) -> Any:
    return error_response_json("ValidationException", f"The emulator has no {method} {path}.", 400)


def _opens(key: str, index: str) -> bool:
    """Whether it lets the service decrypt that keeps the index in order."""
    source = {
        "aws:sourceaccount": index.split(":")[4],
        "aws:sourcearn": index,
        "kms:encryptioncontextkeys": ["aws:s3vectors:arn", "aws:s3vectors:resource-id"],
    }
    found = kms._resolve_key(key)
    return found is not None and allows(found["Policy"], INDEXER, "kms:Decrypt", key, source)
