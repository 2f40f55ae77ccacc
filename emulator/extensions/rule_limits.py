"""EventBridge: a rule whose pattern is too complex is refused, and its stack rolls back.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-wildcard-matching-complexity
"""

import json
from typing import Any

from ministack.services import eventbridge

from emulator.extensions import provisioning
from emulator.rule_complexity import LIMIT, complexity

TOO_COMPLEX = (
    "Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences "
    "after a wildcard character"
)


def install() -> None:
    find = eventbridge._event_pattern_error

    def find_or_measure(pattern: Any) -> str | None:
        found: str | None = find(pattern)
        return found or _too_complex(pattern)

    eventbridge._event_pattern_error = find_or_measure
    provisioning.before("AWS::Events::Rule", _check)


def _check(properties: provisioning.Properties) -> None:
    if why := _too_complex(properties.get("EventPattern")):
        raise ValueError(f"Event pattern is not valid. Reason: {why}")


def _too_complex(pattern: Any) -> str | None:
    document = json.loads(pattern) if isinstance(pattern, str) and pattern else pattern
    return TOO_COMPLEX if document and complexity(document) > LIMIT else None
