"""`tuning advise`: costs that add up and only grow, advice that follows from what is wanted, and refusals that help."""

import json
from contextlib import contextmanager
from dataclasses import fields, replace
from decimal import Decimal

import pytest
from cli_world import left
from hypothesis import given
from hypothesis import strategies as st

from tuning.assistants.advice_case import DEFAULT_MODEL, MB, WANTS, AdviceCase, weighed_models
from tuning.assistants.advised_way import advised_way
from tuning.assistants.vector_costs import KB, scan_usd, searched_bytes
from tuning.assistants.way_costs import costs_of
from tuning.cli.advise_command import advise_command
from tuning.errors import OptionError, TuningError
from tuning.models.catalog import catalog
from tuning.models.prices import VECTOR_QUERIES, VECTOR_STORAGE, VECTOR_UPLOAD, prices
from tuning.runs.recipes import FINE_TUNING

NUMBERS = {
    "documents": st.integers(0, 10**11),
    "changes": st.decimals(0, 500, places=2),
    "changed_percent": st.integers(0, 100),
    "questions": st.integers(0, 10**7),
    "question_tokens": st.integers(0, 10**4),
    "answer_tokens": st.integers(0, 10**4),
    "examples": st.integers(0, 10**6),
    "training_tokens": st.none() | st.integers(0, 10**9),
    "epochs": st.none() | st.integers(1, 5),
    "passages": st.integers(1, 20),
    "chunk_tokens": st.integers(20, 8_192),
    "zones": st.integers(1, 6),
    "months": st.integers(1, 120),
}
RERANKERS = st.none() | st.sampled_from(sorted(catalog().rerankers))
CASES = st.builds(AdviceCase, **NUMBERS, model=st.sampled_from(weighed_models()), rerank=RERANKERS)
GROWS = sorted(NUMBERS.keys() - {"chunk_tokens"})
"""Longer pieces are fewer: they make a question dearer, and the vectors cheaper."""


def test_every_number_of_a_case_is_drawn():
    assert NUMBERS.keys() == {each.name for each in fields(AdviceCase)} - {
        "model",
        "rerank",
        "wants",
    }


@given(CASES, st.sampled_from(GROWS), st.data())
def test_more_of_anything_costs_no_less(case, name, data):
    now = getattr(case, name)
    if now is None:
        return
    high = {"zones": 6, "passages": 20, "changed_percent": 100, "epochs": 5, "months": 120}
    more = data.draw(st.integers(int(now), high.get(name, max(500, 2 * int(now)))))
    grown = replace(case, **{name: max(now, type(now)(more))})
    before, after = costs_of(case), costs_of(grown)
    for way, costs in before.items():
        assert len(after[way].unknown) >= len(costs.unknown)
        assert after[way].once >= costs.once
        assert after[way].month >= costs.month
        assert after[way].total >= costs.total


@given(CASES)
def test_the_sums_are_those_of_the_lines_and_nothing_unknown_is_in_them(case):
    for costs in costs_of(case).values():
        known = [line for line in costs.lines if line.usd is not None]
        once = sum((each.usd for each in known if each.each == "once"), Decimal(0))
        month = sum((each.usd for each in known if each.each == "month"), Decimal(0))
        assert (costs.once, costs.month) == (once, month)
        assert costs.total == once + month * case.months
        assert set(costs.unknown) == {each.what for each in costs.lines if each.usd is None}
        assert all(each.usd >= 0 and each.usd == round(each.usd, 2) for each in known)
        assert all(each.basis for each in costs.lines)


@given(CASES)
def test_both_is_training_and_retrieval_with_one_model_that_answers(case):
    ways = {way: list(costs.lines) for way, costs in costs_of(case).items()}
    parts = ways["train"][:-1] + ways["retrieve"][:-1]
    assert ways["both"][:-1] == parts
    answers = ways["both"][-1]
    assert answers.what.startswith("answers of its model")
    if answers.usd is not None:
        assert answers.usd >= (ways["train"][-1].usd or 0)


