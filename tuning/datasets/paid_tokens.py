"""How many tokens a training set is taken for when money is planned or reserved."""


def paid_tokens(counted: int, size: int) -> int:
    """Tokens of a file of `size` bytes in whose text `counted` tokens were estimated. The step that reserves money knows
    the size by itself, and the count from another function.

    A token is estimated for 4 bytes of text (statistics.py), and text takes at least as many bytes in its file as by
    itself: a quarter of the size is the most that is counted. Nothing bounds how little of a file is text: records
    of one word each are nearly all keys and braces. But what is reserved (`most_tokens`) covers the whole file at
    4 bytes a token, whatever was counted. Conversations, three quarters of which are text, have more.
    AWS itself plans with fewer tokens, 1 for 6 characters:
    https://docs.aws.amazon.com/bedrock/latest/userguide/model-customization-prepare.html
    """
    return min(max(counted, -(-size // 8)), -(-size // 4))


def most_tokens(counted: int | None, paid: int, size: int) -> int:
    """The most that the same file may have, which is what is reserved: twice what is paid at least, as many as its
    scripts may make (None of what a former version checked), and no more than it has bytes.
    """
    return min(max(counted or 0, 2 * paid), size)
