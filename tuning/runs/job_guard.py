"""Whether a customization job may go on: none uses our role, data or key outside of our network.

No condition key of IAM can force a VPC or a key on CreateModelCustomizationJob, so a job that someone
starts beside the pipeline is checked afterwards.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonbedrock.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tuning.runs.watching_settings import GuardSettings

COMPLETED = "Completed"
"""The status of a job that has made its model: what Bedrock says of it is complete."""


def custom_base(job: Mapping[str, Any], ours: GuardSettings) -> str | None:
    """The ARN of the custom model of this account that a job goes on training, if it does."""
    base = str(job.get("baseModelArn") or "")
    account = ours.job_role_arn.split(":")[4]
    return base if f":{account}:custom-model/" in base else None


def judge(
    job: Mapping[str, Any], ours: GuardSettings, *, base_key: str | None = None
) -> str | None:
    """What is wrong with a job, as GetModelCustomizationJob describes it; None if nothing is. `base_key`:
    the KMS key of its `custom_base`, if it has one.

    `outputModelKmsKeyArn` is optional, and whether Bedrock names it before there is a model is not
    documented. So an absent key says nothing of a job in progress, and is judged when it has completed.
    https://docs.aws.amazon.com/bedrock/latest/APIReference/API_GetModelCustomizationJob.html
    """
    used = list(_used(job, ours))
    if base_key == ours.model_key_arn:
        used.append("a custom model")
    if used:
        lacking = list(_not_ours(job, ours))
        subject = f"it uses {' and '.join(used)} of this platform"
    else:
        lacking = list(_missing(job)) if ours.guard_all_jobs == "yes" else []
        subject = "every job of this account and Region must be private and encrypted"
    return f"{subject}, but {' and '.join(lacking)}" if lacking else None


def _used(job: Mapping[str, Any], ours: GuardSettings) -> Iterator[str]:
    if job.get("roleArn") == ours.job_role_arn:
        yield "the service role"
    buckets = {uri.removeprefix("s3://").partition("/")[0] for uri in _uris(job)}
    if buckets & set(ours.guarded_buckets):
        yield "data"
    if job.get("outputModelKmsKeyArn") == ours.model_key_arn:
        yield "the key"


def _uris(value: Any) -> Iterator[str]:
    """Wherever they are: training, validation and output data, invocation logs, and what may come."""
    if isinstance(value, str) and value.startswith("s3://"):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _uris(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _uris(each)


def _not_ours(job: Mapping[str, Any], ours: GuardSettings) -> Iterator[str]:
    network = job.get("vpcConfig") or {}
    subnets, groups = network.get("subnetIds") or [], network.get("securityGroupIds") or []
    if not subnets or not groups:
        yield "has no vpcConfig"
    elif not set(subnets) <= set(ours.job_subnet_ids):
        yield "runs in other subnets than those of this platform"
    elif not set(groups) <= set(ours.job_security_group_ids):
        yield "has other security groups than that of this platform"
    key = job.get("outputModelKmsKeyArn")
    if key and key != ours.model_key_arn:
        yield "encrypts its model with another key"
    elif not key and job.get("status") == COMPLETED:
        yield "does not encrypt its model with a key of this platform"


def _missing(job: Mapping[str, Any]) -> Iterator[str]:
    if not (job.get("vpcConfig") or {}).get("subnetIds"):
        yield "it has no vpcConfig"
    if not job.get("outputModelKmsKeyArn") and job.get("status") == COMPLETED:
        yield "it encrypts its model with no customer managed key"
