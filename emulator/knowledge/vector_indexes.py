"""S3 Vectors: buckets, indexes in them, and vectors that are found by their distance.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-vectors.html
"""

import heapq
import math
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from operator import mul
from typing import Any

from emulator.bedrock.api_errors import Denied, Exists, NoVectors, ValidationError
from emulator.bedrock.ports import Scope
from emulator.knowledge.vector_metadata import check_metadata, takes

MOST_RESULTS = 100
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-vectors-limitations.html"""
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PLAIN = {"sseType": "AES256"}
NO_INDEXING = "Insufficient access to perform asynchronous indexing"
"""Reported where somebody left indexing.s3vectors.amazonaws.com out of a key's policy."""


def vectors_arn(scope: Scope, bucket: str, index: str = "") -> str:
    inside = f"/index/{index}" if index else ""
    return f"arn:aws:s3vectors:{scope.region}:{scope.account}:bucket/{bucket}{inside}"


@dataclass(kw_only=True)
class VectorIndex:
    arn: str
    request: dict[str, Any]
    encryption: dict[str, Any]
    created: float
    vectors: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def dimension(self) -> int:
        return int(self.request["dimension"])

    @property
    def key(self) -> str | None:
        return self.encryption.get("kmsKeyArn")

    @property
    def not_filterable(self) -> list[str]:
        return list(self.request.get("metadataConfiguration", {}).get(_NOT_FILTERABLE, []))

    def describe(self) -> dict[str, Any]:
        kept = ("indexName", "dataType", "dimension", "distanceMetric", "metadataConfiguration")
        said = {name: self.request[name] for name in kept if name in self.request}
        bucket = self.arn.partition("/index/")[0].rpartition("/")[2]
        times = {"creationTime": self.created, "encryptionConfiguration": self.encryption}
        return {"vectorBucketName": bucket, "indexArn": self.arn, **said, **times}


_NOT_FILTERABLE = "nonFilterableMetadataKeys"


@dataclass(kw_only=True)
class VectorBucket:
    name: str
    arn: str
    encryption: dict[str, Any]
    created: float
    indexes: dict[str, VectorIndex] = field(default_factory=dict)


