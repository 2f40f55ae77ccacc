"""What an emulated model answers where its prompt has passages: the sentence nearest to the question, with its number.

Nothing is understood. It reads the marks as an assistant's instructions say, so that nothing between them is obeyed: what
a model would make of an instruction in a document, it cannot show.
"""

import re

from emulator.knowledge.hashed_embeddings import content_words

_PASSAGE = re.compile(r"<passage-(\w+) number=(\d+)>\n(.*?)\n</passage-\1>", re.DOTALL)
_QUESTION = re.compile(r"<question-(\w+)>\n(.*?)\n</question-\1>\s*\Z", re.DOTALL)
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_RESULT = re.compile(r"<result-(\w+)>\n(.*)\n</result-\1>", re.DOTALL)
_UNKNOWN = "I do not know."


def quoted_answer(asked: str) -> str | None:
    """None of a prompt without passages. Marks that are not the question's are text of somebody's."""
    question = _QUESTION.search(asked)
    if question is None:
        return None
    return _quoted(question[2], question[1], asked)


def quoted_result(question: str, result: str) -> str | None:
    """The same of what a tool answered; None of one that has no passages between its own marks."""
    answered = _RESULT.match(result)
    return _quoted(question, answered[1], answered[2]) if answered else None


def _quoted(question: str, mark: str, said: str) -> str | None:
    passages = [found for found in _PASSAGE.finditer(said) if found[1] == mark]
    if not passages:
        return None
    wanted = set(content_words(question))
    near = [
        (len(wanted & set(content_words(sentence))), sentence, found[2])
        for found in passages
        for sentence in _SENTENCE.split(found[3].strip())
    ]
    words, sentence, number = max(near, key=lambda each: each[0])
    return f"{sentence} [{number}]" if words else _UNKNOWN
