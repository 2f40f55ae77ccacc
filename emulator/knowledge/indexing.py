"""What an ingestion job does, as the knowledge base's role: read what is new, forget what is gone.

https://docs.aws.amazon.com/bedrock/latest/userguide/kb-permissions.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-vectors-bedrock-kb.html
"""

import json
import uuid
from dataclasses import dataclass
from typing import Any, Protocol

from emulator.bedrock.api_errors import ApiError, JobFailed
from emulator.bedrock.injected_faults import Faults
from emulator.bedrock.ports import Roles
from emulator.knowledge.documents import METADATA_SUFFIX, attributes_of, document_text, passages
from emulator.knowledge.hashed_embeddings import embed
from emulator.knowledge.ingestions import Ingestion
from emulator.knowledge.knowledge_bases import DocumentSource, EmulatedBase, KnowledgeBases

TEXT, ALL = "AMAZON_BEDROCK_TEXT", "AMAZON_BEDROCK_METADATA"
"""What an index must not make filterable: https://docs.aws.amazon.com/bedrock/latest/userguide/knowledge-base-setup.html"""
URI = "x-amz-bedrock-kb-source-uri"
_Document = dict[str, Any]


class DocumentFolders(Protocol):
    def etags(self, bucket: str, prefix: str) -> dict[str, str] | None:
        """Of all objects under a prefix, at any depth; None when there is no such bucket in the Region."""

    def body(self, bucket: str, key: str) -> bytes | None:
        """None when there is no such object."""

    def key_of(self, bucket: str, key: str | None) -> str | None:
        """ARN of the customer managed key of an object."""


@dataclass(frozen=True, kw_only=True)
class Indexing:
    bases: KnowledgeBases
    roles: Roles
    folders: DocumentFolders
    faults: Faults

    def run(self, base: EmulatedBase, source: DocumentSource, job: Ingestion) -> None:
        """Raises `JobFailed` when nothing can be read or written at all."""
        bucket, prefix = source.folder
        self._need(base, "s3:ListBucket", f"arn:aws:s3:::{bucket}", {"s3:prefix": prefix})
        there = self.folders.etags(bucket, prefix)
        if there is None:
            raise JobFailed(f"The bucket {bucket} is not in this Region.")
        self._need(base, "bedrock:InvokeModel", base.embeddings, {})
        self.use_key(base, "bedrock", source.transient_key, "kms:GenerateDataKey", "kms:Decrypt")
        wanted = {key: etag + there.get(key + METADATA_SUFFIX, "") for key, etag in there.items()}
        for key in sorted(source.documents.keys() - there.keys()):
            self._forget(base, source, key)
            job.count("numberOfDocumentsDeleted")
        for key, etag in sorted(wanted.items()):
            if key.endswith(METADATA_SUFFIX):
                job.count("numberOfMetadataDocumentsScanned")
            elif not key.endswith("/"):
                job.count("numberOfDocumentsScanned")
                self._bring_in(base, source, job, key, etag)

    def use_key(self, base: EmulatedBase, service: str, key: str | None, *actions: str) -> None:
        """As the role, on the service's behalf."""
        via = {
            "kms:ViaService": f"{service}.{base.scope.region}.amazonaws.com",
            "kms:CallerAccount": base.scope.account,
        }
        for action in actions if key else ():
            self._need(base, action, str(key), via)

    def _bring_in(
        self, base: EmulatedBase, source: DocumentSource, job: Ingestion, key: str, etag: str
    ) -> None:
        """A document that fails is named, and the others go on. What failed is tried again by the next job:
        UNCONFIRMED.
        """
        kept: _Document = source.documents.get(key, {})
        if kept.get("etag") == etag and kept["status"] == "INDEXED":
            return
        try:
            self.faults.strike("Ingestion", key)
            vectors = self._vectors(base, source, key)
            self._write(base, vectors)
        except (JobFailed, ApiError) as failed:
            why = failed.message if isinstance(failed, ApiError) else str(failed)
            stale = kept.get("vectors", [])
            source.documents[key] = _document("", stale, "FAILED", why)
            job.count("numberOfDocumentsFailed")
            job.reasons.append(f"{why} [Files: s3://{source.folder[0]}/{key}]")
            return
        self._delete(base, kept.get("vectors", []))
        source.documents[key] = _document(etag, [each["key"] for each in vectors], "INDEXED", "")
        job.count("numberOfModifiedDocumentsIndexed" if kept else "numberOfNewDocumentsIndexed")

    def _vectors(
        self, base: EmulatedBase, source: DocumentSource, key: str
    ) -> list[dict[str, Any]]:
        bucket, _ = source.folder
        text = document_text(key, self._read(base, bucket, key) or b"")
        attributes = attributes_of(self._read(base, bucket, key + METADATA_SUFFIX))
        chunking = source.request.get("vectorIngestionConfiguration", {})
        found = passages(text, chunking.get("chunkingConfiguration", {}))
        uri = f"s3://{bucket}/{key}"
        about = {URI: uri, "x-amz-bedrock-kb-data-source-id": source.id, **attributes}
        return [
            {
                "key": (chunk := str(uuid.uuid4())),
                "data": {"float32": embed(each, base.dimensions)},
                "metadata": {
                    TEXT: each,
                    ALL: json.dumps({"source": uri}),
                    "x-amz-bedrock-kb-chunk-id": chunk,
                    **about,
                },
            }
            for each in found
        ]

    def _read(self, base: EmulatedBase, bucket: str, key: str) -> bytes | None:
        body = self.folders.body(bucket, key)
        if body is None:
            return None
        self._need(base, "s3:GetObject", f"arn:aws:s3:::{bucket}/{key}", {})
        self.use_key(base, "s3", self.folders.key_of(bucket, key), "kms:Decrypt")
        return body

    def _write(self, base: EmulatedBase, vectors: list[dict[str, Any]]) -> None:
        index = self.bases.index(base)
        self._need(base, "s3vectors:PutVectors", index.arn, {})
        self.use_key(base, "s3vectors", index.key, "kms:GenerateDataKey", "kms:Decrypt")
        self.bases.store.put(base.scope, {**base.stored, "vectors": vectors})

    def _delete(self, base: EmulatedBase, keys: list[str]) -> None:
        index = self.bases.index(base)
        if keys:
            self._need(base, "s3vectors:DeleteVectors", index.arn, {})
            self.use_key(base, "s3vectors", index.key, "kms:Decrypt")
            self.bases.store.delete(base.scope, {**base.stored, "keys": keys})

    def _forget(self, base: EmulatedBase, source: DocumentSource, key: str) -> None:
        self._delete(base, source.documents[key]["vectors"])
        del source.documents[key]

    def _need(
        self, base: EmulatedBase, action: str, resource: str, context: dict[str, Any]
    ) -> None:
        """UNCONFIRMED texts."""
        if not self.roles.allows(base.role, action, resource, context):
            raise JobFailed(
                f"{base.role} is not authorized to perform: {action} on resource: {resource}"
            )


def _document(etag: str, vectors: list[str], status: str, reason: str) -> _Document:
    return {"etag": etag, "vectors": vectors, "status": status, "reason": reason}
