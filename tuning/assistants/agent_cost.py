"""What a question to an agent may cost at most, which is reserved before it is asked."""

import json
from decimal import Decimal

from tuning.assistants.assistant import Assistant, KnowledgeBase
from tuning.assistants.token_price import TokenPrice

LONGEST_RESULT = 4_000
"""Bytes of what a tool answers. A longer one is none: a part of it could say the opposite of the whole."""
_BYTES_PER_TOKEN = 8
"""Of what a model says and of a passage, as they are reserved: an estimate. What holds is the check before each round, in
`agent.py`."""
_RULES_BYTES = 1_000
"""Of what is said of results, and of the frame of messages."""
_MARKS_BYTES = 128
"""Around a passage."""
_LARGEST_SEARCH = 66_000
"""Bytes: one passage of as many tokens as an embedding takes, 8,192, or many that are shorter."""


def longest_search(knowledge: KnowledgeBase) -> int:
    """Bytes of the passages that one search gives the model, with their marks."""
    longest = knowledge.chunk_tokens * _BYTES_PER_TOKEN + _MARKS_BYTES
    return min(knowledge.passages * longest, _LARGEST_SEARCH)


def most_of_agent(assistant: Assistant, price: TokenPrice, prompt_bytes: int) -> Decimal:
    """Each round with all that could have been said before it."""
    specs = [each.spec for each in assistant.tools]
    first = prompt_bytes + len(json.dumps(specs, ensure_ascii=False).encode()) + _RULES_BYTES
    most, said = assistant.most_output_tokens, assistant.most_output_tokens * _BYTES_PER_TOKEN
    results = assistant.most_tool_calls * (_longest_result(assistant) + _RULES_BYTES)
    rounds = range(assistant.most_rounds)
    return sum(
        (price.most(first + each * said + (results if each else 0), most) for each in rounds),
        Decimal(0),
    )


def _longest_result(assistant: Assistant) -> int:
    knowledge = assistant.knowledge_base
    return max(LONGEST_RESULT, longest_search(knowledge) if knowledge else 0)
