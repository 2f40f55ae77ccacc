"""The doctor's findings: what an environment needs, held against what the account answered."""

from collections.abc import Iterator

from tuning.models.catalog import catalog
from tuning.preflight.facts import Facts, NoAnswer
from tuning.preflight.finding import AccountFinding, ok, unanswered, unknown, will_fail
from tuning.preflight.guardrail_checks import guardrail_findings
from tuning.preflight.log_check import log_finding
from tuning.preflight.model_checks import model_findings
from tuning.preflight.needs import Needs
from tuning.preflight.place_checks import place_findings
from tuning.preflight.quotas import quota_findings

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html#cfn-console-view-stack-data-resources-status-codes
_STUCK = ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED")
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stack-failure-options.html
_PAUSED = ("CREATE_FAILED", "UPDATE_FAILED")
"""After a failure with `--no-rollback`."""


def examine(needs: Needs, facts: Facts) -> list[AccountFinding]:
    """Every finding, in the order in which one would fix them."""
    if isinstance(facts.caller, NoAnswer):
        return [_credentials(facts.caller), *_no_such_region(needs)]
    return [
        _credentials(facts.caller),
        _region(needs, facts),
        *_templates(needs),
        _bootstrap(needs, facts),
        _stacks(needs, facts),
        *model_findings(needs, facts),
        *quota_findings(needs, facts),
        *place_findings(needs, facts),
        *_policies(facts),
        *_keys(facts),
        *guardrail_findings(needs, facts),
        *_guard_rails(needs, facts),
    ]


def _credentials(caller: str | NoAnswer) -> AccountFinding:
    if not isinstance(caller, NoAnswer):
        return ok("credentials", "Credentials", caller)
    found = unanswered("credentials", "Credentials", caller)
    if caller.fault == "credentials":  # nobody can deploy with them
        return will_fail(found.check, found.subject, found.why, found.fix)
    return found


def _no_such_region(needs: Needs) -> Iterator[AccountFinding]:
    offered = sorted({each for model in catalog().models.values() for each in model.regions})
    if needs.region not in offered:
        where = f"in {needs.region}" if needs.region else "nowhere: no Region is named"
        why = f"Bedrock customizes models in {', '.join(offered)}, and this is {where}"
        fix = f"Say --region {offered[0]}, or region= in the environment's Config."
        yield will_fail("region", "Region", why, fix)


def _region(needs: Needs, facts: Facts) -> AccountFinding:
    check, subject = "region", "Region"
    for elsewhere in _no_such_region(needs):
        return elsewhere
    if facts.session_region != needs.region:
        there = facts.session_region or "no Region"
        why = f"{needs.environment} is for {needs.region}; your commands go to {there}"
        fix = f"Set AWS_REGION={needs.region}, or say --region {needs.region} with each command."
        return will_fail(check, subject, why, fix)
    return ok(check, subject, f"{needs.region}; Bedrock customizes models there")


def _templates(needs: Needs) -> Iterator[AccountFinding]:
    if not needs.synthesized:
        why = "there are none, so zones, endpoints and reservations were not compared"
        yield unknown("templates", "Templates", why, "Run make synth, then tuning doctor again.")


def _bootstrap(needs: Needs, facts: Facts) -> AccountFinding:
    check, subject = "bootstrap", "CDK bootstrap"
    fix = f"Run npx cdk bootstrap, which makes what the CDK deploys with in {needs.region}."
    match facts.bootstrap:
        case NoAnswer():
            return unanswered(check, subject, facts.bootstrap)
        case None:
            why = f"there is no {needs.bootstrap_parameter} in {needs.region}"
            return will_fail(check, subject, why, fix)
    if facts.bootstrap < needs.bootstrap:
        why = f"version {facts.bootstrap}; the templates need {needs.bootstrap}"
        return will_fail(check, subject, why, fix)
    return ok(check, subject, f"version {facts.bootstrap}; {needs.bootstrap} is needed")


def _stacks(needs: Needs, facts: Facts) -> AccountFinding:
    check, subject = "stacks", "Stacks"
    if isinstance(facts.stacks, NoAnswer):
        return unanswered(check, subject, facts.stacks)
    for name, status in facts.stacks.items():
        if status in _STUCK:
            fix = (
                f"aws cloudformation update-termination-protection --stack-name {name} "
                "--no-enable-termination-protection, then delete-stack, then deploy again."
            )
            return will_fail(check, subject, f"{name} is {status} and takes no update", fix)
        if status in _PAUSED:
            why = f"{name} is {status}, and goes on from there"
            fix = f"Fix what its events name, then npx cdk deploy '{needs.environment}/*' --no-rollback."
            return unknown(check, subject, why, fix)
        if status.endswith("_IN_PROGRESS"):
            fix = "Wait until it is done, then run tuning doctor again."
            return unknown(check, subject, f"{name} is {status}", fix)
    there = sum(name in facts.stacks for name in needs.stacks)
    return ok(check, subject, f"{there} of {len(needs.stacks)} are deployed")


def _policies(facts: Facts) -> Iterator[AccountFinding]:
    """A Get of what does not exist: a caller who gets that answer may ask, and no policy of the organization is against it."""
    check = "policies"
    for call, answer in facts.probes.items():
        if isinstance(answer, NoAnswer):
            yield unanswered(check, call, answer)
        elif not answer:
            why = "what cannot exist was found, so the answer proves nothing"
            fix = "Check AWS_ENDPOINT_URL: something between you and AWS answers."
            yield unknown(check, call, why, fix)
    allowed = [call for call, answer in facts.probes.items() if answer is True]
    if allowed:
        services = sorted({call.partition(":")[0] for call in allowed})
        yield ok(check, "Policies", f"nothing denies a Get: {', '.join(services)}")


def _keys(facts: Facts) -> Iterator[AccountFinding]:
    check, subject = "kms", "KMS keys"
    if isinstance(facts.keys, NoAnswer):
        yield unanswered(check, subject, facts.keys)
        return
    bad = {arn: state for arn, state in facts.keys.items() if state != "Enabled"}
    for arn, state in bad.items():
        pending = state == "PendingDeletion"
        command = "cancel-key-deletion, then enable-key" if pending else "enable-key"
        fix = f"aws kms {command} --key-id {arn.rpartition('/')[2]}: data is unreadable without it."
        yield will_fail(check, arn, f"is {state}", fix)
    if not bad:
        count = len(facts.keys)
        why = f"{count} of this environment, enabled" if count else "none yet; Storage makes them"
        yield ok(check, subject, why)


def _guard_rails(needs: Needs, facts: Facts) -> Iterator[AccountFinding]:
    """What others have set up for the whole account, which none of our templates shows."""
    hooks, enforced = facts.hooks, facts.guardrails
    if isinstance(hooks, NoAnswer):
        yield unanswered("hooks", "CloudFormation hooks", hooks)
    elif hooks:
        why = f"{', '.join(hooks)} may refuse a resource; their rules cannot be read from here"
        fix = "Ask their owner, or deploy the Network stack alone first: it holds no data."
        yield unknown("hooks", "CloudFormation hooks", why, fix)
    else:
        yield ok("hooks", "CloudFormation hooks", "none")
    if isinstance(enforced, NoAnswer):
        yield unanswered("guardrails", "Enforced guardrails", enforced)
    else:
        named = f"{', '.join(enforced)}: every answer of every model passes them"
        yield ok("guardrails", "Enforced guardrails", named if enforced else "none")
    yield log_finding(needs, facts)
