"""A line of the doctor: ok, will fail or unknown; why; and what to do."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from tuning.preflight.facts import NoAnswer

Prospect = Literal["ok", "will fail", "unknown"]

CHECKS = (
    *("credentials", "region", "templates", "bootstrap", "stacks", "model"),
    *("customization_jobs", "custom_models", "deployments", "vpcs", "model_units"),
    *("import_jobs", "imported_models"),
    *("lambda_concurrency", "zones", "endpoints", "prefix_lists", "policies", "kms"),
    *("guardrail", "hooks", "guardrails", "invocation_log"),
)
"""Permanent words; docs/first-deployment.md has a row for each."""

_CAN_BE_ASKED = {
    "credentials": (
        "Log in as for the AWS command line (aws sts get-caller-identity shows whether you are), or "
        "name a profile with --profile."
    ),
    "throttled": "Run tuning doctor again in a minute: AWS answers too many questions at once no more.",
    "unreachable": "Check the network, the Region, and AWS_ENDPOINT_URL if it is set; then run it again.",
    "refused": "Look the message up; then run tuning doctor again.",
}


@dataclass(frozen=True, kw_only=True)
class AccountFinding:
    check: str
    """One of CHECKS."""
    subject: str
    """What was looked at, for people."""
    outcome: Prospect
    why: str
    fix: str = ""
    """Empty when there is nothing to do."""


def ok(check: str, subject: str, why: str) -> AccountFinding:
    return AccountFinding(check=check, subject=subject, outcome="ok", why=why)


def will_fail(check: str, subject: str, why: str, fix: str) -> AccountFinding:
    return AccountFinding(check=check, subject=subject, outcome="will fail", why=why, fix=fix)


def unknown(check: str, subject: str, why: str, fix: str) -> AccountFinding:
    return AccountFinding(check=check, subject=subject, outcome="unknown", why=why, fix=fix)


def unanswered(check: str, subject: str, answer: NoAnswer) -> AccountFinding:
    """What a call without an answer says about the account: a denial by a policy of the organization
    holds for everybody, one of the caller's own may not hold for the person who deploys.
    """
    if answer.fault == "organization":
        fix = (
            f"Ask the administrators of your organization's policies to allow {answer.call} in this account and "
            "Region."
        )
        return will_fail(check, subject, answer.message, fix)
    if answer.fault == "denied":
        fix = (
            f"Run it as somebody who may {answer.call}; the managed policies ReadOnlyAccess and "
            "AmazonBedrockReadOnly allow all that is asked here."
        )
        return unknown(check, subject, answer.message, fix)
    return unknown(check, subject, answer.message, _CAN_BE_ASKED[answer.fault])


def worst_prospect(findings: Iterable[AccountFinding]) -> Prospect:
    """Of all: what will fail counts more than what is not known."""
    outcomes = {finding.outcome for finding in findings}
    order: tuple[Prospect, ...] = ("will fail", "unknown")
    return next((each for each in order if each in outcomes), "ok")
