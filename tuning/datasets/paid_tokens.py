"""How many tokens a training set is taken for when money is planned or reserved."""


def paid_tokens(counted: int, size: int) -> int:
    """Tokens of a file of `size` bytes in whose text `counted` tokens were estimated. Whoever reserves money knows
    the size by itself, and the count from another function.

    A token is estimated for 4 bytes of text (statistics.py), and text takes at least as many bytes in its file as by
    itself: a quarter of the size is the most that is counted. Nothing bounds how little of a file is text: records
    of one word each are nearly all keys and braces. But twice the tokens are reserved, for dense text
    (tuning/models/estimate.py): taken for an eighth of the size at least, what is reserved covers the whole file at
    4 bytes a token, whatever was counted. Conversations, three quarters of which are text, have more.
    AWS itself plans with fewer tokens, 1 for 6 characters:
    https://docs.aws.amazon.com/bedrock/latest/userguide/model-customization-prepare.html
    """
    return min(max(counted, -(-size // 8)), -(-size // 4))