@given(CASES, st.lists(st.sampled_from(WANTS), max_size=5))
def test_whatever_the_numbers_something_is_advised_with_a_reason(case, wants):
    asked = replace(case, wants=tuple(wants))
    advice = advised_way(asked, costs_of(asked))
    trainable = case.examples >= catalog().model(case.model).methods[FINE_TUNING].min_records
    assert advice.reasons
    if advice.way in ("train", "both"):
        assert trainable
    if advice.way in ("retrieve", "both"):
        assert case.documents
    if wants and trainable and case.documents:
        facts = any(want in ("facts", "citations") for want in wants)
        manners = any(want in ("style", "format", "task") for want in wants)
        assert (
            advice.way
            == {(True, False): "retrieve", (False, True): "train", (True, True): "both"}[
                facts, manners
            ]
        )


def test_vectors_cost_what_they_cost_in_the_example_of_aws():
    """https://aws.amazon.com/s3/pricing/: 10 million vectors in 40 indexes of 250,000, a million questions, $11.38."""
    vector, gb = Decimal("6.17") * KB, Decimal(KB**3)
    kept = vector * 10 * 10**6 / gb
    table = prices()
    storage = round(kept) * Decimal(table[VECTOR_STORAGE]["usd"])
    uploaded = round(kept) / Decimal(6) * Decimal(table[VECTOR_UPLOAD]["usd"])
    assert searched_bytes(1024) == Decimal("5.17") * KB
    scanned = scan_usd(250_000, 1024, 10**6)
    asked = Decimal(table[VECTOR_QUERIES]["usd"])
    assert round(storage, 2) == Decimal("3.54")
    assert round(uploaded, 2) == Decimal("1.97")
    assert round(scanned + asked, 2) == Decimal("5.87")
    assert round(storage + uploaded + scanned + asked, 2) == Decimal("11.38")


def test_the_second_example_of_aws_is_met_too():
    """10 million vectors in one index, ten million questions: tiers of $19.26 and $953.36."""
    first = scan_usd(100_000, 1024, 10**7)
    assert round(first, 2) == Decimal("19.26")
    assert round(scan_usd(10**7, 1024, 10**7) - first, 2) == Decimal("953.36")


def test_reranking_is_a_line_of_its_own_for_each_question():
    """A dollar, or two, for a thousand queries: https://aws.amazon.com/bedrock/pricing/"""
    without = costs_of(AdviceCase(questions=10_000))["retrieve"]
    for rerank, usd in (("amazon.rerank-v1:0", "10.00"), ("cohere.rerank-v3-5:0", "20.00")):
        costs = costs_of(AdviceCase(questions=10_000, rerank=rerank))["retrieve"]
        (line,) = set(costs.lines) - set(without.lines)
        assert (line.what, line.each, line.usd) == ("rerank what is found", "month", Decimal(usd))
        assert costs.month == without.month + Decimal(usd)


def test_a_price_that_is_not_known_is_no_zero():
    unpriced = "amazon.nova-pro-v1:0:300k"
    costs = costs_of(AdviceCase(model=unpriced))
    assert len(costs["train"].unknown) == 3
    assert costs["train"].lines[0].usd is None
    said = " ".join(advised_way(AdviceCase(model=unpriced), costs).reasons)
    assert "which way is cheaper is not known" in said