@dataclass(kw_only=True)
class VectorStore:
    clock: Callable[[], float]
    key_opens: Callable[[str, str], bool]
    """Whether a key lets the service that indexes use it, on behalf of what has that ARN."""
    _kept: dict[str, VectorBucket] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def create_bucket(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        name = _named(request["vectorBucketName"])
        arn = vectors_arn(scope, name)
        with self._lock:
            if arn in self._kept:
                # UNCONFIRMED text.
                raise Exists(message=f"The vector bucket {name} exists already.")
            self._kept[arn] = VectorBucket(
                name=name, arn=arn, encryption=_encryption(request, _PLAIN), created=self.clock()
            )
        return {"vectorBucketArn": arn}

    def get_bucket(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        found = self.bucket(scope, request)
        return {"vectorBucket": _described(found) | {"encryptionConfiguration": found.encryption}}

    def list_buckets(self, scope: Scope, _request: dict[str, Any]) -> dict[str, Any]:
        mine = vectors_arn(scope, "")
        with self._lock:
            found = [_described(each) for arn, each in self._kept.items() if arn.startswith(mine)]
        return {"vectorBuckets": found}

    def delete_bucket(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            found = self.bucket(scope, request)
            if found.indexes:
                # UNCONFIRMED text.
                raise Exists(message=f"The vector bucket {found.name} has indexes.")
            del self._kept[found.arn]
        return {}

    def create_index(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        name = _named(request["indexName"])
        with self._lock:
            bucket = self.bucket(scope, request)
            if name in bucket.indexes:
                # UNCONFIRMED text.
                raise Exists(message=f"The index {name} exists already.")
            arn = vectors_arn(scope, bucket.name, name)
            made = VectorIndex(
                arn=arn,
                request=request,
                encryption=_encryption(request, bucket.encryption),
                created=self.clock(),
            )
            if made.key and not self.key_opens(made.key, arn):
                raise Denied(message=NO_INDEXING)
            bucket.indexes[name] = made
        return {"indexArn": arn}

    def get_index(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        return {"index": self.index(scope, request).describe()}

    def list_indexes(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        kept = ("vectorBucketName", "indexName", "indexArn", "creationTime")
        found = [each.describe() for each in self.bucket(scope, request).indexes.values()]
        return {"indexes": [{name: each[name] for name in kept} for each in found]}

    def delete_index(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            found = self.index(scope, request)
            bucket, _, name = found.arn.partition("/index/")
            del self._kept[bucket].indexes[name]
        return {}

    def put(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        """All of them or none; a key that is there already is overwritten."""
        with self._lock:
            index = self.index(scope, request)
            for each in request["vectors"]:
                _check_vector(each["key"], each["data"].get("float32", []), index)
                check_metadata(each["key"], each.get("metadata", {}), index.not_filterable)
            index.vectors.update({each["key"]: each for each in request["vectors"]})
        return {}

    def get(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        vectors = self.index(scope, request).vectors
        found = [vectors[key] for key in request["keys"] if key in vectors]
        return {"vectors": [_shown(each, request) for each in found]}

    def list_all(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        """In one page: the emulator's indexes are small."""
        found = list(self.index(scope, request).vectors.values())
        return {"vectors": [_shown(each, request) for each in found]}

    def delete(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        """What is not there is deleted."""
        with self._lock:
            vectors = self.index(scope, request).vectors
            for key in request["keys"]:
                vectors.pop(key, None)
        return {}

    def query(self, scope: Scope, request: dict[str, Any]) -> dict[str, Any]:
        index = self.index(scope, request)
        asked = request.get("queryVector", {}).get("float32")
        if asked is None:
            raise ValidationError(message="The emulator searches by a vector, and not by a text.")
        if request["topK"] > MOST_RESULTS:
            # UNCONFIRMED text.
            raise ValidationError(message=f"topK must be at most {MOST_RESULTS}")
        _check_vector("queryVector", asked, index)
        metric, filtered = str(index.request["distanceMetric"]), request.get("filter", {})
        _check_filter(filtered, index.not_filterable)
        with self._lock:
            near = [
                (_DISTANCES[metric](asked, each["data"]["float32"]), key)
                for key, each in index.vectors.items()
                if takes(filtered, each.get("metadata", {}))
            ]
            best = heapq.nsmallest(request["topK"], near)
            found = [_shown(index.vectors[key], request) | _far(d, request) for d, key in best]
        return {"vectors": found, "distanceMetric": metric}

    def bucket(self, scope: Scope, request: dict[str, Any]) -> VectorBucket:
        arn = bucket_named(scope, request)
        with self._lock:
            if found := self._kept.get(arn):
                return found
        raise NoVectors(message="The specified vector bucket could not be found")

    def index(self, scope: Scope, request: dict[str, Any]) -> VectorIndex:
        arn = index_named(scope, request)
        bucket, _, name = arn.partition("/index/")
        with self._lock:
            found = self._kept.get(bucket)
            if found and name in found.indexes:
                return found.indexes[name]
        raise NoVectors(message="The specified index could not be found")


def bucket_named(scope: Scope, request: dict[str, Any]) -> str:
    """ARN of the bucket that a request is about."""
    if arn := request.get("vectorBucketArn"):
        return str(arn)
    if name := request.get("vectorBucketName"):
        return vectors_arn(scope, name)
    raise ValidationError(message="Must specify either vectorBucketName or vectorBucketArn")


def index_named(scope: Scope, request: dict[str, Any]) -> str:
    """ARN of the index that a request is about."""
    if arn := request.get("indexArn"):
        return str(arn)
    if name := request.get("indexName"):
        return f"{bucket_named(scope, request)}/index/{name}"
    raise ValidationError(message="Must specify either indexArn or its bucket and indexName")


def _named(name: str) -> str:
    if not _NAME.fullmatch(name):
        # UNCONFIRMED text.
        raise ValidationError(message=f"Invalid name: {name}")
    return name


def _encryption(request: dict[str, Any], otherwise: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = request.get("encryptionConfiguration") or otherwise
    if (found.get("sseType") == "aws:kms") is not ("kmsKeyArn" in found):
        raise ValidationError(message="kmsKeyArn goes with the sseType aws:kms, and only with it")
    return found


def _described(bucket: VectorBucket) -> dict[str, Any]:
    named = {"vectorBucketName": bucket.name, "vectorBucketArn": bucket.arn}
    return {**named, "creationTime": bucket.created}


def _check_vector(key: str, vector: list[float], index: VectorIndex) -> None:
    if len(vector) != index.dimension:
        why = f"vector must have length {index.dimension}, but has length {len(vector)}"
        raise ValidationError(message=f"Invalid record for key '{key}': {why}")
    if index.request["distanceMetric"] == "cosine" and not any(vector):
        raise ValidationError(message=f"Invalid record for key '{key}': a zero vector has no angle")


def _check_filter(filtered: dict[str, Any], not_filterable: list[str]) -> None:
    if found := sorted({*filtered} & {*not_filterable}):
        # UNCONFIRMED text.
        raise ValidationError(message=f"Invalid filter: {found[0]} is not filterable")


def _shown(vector: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    data = {"data": vector["data"]} if request.get("returnData") else {}
    metadata = {"metadata": vector.get("metadata", {})} if request.get("returnMetadata") else {}
    return {"key": vector["key"], **data, **metadata}


def _far(distance: float, request: dict[str, Any]) -> dict[str, Any]:
    return {"distance": distance} if request.get("returnDistance") else {}


def _cosine(one: list[float], other: list[float]) -> float:
    product = float(sum(map(mul, one, other)))
    return 1 - product / (math.hypot(*one) * math.hypot(*other))


_DISTANCES: dict[str, Callable[[list[float], list[float]], float]] = {
    "cosine": _cosine,
    "euclidean": math.dist,
}
