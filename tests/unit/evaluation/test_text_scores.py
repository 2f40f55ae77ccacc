"""Scores of answers, compared with kept libraries and asked in scripts that ASCII does not know."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rapidfuzz.distance import LCSseq
from sacrebleu.metrics import CHRF

from tuning.evaluation import text_scores
from tuning.evaluation.words import words_of

SIGNS = st.sampled_from("aabcéß 東京ñ🙂.,!1ก\n")
TEXTS = st.text(SIGNS, max_size=40) | st.text(max_size=40)
SCORES = [
    text_scores.exact_match,
    text_scores.normalised_match,
    text_scores.token_f1,
    text_scores.rouge_l,
    text_scores.chrf,
]
_CHRF = CHRF(word_order=0, eps_smoothing=False)


@given(TEXTS, TEXTS)
@example("a" * 7, "a")
@example("ab", "ba")
def test_chrf_is_that_of_sacrebleu(answer, expected):
    # sacrebleu strips ends before it removes white space by the same rule, and gives percent.
    theirs = _CHRF.sentence_score(answer, [expected]).score / 100
    if "".join(answer.split()) and "".join(expected.split()):
        assert text_scores.chrf(answer, expected) == pytest.approx(theirs, abs=1e-9)


@given(TEXTS, TEXTS)
def test_rouge_l_counts_the_longest_common_subsequence_as_rapidfuzz_does(answer, expected):
    ours, theirs = words_of(answer), words_of(expected)
    if total := len(ours) + len(theirs):
        common = LCSseq.similarity(ours, theirs)
        assert text_scores.rouge_l(answer, expected) == pytest.approx(2 * common / total)


@pytest.mark.parametrize("score", SCORES)
@given(TEXTS, TEXTS)
def test_a_score_is_from_0_to_1_and_1_for_the_answer_itself(score, answer, expected):
    assert 0 <= score(answer, expected) <= 1
    assert score(expected, expected) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It's 12 o'clock.", ["it", "s", "12", "o", "clock"]),
        ("Straße", ["strasse"]),
        ("東京タワー", ["東", "京", "タ", "ワ", "ー"]),
        ("สวัสดี", ["ส", "วั", "ส", "ดี"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("한국어 문장", ["한국어", "문장"]),
        ("مرحبا بالعالم", ["مرحبا", "بالعالم"]),
        ("ok 👍", ["ok", "👍"]),
        ("?! …", []),
    ],
)
def test_words_are_found_in_every_script(text, expected):
    assert list(words_of(text)) == expected


@pytest.mark.parametrize(
    ("score", "answer", "expected", "value"),
    [
        (text_scores.exact_match, "Yes", "yes", 0),
        (text_scores.normalised_match, " YES\n", "yes", 1),
        (text_scores.normalised_match, "cafe\u0301", "café", 1),
        (text_scores.normalised_match, "no", "yes", 0),
        (text_scores.token_f1, "b a", "a b", 1),
        (text_scores.rouge_l, "b a", "a b", 0.5),
        (text_scores.token_f1, "東京", "京都", 0.5),
        (text_scores.token_f1, "a a", "a", 2 / 3),
        (text_scores.token_f1, "", "a", 0),
        (text_scores.chrf, "", "a", 0),
    ],
)
def test_a_score_by_hand(score, answer, expected, value):
    assert score(answer, expected) == pytest.approx(value)


def test_a_long_answer_is_scored_in_far_less_than_the_square_of_its_length():
    one, other = (" ".join(str(i * k % 997) for i in range(20_000)) for k in (1, 3))
    assert 0 < text_scores.rouge_l(one, other) < 1
