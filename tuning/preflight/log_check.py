"""The account's log of what models are asked and answer, held against what the environment asks for."""

from tuning.preflight.facts import Facts, NoAnswer
from tuning.preflight.finding import AccountFinding, ok, unanswered, will_fail
from tuning.preflight.needs import Needs

_CHECK, _SUBJECT = "invocation_log", "Invocation log"


def log_finding(needs: Needs, facts: Facts) -> AccountFinding:
    """Bedrock has one for an account and Region, and `log_account_prompts` overwrites nobody else's."""
    log, own = facts.invocation_log, facts.own_log
    if isinstance(log, NoAnswer):
        return unanswered(_CHECK, _SUBJECT, log)
    if log is None:
        later = "off; deploying switches it on, for whatever anybody in the account asks a model"
        return ok(_CHECK, _SUBJECT, later if needs.logs_prompts else "off")
    if not needs.logs_prompts:
        kept = f"prompts and answers of the tuned model too are kept in {log}"
        return ok(_CHECK, _SUBJECT, kept)
    if isinstance(own, NoAnswer):
        return unanswered(_CHECK, _SUBJECT, own)
    if log == own:
        kept = f"prompts and answers of everybody in the account are kept in {log}, of this environment"
        return ok(_CHECK, _SUBJECT, kept)
    why = f"somebody else's is kept in {log}, and log_account_prompts overwrites none"
    fix = (
        "Take log_account_prompts out of the Config; or, if that log is not wanted, run "
        f"aws bedrock delete-model-invocation-logging-configuration --region {needs.region}."
    )
    return will_fail(_CHECK, _SUBJECT, why, fix)
