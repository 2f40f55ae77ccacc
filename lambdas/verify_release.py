"""Whether a model answers: one question, one short answer, which nobody reads."""

from datetime import UTC, datetime, timedelta
from typing import Any

from lambdas.observe import logger, observed
from tuning.aws.asking import ask_model, said_no
from tuning.aws.imported_answers import LoadingModelError, UnreadableAnswerError, ask_imported
from tuning.releases.deployment_status import Deployed
from tuning.releases.live_model import IMPORTED_ARN
from tuning.releases.release_steps import Verified
from tuning.runs.times import utc_time

QUESTION = "Answer with one word: ready?"
MOST_TOKENS = 8
"""Input and the most that may be answered are taken from the quota as a request begins.
https://docs.aws.amazon.com/bedrock/latest/userguide/quotas-token-burndown.html"""
LONGEST_LOADING = timedelta(hours=1)
"""Imported models are loaded on the first question, which AWS says takes five minutes or more, by their size.
https://docs.aws.amazon.com/bedrock/latest/userguide/invoke-imported-model.html"""


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """What passes, such as throttling or a deployment that is not ready (both are HTTP 429), is tried again; an
    imported model that is being loaded is waited for.
    """
    deployed = Deployed.from_json(event["deployment"])
    try:
        why = said_no(lambda: _ask(deployed))
        verified = Verified(state="silent", why=why) if why else Verified(state="answered")
    except UnreadableAnswerError as error:
        verified = Verified(state="silent", why=str(error))
    except LoadingModelError as error:
        verified = _loading(deployed, str(error))
    logger.info("verified", state=verified.state, why=verified.why, deployment=deployed.arn)
    return verified.to_json()


def _ask(deployed: Deployed) -> str:
    arn = str(deployed.arn)
    if IMPORTED_ARN not in arn:
        return ask_model(arn, QUESTION, most_tokens=MOST_TOKENS)
    converse = deployed.converse is True
    return ask_imported(arn, QUESTION, converse=converse, most_tokens=MOST_TOKENS)


def _loading(deployed: Deployed, why: str) -> Verified:
    late = deployed.since and datetime.now(UTC) - utc_time(deployed.since) > LONGEST_LOADING
    if late:
        return Verified(state="silent", why=f"it was still being loaded after an hour: {why}")
    return Verified(state="cold", why=why)
