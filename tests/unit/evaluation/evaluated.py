"""Prompts, answers and options, as short as a test can say them."""

from tuning.datasets.convert.conversation import Conversation, Text, Turn
from tuning.evaluation.evaluation_prompts import evaluation_prompts
from tuning.evaluation.records import ModelAnswer
from tuning.evaluation.release_options import ReleaseOptions

EXACT = ReleaseOptions(metric="exact_match", min_prompts=30)


def turn(role, *blocks):
    return Turn(role=role, blocks=tuple(Text(text=b) if isinstance(b, str) else b for b in blocks))


def dialogue(question, answer, **more):
    return Conversation(turns=(turn("user", question), turn("assistant", answer)), **more)


def prompts(expected, question="question {}"):
    """A prompt for each expected answer, on lines from 1."""
    records = [dialogue(question.format(i), text) for i, text in enumerate(expected)]
    return list(evaluation_prompts(enumerate(records, 1)))


def answers(texts, **more):
    return [ModelAnswer(line=line, text=text, **more) for line, text in enumerate(texts, 1)]
