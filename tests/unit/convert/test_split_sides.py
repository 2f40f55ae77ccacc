"""No question on both sides, and no line moved by another."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tuning.datasets.convert.conversation import Caption, Conversation, Document, Text, Turn
from tuning.datasets.prompts import fingerprint
from tuning.datasets.same import normalised
from tuning.datasets.split import SplitRule, sides
from tuning.errors import OptionError, SplitError
from tuning.models.catalog import catalog

FEW = settings(max_examples=15)
SEEDS = st.integers(0, 2**63 - 1)


def ask(*said, system=(), answer="a"):
    texts = [*said, answer]
    roles = ["user", "assistant"] * len(texts)
    turns = tuple(
        Turn(role=role, blocks=(Text(text=text),)) for role, text in zip(roles, texts, strict=False)
    )
    return Conversation(turns=turns, system=tuple(system))


@FEW
@given(st.lists(st.integers(0, 20), min_size=2).filter(lambda n: len(set(n)) > 1), SEEDS)
def test_records_with_the_same_prompt_stay_together(numbers, seed):
    records = [ask(f"Question {n}", answer=f"answer {i}") for i, n in enumerate(numbers)]
    decided = list(sides(records, SplitRule(share=0.3, seed=seed)))
    for side in (True, False):
        here = {n for n, held_out in zip(numbers, decided, strict=True) if bool(held_out) is side}
        there = {
            n for n, held_out in zip(numbers, decided, strict=True) if bool(held_out) is not side
        }
        assert here
        assert not here & there


@FEW
@given(st.text(max_size=30), SEEDS)
def test_near_identical_prompts_are_one(text, seed):
    variants = (
        f"  {text}\n",
        text.replace(" ", " \t "),
        unicodedata.normalize("NFD", text),
        normalised(text),
        normalised(normalised(text)),
    )
    marks = {fingerprint(Document(text=variant), seed) for variant in variants}
    assert len(marks) == 1


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        pytest.param(ask("Hi"), ask("HI ", answer="b"), True, id="case, blanks, answer"),
        pytest.param(ask("Straße"), ask("STRASSE"), True, id="case folded"),
        pytest.param(ask("cafe\u0301"), ask("café"), True, id="composed"),
        pytest.param(ask("Hi"), ask("Hi", system=["S"]), False, id="system"),
        pytest.param(ask("a", "b", "c"), ask("c"), False, id="earlier turns"),
        pytest.param(ask("a", "b", "c"), ask("a", "x", "c"), False, id="earlier answers"),
        pytest.param(ask("a", "b", "c"), ask("a", "b", "c", answer="z"), True, id="last answer"),
        pytest.param(ask("ab", "c", "d"), ask("a", "bc", "d"), False, id="borders of turns"),
        pytest.param(
            Caption(image="s3://b/a.png", caption="x"),
            Caption(image="s3://b/a.png", caption="y"),
            True,
            id="pictures",
        ),
    ],
)
def test_a_prompt_is_all_before_the_last_answer(one, other, same):
    assert (fingerprint(one) == fingerprint(other)) is same


@FEW
@given(st.lists(st.integers(0, 10**6), min_size=40, max_size=80, unique=True), SEEDS)
def test_lines_added_later_move_no_other(numbers, seed):
    rule = SplitRule(share=0.5, seed=seed)
    records = [ask(str(n)) for n in numbers]
    before = list(sides(records[:30], rule))
    assert list(sides(records, rule))[:30] == before


def test_the_same_prompt_falls_to_the_same_side_on_every_machine():
    assert fingerprint(Document(text=" hi\n"), 7) == 5846805068400172536


def test_another_seed_splits_otherwise_and_the_share_is_met():
    records = [ask(str(n)) for n in range(1_000)]
    first, second = (list(sides(records, SplitRule(share=0.1, seed=seed))) for seed in (1, 2))
    assert first != second
    assert 60 < sum(first) < 140


@pytest.mark.parametrize("share", [0.000001, 0.999999])
def test_both_sides_get_something(share):
    train, held_out, _ = sides([ask(str(n)) for n in range(3)], SplitRule(share=share)).counts
    assert train
    assert held_out


def test_no_more_goes_to_validation_than_the_model_takes():
    model = catalog().model("anthropic.claude-3-haiku-20240307-v1:0:200k")
    rule = SplitRule.of_model(0.9, 0, model, model.methods["FINE_TUNING"])
    train, held_out, _ = sides([ask(str(n)) for n in range(3_000)], rule).counts
    assert (train, held_out) == (2_000, 1_000)


def test_training_keeps_what_the_model_needs():
    model = catalog().model("meta.llama3-1-8b-instruct-v1:0:128k")
    rule = SplitRule.of_model(0.5, 0, model, model.methods["FINE_TUNING"])
    with pytest.raises(SplitError, match="needs at least 100"):
        sides([ask(str(n)) for n in range(150)], rule)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_one_question_cannot_be_split(count):
    with pytest.raises(SplitError, match="cannot be split"):
        sides([ask("Hi")] * count, SplitRule(share=0.5))


def test_a_question_asked_too_often_for_validation_is_not_torn():
    with pytest.raises(SplitError, match="one prompt alone"):
        sides([ask("a")] * 5 + [ask("b")] * 5, SplitRule(share=0.5, max_validation=3))


def test_a_model_that_takes_no_validation_set_gets_none():
    model = catalog().model("amazon.titan-embed-image-v1:0")
    with pytest.raises(OptionError, match="no validation set"):
        SplitRule.of_model(0.1, 0, model, model.methods["FINE_TUNING"])


@FEW
@given(st.lists(st.integers(0, 40), min_size=3).filter(lambda n: len(set(n)) > 2), SEEDS)
def test_no_prompt_is_on_two_of_three_sides_and_each_side_has_one(numbers, seed):
    records = [ask(f"Question {n}") for n in numbers]
    decided = list(sides(records, SplitRule(share=0.2, evaluation=0.2, seed=seed)))
    there = [{n for n, side in zip(numbers, decided, strict=True) if side == k} for k in range(3)]
    assert all(there)
    assert sum(map(len, there)) == len(set(numbers))


def test_an_evaluation_set_takes_nothing_from_validation():
    records = [ask(f"Question {n}") for n in range(500)]
    without, with_one = (
        sides(records, SplitRule(share=0.2, evaluation=share, seed=3)) for share in (0, 0.2)
    )
    assert without.validation == with_one.validation
    assert 60 < with_one.counts[2] < 140
    assert without.counts[2] == 0


def test_two_prompts_are_too_few_for_three_sides():
    with pytest.raises(SplitError, match="2 different prompts cannot be split into 3"):
        sides([ask("a"), ask("b")], SplitRule(share=0.5, evaluation=0.1))


@pytest.mark.parametrize("share", [-0.1, 0.9, 1.0, float("nan")])
def test_an_evaluation_share_leaves_something_to_train_on(share):
    with pytest.raises(OptionError, match="--evaluation"):
        SplitRule(share=0.1, evaluation=share)