REFUSED = [
    ({"questions": -1}, "--questions -1: must be a whole number, 0 to 10,000,000,000"),
    ({"changes": "-0.5"}, "--changes -0.5: must be a number, 0 to 10,000"),
    ({"changes": "nan"}, "--changes NaN: must be a number"),
    ({"changes": "inf"}, "--changes Infinity: must be a number"),
    ({"changes": "often"}, "--changes often: must be a number, such as 0, 0.5 or 4"),
    ({"changed_percent": 101}, "--changed-percent 101: must be a whole number, 0 to 100"),
    ({"months": 0}, "--months 0: must be a whole number, 1 to 120"),
    ({"passages": 21}, "--passages 21: must be a whole number, 1 to 20"),
    ({"zones": 0}, "--zones 0: must be a whole number, 1 to 6"),
    ({"chunk_tokens": 19}, "--chunk-tokens 19: must be a whole number, 20 to 8,192"),
    ({"documents": "plenty"}, "--documents plenty: is neither a folder nor a size; give a size, such as 20MB"),
    ({"documents": "9999TB"}, "--documents 9999000000000000: must be"),
    ({"want": ["speed"]}, "--want speed: must be one of facts, citations"),
    ({"model": "amazon.nova-micro"}, "amazon.nova-micro-v1:0:128k"),
    ({"model": "amazon.titan-image-generator-v2:0"}, "not a text model for which training can be assessed"),
    ({"model": "anthropic.claude-3-haiku-20240307-v1:0:200k"}, "not a text model for which training can be assessed"),
    ({"epochs": 9}, "--epochs 9"),
    ({"rerank": "amazon.rerank"}, "--rerank amazon.rerank: must be one of amazon.rerank-v1:0, cohere.rerank-v3-5:0"),
]  # fmt: skip


@pytest.mark.parametrize(("given_", "said"), REFUSED)
def test_what_cannot_be_weighed_is_refused_with_option_and_range(given_, said):
    with pytest.raises(TuningError) as refused:
        left(advise_command, **given_)
    assert said in str(refused.value)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "documents": st.text(max_size=12) | st.just("x" * 5_000),
            "changes": st.text(max_size=8) | st.sampled_from(["sNaN", "1e9999999", "-0", "0x1"]),
            "want": st.lists(st.text(max_size=6), max_size=2),
            "model": st.text(max_size=8),
            "questions": st.integers(-(10**40), 10**40),
            "epochs": st.integers(-5, 200),
        },
    )
)
def test_odd_input_is_weighed_or_refused_in_a_sentence(odd):
    with refusals_only() as said:
        left(advise_command, **odd)
    assert said == [] or said[0].strip()


@contextmanager
def refusals_only():
    """What was refused: a sentence of ours, or of the machine about a path."""
    said = []
    try:
        yield said
    except (TuningError, OSError) as error:
        said.append(str(error))


def test_examples_are_said_or_counted_and_not_both(tmp_path):
    with pytest.raises(OptionError, match="omit --examples"):
        left(advise_command, dataset=tmp_path, examples=5)


def heard(capsys, **more):
    assert left(advise_command, shown="json", **more) == 0
    return json.loads(capsys.readouterr().out)


def test_a_dataset_is_counted(capsys, tmp_path):
    empty = tmp_path / "empty.jsonl"
    empty.write_text("")
    with pytest.raises(OptionError, match="no records were read"):
        left(advise_command, dataset=empty)
    from pathlib import Path  # noqa: PLC0415 — for this alone

    sample = Path(__file__).parents[3] / "samples/support/train.jsonl"
    said = heard(capsys, dataset=sample)
    records = sum(1 for line in sample.read_text().splitlines() if line)
    assert said["ways"]["train"]["lines"][0]["what"] == f"train {records:,} examples"


@pytest.mark.parametrize(
    ("size", "mb"), [("5MB", 5), ("5 mb", 5), ("0.5GB", 500), ("1000000", 1), ("0", 0)]
)
def test_documents_have_a_size(capsys, size, mb):
    said = heard(capsys, documents=size)
    assert said["assumptions"][0].startswith(f"{mb:,} MB of documents")


def test_a_folder_of_documents_is_measured(capsys, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.txt").write_bytes(b"x" * MB)
    (tmp_path / "b.txt").write_bytes(b"x" * MB)
    said = heard(capsys, documents=str(tmp_path))
    assert said["assumptions"][0].startswith("2 MB of documents")


def test_people_see_every_figure_assumption_and_source(capsys):
    assert left(advise_command, want=["facts", "style"]) == 0
    shown = capsys.readouterr().out
    case = AdviceCase(wants=("facts", "style"))
    assert "Do both" in shown
    for costs in costs_of(case).values():
        assert all(line.what in shown for line in costs.lines)
        assert all(line.basis in shown for line in costs.lines)
        assert f"${costs.total:,.2f}" in shown
    assert all(each in shown for each in case.assumptions())
    assert DEFAULT_MODEL in shown
