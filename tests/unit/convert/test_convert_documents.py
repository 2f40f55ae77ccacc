"""Running text in pieces: all of it, in order, cut where a reader would pause."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuning.datasets.convert.sources.from_documents import BYTES_PER_TOKEN, text_chunks

FEW = settings(max_examples=25)
TEXTS = st.text(alphabet=st.sampled_from("ab é漢.!? \n\t\u2028"), max_size=200)


@FEW
@given(TEXTS, st.integers(1, 40))
def test_the_pieces_join_to_the_document(document, size):
    assert "".join(piece for _, piece in text_chunks(document, size)) == document


@FEW
@given(TEXTS.filter(str.strip), st.integers(1, 40))
def test_no_piece_is_blank_or_too_long(document, size):
    for _, piece in text_chunks(document, size):
        assert piece.strip()
        assert len(piece.strip().encode()) <= size * BYTES_PER_TOKEN


@FEW
@given(TEXTS, st.integers(1, 40))
def test_each_piece_knows_how_many_lines_lie_before_it(document, size):
    before = 0
    for line, piece in text_chunks(document, size):
        assert line == before
        before += piece.count("\n")


@pytest.mark.parametrize(
    ("document", "first"),
    [
        ("One two three.\n\nFour five six seven.", "One two three.\n\n"),
        ("One two three\nfour five six seven.", "One two three\n"),
        ("One two three. Four five six seven", "One two three. "),
        ("One two three four five six seven", "One two three four "),
        ("Onetwothreefourfivesixseven", "Onetwothreefourfivesi"[:20]),
    ],
    ids=["paragraph", "line", "sentence", "word", "anywhere"],
)
def test_text_is_cut_at_the_best_border_there_is(document, first):
    assert next(text_chunks(document, 5))[1] == first


def test_a_document_becomes_input_lines_traced_to_theirs(converted):
    raw = "First paragraph here.\n\n" * 3
    written, summary, lines = converted(raw, "continued_pre_training", name="a.md", chunk_tokens=16)
    assert "".join(record["input"] for record in written) == raw
    assert [line.source_line for line in lines] == [1, 5]
    assert (summary.container, summary.records, summary.written) == ("text", 1, 2)


@pytest.mark.parametrize("field", ["text", "input"])
def test_documents_also_come_as_fields(converted, field):
    written, _, _ = converted([{field: "Once upon a time."}], "continued_pre_training")
    assert written == [{"input": "Once upon a time."}]
