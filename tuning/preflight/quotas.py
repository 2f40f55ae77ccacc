"""How much an account may have: what an environment takes of it.

https://docs.aws.amazon.com/general/latest/gr/bedrock.html
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tuning.models.catalog import catalog
from tuning.models.model_units import MODEL_UNITS_CODE, UNITS_EACH
from tuning.preflight.facts import Concurrency, Facts, NoAnswer
from tuning.preflight.finding import AccountFinding, ok, unanswered, unknown, will_fail
from tuning.preflight.needs import Needs

_UNRESERVED = 100
"""Executions that reservations must leave, see docs/emulator.md.
https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html"""


@dataclass(frozen=True, kw_only=True)
class Quota:
    check: str
    subject: str
    service: str
    code: str
    adjustable: bool = True

    def raised(self, region: str) -> str:
        if not self.adjustable:
            return "It cannot be raised; ask AWS Support why it is so low."
        return (
            f"Ask for more: aws service-quotas request-service-quota-increase --service-code "
            f"{self.service} --quota-code {self.code} --region {region} --desired-value N."
        )


JOBS = Quota(
    check="customization_jobs",
    subject="Customization jobs",
    service="bedrock",
    code="L-0406044C",
    adjustable=False,
)
CUSTOM_MODELS = Quota(
    check="custom_models", subject="Custom models", service="bedrock", code="L-CB5B847D"
)
DEPLOYMENTS = Quota(
    check="deployments", subject="Model deployments", service="bedrock", code="L-1EF80F3E"
)
MODEL_UNITS = Quota(
    check="model_units", subject="Model units", service="bedrock", code=MODEL_UNITS_CODE
)
VPCS = Quota(check="vpcs", subject="VPCs", service="vpc", code="L-F678F1CE")
IMPORT_JOBS = Quota(
    check="import_jobs",
    subject="Import jobs",
    service="bedrock",
    code="L-5F098EFA",
    adjustable=False,
)
IMPORTED_MODELS = Quota(
    check="imported_models", subject="Imported models", service="bedrock", code="L-45B04988"
)
QUOTAS = (JOBS, CUSTOM_MODELS, DEPLOYMENTS, MODEL_UNITS, VPCS)
IMPORT_QUOTAS = (IMPORT_JOBS, IMPORTED_MODELS)
"""Of an environment that imports models."""


def quota_findings(needs: Needs, facts: Facts) -> Iterator[AccountFinding]:
    yield _jobs(needs, facts)
    yield _room(needs, facts, CUSTOM_MODELS, facts.custom_models)
    yield from _serving(needs, facts)
    yield _concurrency(needs, facts.concurrency)
    yield _vpcs(needs, facts)
    if needs.imports:
        yield _import_jobs(needs, facts)
        yield _room(needs, facts, IMPORTED_MODELS, facts.imported_models)


def _counted(
    quota: Quota, facts: Facts, used: int | NoAnswer
) -> tuple[float, int] | AccountFinding:
    """How many there may be and how many there are, or that one of them is not known."""
    most = facts.quotas[quota.code]
    if isinstance(most, NoAnswer):
        return unanswered(quota.check, quota.subject, most)
    if isinstance(used, NoAnswer):
        return unanswered(quota.check, quota.subject, used)
    return most, used


def _jobs(needs: Needs, facts: Facts) -> AccountFinding:
    counted = _counted(JOBS, facts, facts.jobs)
    if isinstance(counted, AccountFinding):
        return counted
    quota, used = counted
    if quota < 1:
        return will_fail(JOBS.check, JOBS.subject, "none may run", JOBS.raised(needs.region))
    why = f"{quota:g} at a time, {used} in progress"
    more = "; a run waits in the queue until one ends" if used >= quota else ""
    return ok(JOBS.check, JOBS.subject, why + more)


def _import_jobs(needs: Needs, facts: Facts) -> AccountFinding:
    found = facts.quotas[IMPORT_JOBS.code]
    if isinstance(found, NoAnswer):
        return unanswered(IMPORT_JOBS.check, IMPORT_JOBS.subject, found)
    if found < 1:
        fix = IMPORT_JOBS.raised(needs.region)
        return will_fail(IMPORT_JOBS.check, IMPORT_JOBS.subject, "none may run", fix)
    why = f"{found:g} at a time; further imports wait"
    return ok(IMPORT_JOBS.check, IMPORT_JOBS.subject, why)


def _room(needs: Needs, facts: Facts, quota: Quota, models: int | NoAnswer) -> AccountFinding:
    counted = _counted(quota, facts, models)
    if isinstance(counted, AccountFinding):
        return counted
    most, used = counted
    why = f"{used} of {most:g} there"
    if used >= most:
        fix = f"Delete models that nobody uses. {quota.raised(needs.region)}"
        return will_fail(quota.check, quota.subject, why, fix)
    return ok(quota.check, quota.subject, why)


def _serving(needs: Needs, facts: Facts) -> Iterator[AccountFinding]:
    """Whether what is trained can answer anybody: on demand, or else by Provisioned Throughput."""
    known = catalog().models
    on_demand = [m for m in needs.models if m in known and known[m].on_demand]
    others = [m for m in needs.models if m not in on_demand]
    yield _enough(needs, facts, DEPLOYMENTS, on_demand, "on demand")
    yield _units(needs, facts, others)


def _enough(
    needs: Needs, facts: Facts, quota: Quota, models: list[str], how: str
) -> AccountFinding:
    found = facts.quotas[quota.code]
    if isinstance(found, NoAnswer):
        return unanswered(quota.check, quota.subject, found)
    if not models:
        why = f"{found:g}; no recipe's model is served {how}"
        return ok(quota.check, quota.subject, why)
    if found < 1:
        why = f"0, and {', '.join(models)} would be trained but can be served {how}"
        fix = f"{quota.raised(needs.region)} AWS decides; wait for it before you train."
        return will_fail(quota.check, quota.subject, why, fix)
    return ok(quota.check, quota.subject, f"{found:g}; {len(models)} base models are served {how}")


def _units(needs: Needs, facts: Facts, models: list[str]) -> AccountFinding:
    """Whether what the recipes ask for can be bought: a unit for each that is live, and one for a candidate."""
    bought = needs.provisioned
    found = facts.quotas[MODEL_UNITS.code]
    wanted = (len(bought) + 1) * UNITS_EACH
    if not bought or isinstance(found, NoAnswer) or found < 1 or found >= wanted:
        return _enough(needs, facts, MODEL_UNITS, models, "by Provisioned Throughput alone")
    why = f"{found:g}, and {wanted} are used while a candidate of {', '.join(bought)} is evaluated beside what is live"
    fix = f"{MODEL_UNITS.raised(needs.region)} Until then a release that finds none ends as failed."
    return unknown(MODEL_UNITS.check, MODEL_UNITS.subject, why, fix)


def _concurrency(needs: Needs, answer: Concurrency | NoAnswer) -> AccountFinding:
    check, subject = "lambda_concurrency", "Lambda concurrency"
    if isinstance(answer, NoAnswer):
        return unanswered(check, subject, answer)
    quota, least = answer.quota, min(_UNRESERVED, answer.quota)
    if not needs.reserved:
        shared = f"{quota} executions at a time, none reserved"
        few = "; what is more is throttled by Lambda, and tried again"
        return ok(check, subject, shared + (few if quota < _UNRESERVED else ""))
    left = answer.unreserved - needs.reserved
    if left >= least:
        return ok(check, subject, f"{quota}; {needs.reserved} reserved, {left} left unreserved")
    why = (
        f"{answer.unreserved} of {quota} are not reserved; the functions reserve {needs.reserved}, and "
        f"{least} must be left"
    )
    if quota - needs.reserved >= least:
        fix = (
            "Nothing, where this environment is deployed already: its own reservations are among them. "
            "Else set reserved_concurrency=None in its Config."
        )
        return unknown(check, subject, why, fix)
    fix = "Set reserved_concurrency=None in the environment's Config, or raise the quota (L-B99A9384)."
    return will_fail(check, subject, why, fix)


def _vpcs(needs: Needs, facts: Facts) -> AccountFinding:
    counted = _counted(VPCS, facts, facts.vpcs)
    if isinstance(counted, AccountFinding):
        return counted
    quota, used = counted
    why = f"{used} of {quota:g} there"
    # Whether it is among them does not matter to an environment that is deployed.
    if (not isinstance(facts.stacks, NoAnswer) and facts.stacks) or used + needs.vpcs <= quota:
        return ok(VPCS.check, VPCS.subject, why)
    fix = f"Delete a VPC that nobody uses. {VPCS.raised(needs.region)}"
    return will_fail(VPCS.check, VPCS.subject, f"{why}, and the environment makes one", fix)
