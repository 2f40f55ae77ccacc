"""Why a run failed: in AWS's words or in ours, under a permanent name, with what to do about it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tuning.runs.json_record import Record

_TROUBLESHOOTING = (
    "https://docs.aws.amazon.com/bedrock/latest/userguide/fine-tuning-troubleshooting.html"
)
_UPLOAD_AGAIN = "Upload the file again to start a new run"


@dataclass(frozen=True, kw_only=True)
class FailureKind:
    """Why runs fail: a word for it, and what to do."""

    name: str
    """A permanent word to count and to look up; docs/runbook.md has a row for each."""
    fix: str
    words: str | None = None
    """A pattern in AWS's message that identifies it; None for what this platform finds out itself."""
    switch: str | None = None
    """The setting of an environment's Config that avoids it, where there is one."""
    passes: bool = False
    """Whether the fault was AWS's, so that the same job may succeed at a second try."""


class Failure(Record, frozen=True, kw_only=True):
    """Why a run failed."""

    kind: str
    """The name of one of KINDS."""
    message: str
    """What AWS, or this platform, said."""
    fix: str


# Words of AWS: the page above, and reports of users where it is silent. The first match counts.
_ALL = (
    FailureKind(
        name="role_not_assumable",
        words=r"Could not assume provided IAM role",
        fix=(
            "Deploy the Training stack again; the service role's trust policy must name "
            "bedrock.amazonaws.com with this account and Region."
        ),
    ),
    FailureKind(
        name="grant_denied",
        words=r"kms:CreateGrant",
        switch="perimeter=Perimeter(grants_declared=False)",
        fix=(
            "Bedrock's grant on the data key was denied: set "
            "perimeter=Perimeter(grants_declared=False) in the environment's Config and deploy. If it "
            "is set, a policy outside of this platform denies kms:CreateGrant."
        ),
    ),
    FailureKind(
        name="access_denied",
        words=r"not authorized to perform|AccessDenied",
        fix=(
            "A policy outside of this platform, such as a service control policy or a permissions "
            "boundary, denies what the deployed roles allow. Compare them with the message."
        ),
    ),
    FailureKind(
        name="storage_denied",
        words=r"GetObject permissions|PutObject permissions|S3 perms missing",
        switch="perimeter=Perimeter(job_outside=True)",
        fix=(
            "For a first run: set perimeter=Perimeter(job_outside=True) in the environment's Config and "
            "deploy, since Bedrock may check from outside of the VPC. Else compare the service role's "
            "policy, the bucket policies and the key policy with the deployed templates; something "
            f"outside of them changed. See {_TROUBLESHOOTING}"
        ),
    ),
    FailureKind(
        name="dataset_unreadable",
        words=r"Unable to parse Amazon S3 file|must follow '\{",
        fix=(
            "Bedrock refused a file that this platform accepted: please report it with the run id. "
            f"See {_TROUBLESHOOTING}"
        ),
    ),
    FailureKind(
        name="record_too_long",
        words=r"Input size exceeded|token count \d+ exceeds|exceeds total limit",
        fix=f"Shorten the named record, then upload again. See {_TROUBLESHOOTING}",
    ),
    FailureKind(
        name="license_flagged",
        words=r"third-party license terms",
        fix="AWS flagged the material; only AWS Support can clear it.",
    ),
    FailureKind(
        name="nodes_cannot_talk",
        words=r"worker nodes and leader node",
        switch="job_nodes_talk=True",
        fix="Set job_nodes_talk=True in the environment's Config and deploy; see docs/network.md.",
    ),
    FailureKind(
        name="name_in_use",
        words=r"name is currently in use",
        fix=(
            "Look in the Bedrock console for a job or a custom model of that name, which was not made by "
            f"this run. {_UPLOAD_AGAIN}."
        ),
    ),
    FailureKind(
        name="service_error",
        words=r"(unexpected|internal) error when processing",
        passes=True,
        fix=f"Nothing in the data explains it. {_UPLOAD_AGAIN}.",
    ),
    FailureKind(
        name="stalled",
        passes=True,
        fix=f"{_UPLOAD_AGAIN}, or raise stall_hours in [limits] of the recipe.",
    ),
    FailureKind(
        name="over_time",
        fix=f"{_UPLOAD_AGAIN}, or raise max_hours in [limits] of the recipe.",
    ),
    FailureKind(
        name="stop_stuck",
        fix=(
            "Look at the job in the Bedrock console; it may still be billed. Ask AWS Support to "
            "end it."
        ),
    ),
    FailureKind(
        name="lost",
        fix=f"Look at the histories of its executions for what ended them. {_UPLOAD_AGAIN}.",
    ),
    FailureKind(
        name="queue_full",
        fix="Upload the file again when fewer runs wait: tuning runs lists them, tuning stop ends one.",
    ),
    FailureKind(
        name="foreign_input",
        fix=(
            "A step received input that this platform does not write. Find out in CloudTrail who started the "
            "execution, and which function answered before it; then upload the file again."
        ),
    ),
    FailureKind(name="quota_full", fix="Upload the file again when fewer jobs are in progress."),
    FailureKind(
        name="unknown",
        fix=f"This platform does not recognize the failure. Look for its message at {_TROUBLESHOOTING}",
    ),
)
FAILURE_KINDS: Mapping[str, FailureKind] = {kind.name: kind for kind in _ALL}

# AWS quotes the record here, and failures go to logs and notices, where no dataset text belongs.
_QUOTING = re.compile(r"(record starting with\b).*", re.DOTALL)


def failure(kind: str, message: str) -> Failure:
    """A failure of a known kind, with its fix."""
    return Failure(kind=kind, message=message, fix=FAILURE_KINDS[kind].fix)


def classify(message: str) -> Failure:
    """The failure behind words of AWS. Unknown words are of kind `unknown`, unchanged."""
    quoted = _QUOTING.sub(r"\1 …", message)
    for kind in _ALL:
        if kind.words and re.search(kind.words, quoted):
            return failure(kind.name, quoted)
    return failure("unknown", quoted)
