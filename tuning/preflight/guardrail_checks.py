"""Whether the guardrail of an environment can be made, and whether the one that was made may be applied."""

from collections.abc import Iterator

from tuning.preflight.facts import Facts, FoundGuardrail, NoAnswer
from tuning.preflight.finding import AccountFinding, ok, unanswered, unknown, will_fail
from tuning.preflight.needs import NeededGuardrail, Needs

_CHECK, _SUBJECT = "guardrail", "Guardrail"
_READY, _FAILED = "READY", "FAILED"
_PROFILES = (
    "https://docs.aws.amazon.com/bedrock/latest/userguide/guardrails-cross-region-support.html"
)
_GEOGRAPHIES = {"us": "us-", "eu": "eu-", "apac": "ap-"}
"""How Regions begin that may use a profile of that name; of others nothing is known here."""


def guardrail_findings(needs: Needs, facts: Facts) -> Iterator[AccountFinding]:
    """None where the templates have no guardrail."""
    wanted = needs.guardrail
    if wanted is None:
        return
    if elsewhere := _out_of_reach(wanted, needs.region):
        fix = f"Take a profile of its own part of the world in guardrails/*.toml, or CLASSIC: {_PROFILES}"
        yield will_fail(_CHECK, _SUBJECT, elsewhere, fix)
    elif isinstance(facts.account_guardrails, NoAnswer):
        yield unanswered(_CHECK, _SUBJECT, facts.account_guardrails)
    else:
        named = [each for each in facts.account_guardrails if each.name == wanted.name]
        yield _made(wanted, named[0]) if named else ok(_CHECK, _SUBJECT, _words(wanted, "none yet"))


def _made(wanted: NeededGuardrail, found: FoundGuardrail) -> AccountFinding:
    delete = f"aws bedrock delete-guardrail --guardrail-identifier {found.arn}"
    if not found.own:
        # UNCONFIRMED that names are unique: CreateGuardrail has a ConflictException, and no page says of what.
        # https://docs.aws.amazon.com/bedrock/latest/APIReference/API_CreateGuardrail.html
        why = f"{wanted.name} is there, and not of this environment; Bedrock may refuse another of that name"
        fix = (
            f"Delete it, if nobody uses it: {delete}; or give the file in guardrails/ another name."
        )
        return unknown(_CHECK, _SUBJECT, why, fix)
    if found.status == _FAILED:
        why = f"{wanted.name} is {_FAILED}, and Bedrock applies none that failed"
        return will_fail(
            _CHECK,
            _SUBJECT,
            why,
            "Correct its file by what the events of the stack name, and deploy.",
        )
    if found.status != _READY:
        fix = "Wait until it is READY, then run tuning doctor again."
        return unknown(_CHECK, _SUBJECT, f"{wanted.name} is {found.status}", fix)
    return ok(_CHECK, _SUBJECT, _words(wanted, "ready"))


def _words(wanted: NeededGuardrail, state: str) -> str:
    where = (
        f"texts may be judged in other Regions of {wanted.profile}"
        if wanted.profile
        else "texts are judged in this Region"
    )
    return f"{wanted.name}: {state}; {where}"


def _out_of_reach(wanted: NeededGuardrail, region: str) -> str | None:
    begins = _GEOGRAPHIES.get(wanted.profile.partition(".")[0])
    if begins is None or region.startswith(begins):
        return None
    return f"{wanted.name} names the profile {wanted.profile}, which cannot be used from {region}"
