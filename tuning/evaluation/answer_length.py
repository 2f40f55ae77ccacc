"""How long an answer to a prompt of an evaluation may be."""

from tuning.evaluation.records import EvaluationPrompt

_MOST, _FEWEST = 2_048, 64


def answer_tokens(prompt: EvaluationPrompt) -> int:
    """As many as an answer may have: a token has a byte at least, so that one as long as expected is never cut.
    They are taken from the account's quota as the question is asked.
    https://docs.aws.amazon.com/bedrock/latest/userguide/quotas-token-burndown.html
    """
    return min(max(len(prompt.expected.encode()), _FEWEST), _MOST)


def most_answered(prompts: int, size: int) -> int:
    """Tokens that all answers of one model may have, to so many prompts in a file of `size` bytes."""
    return min(size + _FEWEST * prompts, _MOST * prompts)
