"""Reserved words in the texts of a record: refused in a prompt, warned of elsewhere.

https://docs.aws.amazon.com/nova/latest/userguide/fine-tune-prepare-data-understanding.html
"""

from tuning.datasets.formats import reserved_words as words
from tuning.datasets.formats.walk import Walk
from tuning.models.catalog import Method


def marks(text: str | None, at: str, method: Method, walk: Walk, *, answer: bool) -> None:
    """Refuses whole reserved words in what the model is given; warns of all else that AWS's tools refuse.

    AWS's page says "anywhere within their prompts", and both of its validators search for them
    anywhere, so that `SuperUser:` holds one: whether the service takes it is not confirmed.
    """
    if not text or not walk.marked:
        return
    if word := words.reserved(text, method.reserved_words):
        rule = "DS413" if answer else "DS406"
        where = "an answer; only AWS's SDK refuses it there" if answer else "the text"
        walk.fault(rule, f"the reserved word {word!r} is in {where}", at)
    elif word := words.reserved(text, method.reserved_words_sdk):
        walk.fault("DS413", f"the word {word!r}, reserved by AWS's SDK, is in the text", at)
    elif word := words.joined(text, method.reserved_words + method.reserved_words_sdk):
        message = (
            f"another word ends in the reserved word {word!r}; AWS's validators refuse that too"
        )
        walk.fault("DS413", message, at)
