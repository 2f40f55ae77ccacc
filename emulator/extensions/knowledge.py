"""Knowledge bases and S3 Vectors, in place of MiniStack's, which index nothing, and of none.

S3 Vectors is not in MiniStack 1.5.33; its bedrock-agent answers any ingestion with COMPLETE, and its Retrieve with
nothing.
"""

import json
from collections.abc import Callable
from typing import Any

from ministack import app
from ministack.core import router
from ministack.core.responses import error_response_json
from ministack.core.router import extract_access_key_id
from ministack.services import bedrock_agent, bedrock_agent_runtime, kms

from emulator.bedrock import routes
from emulator.bedrock.injected_faults import Faults
from emulator.clock import Clock
from emulator.emulator_settings import EmulatorSettings
from emulator.extensions.bedrock import CALLER, GatedCallers, scope_of_the_call
from emulator.extensions.bedrock_runtime import EMULATED as HEADER
from emulator.extensions.enforcement import Gate
from emulator.extensions.job_objects import MiniStackObjects
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
    ServedKnowledge,
)
from emulator.knowledge.retrieving import Retrieving
from emulator.knowledge.vector_indexes import VectorStore

INDEXER = "indexing.s3vectors.amazonaws.com"
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-vectors-data-encryption.html"""
_Handler = Callable[..., Any]


def install(
    settings: EmulatorSettings,
    *,
    roles: MiniStackRoles,
    gate: Gate | None,
    clock: Clock,
    faults: Faults,
) -> KnowledgeEngine:
    engine = _engine(settings, roles, clock, faults)
    agent = engine.of(AGENT, GatedCallers(gate=gate, endpoint=AGENT))
    runtime = engine.of(RUNTIME, GatedCallers(gate=gate, endpoint=RUNTIME))
    vectors = engine.of(VECTORS, GatedCallers(gate=gate, endpoint=VECTORS, owner=VECTORS))
    bedrock_agent.handle_request = _handling(agent, bedrock_agent.handle_request)
    bedrock_agent_runtime.handle_request = _handling(runtime, bedrock_agent_runtime.handle_request)
    router.SERVICE_PATTERNS[VECTORS] = {
        "host_patterns": [r"s3vectors\."],
        "credential_scope": VECTORS,
    }
    app.SERVICE_HANDLERS[VECTORS] = _handling(vectors, _nobody)
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


def _handling(served: ServedKnowledge, theirs: _Handler) -> _Handler:
    operations = tuple(KNOWLEDGE_OPERATIONS[served.service])
    # An id has no slash, and below it there are more resources.
    service = routes.RoutedService(name=served.service, operations=operations, inside="[^/]+")

    async def handle(
        method: str, path: str, headers: Any, body: bytes, query: dict[str, list[str]]
    ) -> Any:
        CALLER.set(extract_access_key_id(headers, query))
        call = routes.BedrockCall(method=method, path=path, query=query or {}, body=body)
        answer = routes.respond(served, scope_of_the_call(), call, service)
        if answer is None:
            return await theirs(method, path, headers, body, query)
        sent = {"Content-Type": "application/json", HEADER: HASHED}
        if answer.error:
            sent["x-amzn-ErrorType"] = answer.error
        return answer.status, sent, json.dumps(answer.document).encode()

    return handle


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
