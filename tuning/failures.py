"""Why a job failed, in AWS's words, and what to do about it."""

import re
from dataclasses import asdict, dataclass
from typing import Any

_TROUBLESHOOTING = (
    "https://docs.aws.amazon.com/bedrock/latest/userguide/fine-tuning-troubleshooting.html"
)


@dataclass(frozen=True, kw_only=True)
class Failure:
    kind: str
    """A permanent word to count and to look up."""
    message: str
    """What AWS, or this platform, said."""
    fix: str

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


_KINDS: tuple[tuple[str, str, str], ...] = (
    (
        r"Could not assume provided IAM role",
        "role_not_assumable",
        (
            "Deploy the Training stack again; the service role's trust policy must name "
            "bedrock.amazonaws.com with this account and Region."
        ),
    ),
    (
        r"not authorized to perform|AccessDenied",
        "access_denied",
        (
            "A policy outside of this platform, such as a service control policy or a permissions "
            "boundary, denies what the deployed roles allow. Compare them with the message."
        ),
    ),
    (
        r"GetObject permissions|PutObject permissions|S3 perms missing",
        "storage_denied",
        (
            "Compare the service role's policy, the bucket policies and the key policy with the "
            f"deployed templates; something outside of them changed. See {_TROUBLESHOOTING}"
        ),
    ),
    (
        r"Unable to parse Amazon S3 file|must follow '\{",
        "dataset_unreadable",
        (
            "Bedrock refused a file that this platform accepted: please report it with the run id. "
            f"See {_TROUBLESHOOTING}"
        ),
    ),
    (
        r"Input size exceeded|token count \d+ exceeds|exceeds total limit",
        "record_too_long",
        f"Shorten the record that is named, then upload again. See {_TROUBLESHOOTING}",
    ),
    (
        r"third-party license terms",
        "license_flagged",
        "AWS flagged the material; only AWS Support can clear it.",
    ),
    (
        r"worker nodes and leader node",
        "nodes_cannot_talk",
        "Set job_nodes_talk=True in the environment's Config and deploy; see docs/network.md.",
    ),
    (
        r"(unexpected|internal) error when processing",
        "service_error",
        "Nothing in the data explains it. Upload the file again to start a new run.",
    ),
)

# AWS quotes the record here, and failures go to logs and notices, where no dataset text belongs.
_QUOTING = re.compile(r"(record starting with\b).*", re.DOTALL)


def classify(message: str) -> Failure:
    """The failure behind a job's `failureMessage`. Unknown words are of kind `unknown`, as they stand."""
    told = _QUOTING.sub(r"\1 …", message)
    for pattern, kind, fix in _KINDS:
        if re.search(pattern, told):
            return Failure(kind=kind, message=told, fix=fix)
    return Failure(
        kind="unknown",
        message=told,
        fix=f"Not a failure this platform knows. Look for its words at {_TROUBLESHOOTING}",
    )
