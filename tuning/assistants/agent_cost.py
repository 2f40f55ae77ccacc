"""What a question to an agent may cost at most, which is reserved before it is asked."""

import json
from decimal import Decimal

from tuning.assistants.assistant import Assistant
from tuning.assistants.token_price import TokenPrice

LONGEST_RESULT = 4_000
"""Bytes of what a tool answers. A longer one is none: a part of it could say the opposite of the whole."""
_BYTES_PER_TOKEN = 8
"""Of what a model says, as it is reserved: an estimate. What holds is the check before each round, in `agent.py`."""
_RULES_BYTES = 1_000
"""Of what is said of results, and of the frame of messages."""


def most_of_agent(assistant: Assistant, price: TokenPrice, prompt_bytes: int) -> Decimal:
    """Each round with all that could have been said before it."""
    specs = [each.spec for each in assistant.tools]
    first = prompt_bytes + len(json.dumps(specs, ensure_ascii=False).encode()) + _RULES_BYTES
    most, said = assistant.most_output_tokens, assistant.most_output_tokens * _BYTES_PER_TOKEN
    results = assistant.most_tool_calls * (LONGEST_RESULT + _RULES_BYTES)
    rounds = range(assistant.most_rounds)
    return sum(
        (price.most(first + each * said + (results if each else 0), most) for each in rounds),
        Decimal(0),
    )
