"""Whether a deployment answers: one question, one short answer, which nobody reads."""

from typing import Any

from lambdas.observe import logger, observed
from tuning.aws.asking import ask_model, said_no
from tuning.releases.deployment_status import Deployed
from tuning.releases.release_steps import Verified

QUESTION = "Answer with one word: ready?"
MOST_TOKENS = 8
"""Input and the most that may be answered are taken from the quota as a request begins.
https://docs.aws.amazon.com/bedrock/latest/userguide/quotas-token-burndown.html"""


@observed
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    """What passes, such as throttling or a model that is not ready (both are HTTP 429), is tried again."""
    deployed = Deployed.from_json(event["deployment"])
    why = said_no(lambda: ask_model(str(deployed.arn), QUESTION, most_tokens=MOST_TOKENS))
    verified = Verified(state="silent", why=why) if why else Verified(state="answered")
    logger.info("verified", state=verified.state, why=why, deployment=deployed.arn)
    return verified.to_json()
