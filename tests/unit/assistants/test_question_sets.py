"""How an assistant's documents fare on a set of questions: hits, ranks, what must not be known, and what bears answers out."""

import json

import pytest
from answering_parts import passage

from tuning.assistants.question_sets import (
    AnswerToQuestion,
    DocumentQuestion,
    DocumentScores,
    JudgedQuestion,
    read_answers_to_questions,
    read_document_questions,
)
from tuning.errors import AssistantError


def asked(documents=("a.md",), found=(), **answer):
    return JudgedQuestion(
        asked=DocumentQuestion(line=1, question="When?", documents=documents),
        found=tuple(passage(text, document=document) for document, text in found),
        answer=AnswerToQuestion(**answer) if answer else None,
    )


def scores(*questions):
    return DocumentScores(questions=questions)


FOUND = (("b.md", "Parcels are grey."), ("a.md", "Refunds of parcels take ten working days."))


def test_a_hit_is_a_passage_of_any_document_that_answers_and_its_rank_counts():
    came = scores(asked(found=FOUND), asked(), asked(("b.md", "z.md"), FOUND))
    assert [each.rank for each in came.questions] == [2, None, 1]
    assert came.hit_rate == pytest.approx(2 / 3)
    assert came.reciprocal_rank == pytest.approx((1 / 2 + 0 + 1) / 3)
    assert came.not_known is None
    assert [each.as_expected for each in came.questions] == [True, False, True]


def test_what_no_document_answers_must_not_be_known():
    came = scores(asked(()), asked((), FOUND))
    assert came.not_known == 0.5
    assert came.hit_rate is None
    answered = asked((), FOUND, outcome="answered", text="Yes [1].", cited=("b.md",))
    unknown = asked((), FOUND, outcome="not_known", text="", cited=())
    assert (answered.as_expected, unknown.as_expected) == (False, True)


def test_an_answer_must_cite_a_document_that_answers():
    right = asked(found=FOUND, outcome="answered", text="Ten days [2].", cited=("a.md",))
    wrong = asked(found=FOUND, outcome="answered", text="Grey [1].", cited=("b.md",))
    silent = asked(found=FOUND, outcome="not_known", text="", cited=())
    assert [each.as_expected for each in (right, wrong, silent)] == [True, False, False]


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("Refunds take ten working days [2].", 1.0),
        ("Refunds take ten working days [2]. The mayor opened another bridge yesterday.", 0.5),
        ("The mayor opened another bridge yesterday [2].", 0.0),
        ("[2]", 1.0),
    ],
)
def test_sentences_are_borne_out_by_the_words_of_what_they_cite(text, share):
    assert asked(found=FOUND, outcome="answered", text=text, cited=("a.md",)).borne_out == share


def test_what_another_passage_says_bears_nothing_out():
    said = asked(
        found=FOUND, outcome="answered", text="Refunds take working days.", cited=("b.md",)
    )
    assert said.borne_out == 0.0


def test_accents_and_case_are_no_other_words():
    found = (("a.md", "O REEMBOLSO demora trinta dias úteis após a devolução."),)
    text = "O reembolso demora trinta dias uteis apos a devolucao."
    assert asked(found=found, outcome="answered", text=text, cited=("a.md",)).borne_out == 1.0


def test_files_are_read_line_by_line(tmp_path):
    questions, answers = tmp_path / "q.jsonl", tmp_path / "a.jsonl"
    line = {"question": "When?", "documents": ["a.md"], "language": "en"}
    questions.write_text(f"{json.dumps(line)}\n\n" + '{"question": "Who?"}\n')
    first, second = read_document_questions(questions)
    assert (first.line, first.documents, first.language) == (1, ("a.md",), "en")
    assert (second.line, second.documents) == (3, ())
    said = {
        "outcome": "answered",
        "answer": "At nine [1].",
        "citations": [{"document": "documents/h/a.md"}],
    }
    answers.write_text(json.dumps(said))
    (answer,) = read_answers_to_questions(answers, "documents/h/")
    assert (answer.outcome, answer.cited) == ("answered", ("a.md",))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "has no questions"),
        ("{", "line 1: is not JSON"),
        ("[]", "line 1: is not a JSON object"),
        ('{"question": "a", "document": "x"}', "line 1: has document; it takes question"),
        ('{"question": " "}', "line 1: question: must be text"),
        ('{"question": "a", "documents": "x.md"}', "line 1: documents: must be a list"),
    ],
)
def test_what_is_no_question_is_refused_with_its_line(tmp_path, text, why):
    path = tmp_path / "q.jsonl"
    path.write_text(text)
    with pytest.raises(AssistantError, match=why):
        read_document_questions(path)


def test_what_is_no_answer_is_refused_with_its_line(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"answer": "x"}')
    with pytest.raises(AssistantError, match="line 1: is not an answer of tuning ask"):
        read_answers_to_questions(path, "documents/h/")
