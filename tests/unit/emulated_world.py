"""A world around the emulated Bedrock in which everything is allowed and present."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from emulator.bedrock.engine import Engine
from emulator.bedrock.ports import Scope, Surroundings

EAST = Scope(account="111122223333", region="us-east-1")
WEST = Scope(account="111122223333", region="us-west-2")
ROLE = "arn:aws:iam::111122223333:role/tuner"
NOVA = "amazon.nova-micro-v1:0:128k"
LLAMA = "meta.llama3-2-1b-instruct-v1:0:128k"
"""Served by Provisioned Throughput alone, in us-west-2."""
DEPLOYMENT = 440
"""Seconds that a deployment takes to be created or updated."""
RECORD = json.dumps(
    {
        "messages": [
            {"role": "user", "content": [{"text": "What is it?"}]},
            {"role": "assistant", "content": [{"text": "A test."}]},
        ]
    }
).encode()


@dataclass
class World:
    """Everything allowed and present unless a test takes it away."""

    objects: dict[str, list[bytes]] = field(default_factory=lambda: {"train.jsonl": [RECORD] * 100})
    folders: dict[str, bytes] = field(default_factory=dict)
    """Objects by key, of the folders that are imported."""
    written: dict[str, bytes] = field(default_factory=dict)
    denied: set[str] = field(default_factory=set)
    forbidden: set[str] = field(default_factory=set)
    """Actions of the caller, as `denied` are those of the job's role."""
    keys: dict[str | None, str] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)
    silent: set[str] = field(default_factory=set)
    """Groups whose members do not reach each other."""
    groups: dict[str, list[str]] = field(default_factory=lambda: {"prompts": []})
    """Lines of each log group."""
    admitting: set[str] = field(default_factory=set)
    """Buckets in which Bedrock may log."""
    published: list[dict] = field(default_factory=list)
    closed: bool = False
    """Whether models' keys do not let Bedrock itself in."""
    seconds: float = 1_800_000_000
    """The clock that deployments go by."""

    def may_be_assumed(self, role, _source_arn):
        return role == ROLE

    def allows(self, _role, action, _resource, _context):
        return action not in self.denied

    def refusal(self, action, resource, _context):
        return f"not allowed: {action} on {resource}" if action in self.forbidden else None

    def lines(self, _bucket, key) -> Iterator[bytes] | None:
        return iter(self.objects[key]) if key in self.objects else None

    def sizes(self, _bucket, prefix):
        found = {
            key.removeprefix(prefix): len(body)
            for key, body in self.folders.items()
            if key.startswith(prefix)
        }
        return found if _bucket != "nowhere" else None

    def part(self, _bucket, key, start, length):
        body = self.folders.get(key)
        return None if body is None else body[start : start + length]

    def write(self, _bucket, key, body):
        self.written[key] = body
        return True

    def key_of(self, _bucket, key):
        return self.keys.get(key)

    def group_exists(self, group):
        return group in self.groups

    def append(self, group, _stream, line):
        self.groups[group].append(line)

    def bucket_admits(self, bucket, _key, _source):
        return bucket in self.admitting

    def missing(self, _subnets, _groups):
        return self.absent

    def members_talk(self, groups):
        return not {*groups} & self.silent

    def put(self, detail_type, resource, detail):
        self.published.append({"type": detail_type, "resource": resource, "detail": detail})


def an_engine(world, spawn, *, units=2):
    aws = Surroundings(roles=world, objects=world, network=world, events=world, callers=world)
    return Engine(
        aws=aws,
        spawn=spawn,
        quota=2,
        phase_seconds=0,
        clock=lambda: world.seconds,
        seconds=DEPLOYMENT,
        units=units,
        key_opens=lambda _key: not world.closed,
        places=world,
    )


def a_request(**changes):
    return {
        "jobName": "job-1",
        "customModelName": "model-1",
        "roleArn": ROLE,
        "baseModelIdentifier": NOVA,
        "trainingDataConfig": {"s3Uri": "s3://data/train.jsonl"},
        "outputDataConfig": {"s3Uri": "s3://results/runs/1/"},
    } | changes


def create(engine, scope=EAST, **changes):
    return engine.call("CreateModelCustomizationJob", scope, a_request(**changes))["jobArn"]


def get(engine, identifier, scope=EAST):
    return engine.call("GetModelCustomizationJob", scope, {"jobIdentifier": identifier})


def trained(engine, number, base=NOVA, scope=EAST):
    """ARN of a model."""
    named = {"jobName": f"job-{number}", "customModelName": f"model-{number}"}
    job = create(engine, scope, baseModelIdentifier=base, **named)
    return get(engine, job, scope)["outputModelArn"]
