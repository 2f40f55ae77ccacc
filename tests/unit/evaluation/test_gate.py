"""The gate: what passes it, what is held and why; its statistics, compared with a kept library and by simulation."""

import re
from pathlib import Path
from random import Random

import numpy as np
import pytest
from evaluated import EXACT, answers, prompts
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs
from scipy import stats

from tuning.evaluation.bootstrap import interval
from tuning.evaluation.gate import WORST, EvaluationError, evaluate
from tuning.evaluation.records import ModelAnswer
from tuning.evaluation.release_options import ReleaseOptions
from tuning.evaluation.wager import evidence

PAGE = (Path(__file__).parents[3] / "docs" / "evaluation.md").read_text("utf-8")
SIMULATED = 2_000
NEEDED = 20.0


def decision(candidate, reference, options=EXACT, *, side="base", expected=None, question="q {}"):
    asked = prompts(expected or ["yes"] * len(candidate), question)
    sides = {"candidate": answers(candidate), side: answers(reference)}
    return evaluate(asked, sides, options).decision


def said(right, wrong):
    return ["yes"] * right + ["no"] * wrong


def test_a_candidate_that_is_clearly_better_is_promoted_and_the_figures_say_why():
    found = decision(said(90, 10), said(60, 40))
    assert (found.outcome, found.wins, found.losses, found.prompts) == ("promote", 30, 0, 100)
    assert found.difference == pytest.approx(0.3)
    assert found.low > 0
    assert found.evidence > NEEDED
    assert found.reasons[0].startswith("better: exact_match is +0.300 against base (95.0% interval")


@pytest.mark.parametrize(
    ("candidate", "reference", "reason"),
    [
        (said(60, 40), said(60, 40), "not better: exact_match is +0.000"),
        (said(50, 50), said(60, 40), "not better: exact_match is -0.100"),
        (said(63, 37), said(60, 40), "not proven better: exact_match is +0.030"),
    ],
)
def test_a_candidate_that_is_not_proven_better_is_held_with_the_reason(
    candidate, reference, reason
):
    found = decision(candidate, reference)
    assert found.outcome == "hold"
    assert found.reasons[0].startswith(reason)


@pytest.mark.parametrize(("count", "outcome"), [(29, "hold"), (30, "promote")])
def test_too_few_prompts_are_held_however_good_the_answers(count, outcome):
    found = decision(said(count, 0), said(0, count))
    assert found.outcome == outcome
    few = "too few to decide: 29 different prompts compared, 30 needed"
    assert (found.reasons[0] == few) == (outcome == "hold")


def test_no_prompt_at_all_is_held():
    assert decision([], []).outcome == "hold"


def test_a_prompt_that_is_repeated_is_no_further_evidence():
    found = decision(said(100, 0), said(0, 100), question="the same")
    assert (found.outcome, found.prompts) == ("hold", 1)
    assert "99 prompts that repeat another one: counted once" in found.reasons


def test_prompts_that_differ_in_case_and_white_space_alone_are_repeated():
    asked = [*prompts(["yes"] * 20, "Question {}"), *prompts(["yes"] * 20, " question  {}")]
    asked = [structs.replace(prompt, line=line) for line, prompt in enumerate(asked, 1)]
    sides = {"candidate": answers(said(40, 0)), "base": answers(said(0, 40))}
    assert evaluate(asked, sides, EXACT).decision.prompts == 20


def test_by_at_least_is_asked_for_beyond_chance():
    ten_better = (said(90, 10), said(75, 25))
    assert decision(*ten_better).outcome == "promote"
    found = decision(*ten_better, structs.replace(EXACT, by_at_least=0.1))
    assert found.outcome == "hold"
    assert "more than +0.1 is asked for" in found.reasons[0]


def test_a_higher_confidence_asks_for_more():
    eight = (said(68, 32), said(60, 40))
    assert decision(*eight).outcome == "promote"
    assert decision(*eight, structs.replace(EXACT, confidence=0.99)).outcome == "hold"


def test_without_a_live_model_the_base_is_the_measure_and_the_decision_says_so():
    found = decision(said(90, 10), said(60, 40), side="base")
    assert found.better_than == "base"
    assert "compared with base: there are no answers of live" in found.reasons
    assert decision(said(90, 10), said(60, 40), side="live").reasons[1:] == ()


def test_the_base_is_not_the_measure_when_there_is_a_live_model():
    asked = prompts(["yes"] * 100)
    sides = {
        name: answers(said(n, 100 - n))
        for name, n in (("candidate", 80), ("live", 80), ("base", 9))
    }
    assert evaluate(asked, sides, EXACT).decision.outcome == "hold"
    assert (
        evaluate(asked, sides, structs.replace(EXACT, better_than="base")).decision.outcome
        == "promote"
    )


def test_an_answer_that_did_not_come_counts_against_the_candidate_and_never_for_it():
    asked = prompts(["yes"] * 40)
    failed = [ModelAnswer(line=line, failure="ModelErrorException") for line in range(1, 41)]
    lost = evaluate(asked, {"candidate": failed, "base": answers(said(40, 0))}, EXACT)
    assert lost.decision.difference == -1
    assert "40 prompts without an answer of the candidate: scored 0" in lost.decision.reasons
    won = evaluate(asked, {"candidate": answers(said(40, 0)), "base": failed}, EXACT)
    assert (won.decision.outcome, won.decision.prompts) == ("hold", 0)
    assert "40 prompts without an answer of base: left out" in won.decision.reasons


@pytest.mark.parametrize(
    ("sides", "message"),
    [
        ({"candidate": answers(["a"])}, 'better_than = "live" needs answers of live or base'),
        ({"base": answers(["a", "b"])}, "there are no answers of the candidate"),
        (
            {"candidate": answers(["a"]), "base": answers(["a", "b"])},
            "candidate: no answer to line 2",
        ),
        (
            {"candidate": answers(["a"] * 3), "base": answers(["a", "b"])},
            "candidate: an answer to no prompt: line 3",
        ),
        (
            {"candidate": answers(["a"]) * 2, "base": []},
            "candidate: two answers to the prompt of line 1",
        ),
    ],
)
def test_answers_that_do_not_fit_the_prompts_are_refused(sides, message):
    asked = prompts(["yes"] * (1 if len(sides) == 1 and "candidate" in sides else 2))
    with pytest.raises(EvaluationError, match=message.replace("(", r"\(")):
        evaluate(asked, sides, EXACT)


@given(st.randoms())
@settings(max_examples=20)
def test_the_order_of_the_answers_does_not_change_the_verdict(random):
    asked = prompts(["yes"] * 60)
    sides = {"candidate": answers(said(40, 20)), "base": answers(said(30, 30))}
    mixed = {side: random.sample(given, len(given)) for side, given in sides.items()}
    assert evaluate(asked, mixed, EXACT) == evaluate(asked, sides, EXACT)
    assert (
        evaluate(random.sample(asked, 60), mixed, EXACT).decision
        == evaluate(asked, sides, EXACT).decision
    )


def test_regressions_are_listed_the_worst_first_and_side_by_side():
    asked = prompts(["one two three four"] * 40)
    candidate = ["one two three four"] * 20 + ["one two"] * 10 + ["wrong"] * 10
    sides = {"candidate": answers(candidate), "base": answers(["one two three"] * 40)}
    found = evaluate(asked, sides, ReleaseOptions(metric="token_f1", min_prompts=30))
    assert len(found.regressions) == WORST
    worst = found.regressions[0]
    assert (worst.line, worst.candidate, worst.reference) == (31, "wrong", "one two three")
    assert (worst.expected, worst.question) == ("one two three four", "question 30")
    assert sorted(r.difference for r in found.regressions) == [
        r.difference for r in found.regressions
    ]


def drawn(seed, draw, count):
    random = Random(seed)  # noqa: S311 — a simulation
    return [draw(random) for _ in range(count)]


@pytest.mark.parametrize("confidence", [0.9, 0.95])
@pytest.mark.parametrize(
    "values",
    [
        drawn(1, lambda random: random.gauss(0.1, 0.3), 40),
        drawn(2, lambda random: random.choice((-1.0, 0.0, 0.0, 1.0, 1.0)), 60),
        drawn(3, lambda random: random.expovariate(4), 50),
    ],
    ids=["normal", "discrete", "skewed"],
)
def test_the_interval_is_that_of_scipy(values, confidence):
    low, high = interval(values, confidence=confidence, seed=7, resamples=20_000)
    theirs = stats.bootstrap(
        (values,),
        np.mean,
        confidence_level=confidence,
        n_resamples=20_000,
        method="BCa",
        rng=np.random.default_rng(7),
    )
    width = theirs.confidence_interval.high - theirs.confidence_interval.low
    assert low == pytest.approx(theirs.confidence_interval.low, abs=0.03 * width)
    assert high == pytest.approx(theirs.confidence_interval.high, abs=0.03 * width)


NO_BETTER = {
    "a coin": ((1, -1), (0.5, 0.5), 0),
    "mostly the same": ((1, 0, -1), (0.1, 0.8, 0.1), 0),
    "seldom different": ((1, 0, -1), (0.02, 0.96, 0.02), 0),
    "a little better, seldom far worse": ((0.05, -0.95), (0.95, 0.05), 0),
    "better, seldom a disaster": ((0.02, -0.98), (0.98, 0.02), 0),
    "four steps": ((0.5, 0.25, -0.25, -0.5), (0.25, 0.25, 0.25, 0.25), 0),
    "as much as the margin": ((1, 0, -1), (0.3, 0.5, 0.2), 0.1),
    "always the margin but for a few": ((0.2, -0.8), (0.9, 0.1), 0.1),
    "worse": ((1, 0, -1), (0.2, 0.5, 0.3), 0),
}


@pytest.mark.thorough
@pytest.mark.parametrize("count", [30, 100])
@pytest.mark.parametrize(("values", "chances", "margin"), NO_BETTER.values(), ids=NO_BETTER)
def test_a_candidate_that_is_no_better_passes_in_at_most_5_percent_of_2000_evaluations(
    values, chances, margin, count
):
    random = Random(f"{values}{count}")  # noqa: S311 — a simulation
    assert sum(v * p for v, p in zip(values, chances, strict=True)) <= margin + 1e-12
    passed = 0
    for seed in range(SIMULATED):
        drawn = random.choices(values, weights=chances, k=count)
        if (
            evidence(drawn, margin) >= NEEDED
        ):  # the interval is asked of these alone: both must pass
            passed += interval(drawn, confidence=0.95, seed=seed, resamples=499)[0] > margin
    assert passed <= 0.05 * SIMULATED
    (documented,) = re.findall(r"candidates that are no better, 0 to ([\d.]+) % passed", PAGE)
    assert passed <= float(documented) / 100 * SIMULATED


def test_the_wins_that_the_page_asks_for_are_the_fewest_that_are_evidence():
    table = re.findall(r"^\| (\d+) \| (\d+) \|$", PAGE, re.MULTILINE)
    assert len(table) > 3
    for losses, wins in ((int(worse), int(better)) for worse, better in table):
        for same in (0, 1000):
            rest = [-1.0] * losses + [0.0] * same
            assert (
                evidence([1.0] * wins + rest, 0) >= NEEDED > evidence([1.0] * (wins - 1) + rest, 0)
            )


@pytest.mark.thorough
def test_the_interval_alone_would_let_one_in_five_pass():
    values, chances, _ = NO_BETTER["a little better, seldom far worse"]
    random = Random(5)  # noqa: S311 — a simulation
    passed = sum(
        interval(
            random.choices(values, weights=chances, k=30), confidence=0.95, seed=seed, resamples=199
        )[0]
        > 0
        for seed in range(300)
    )
    assert passed > 0.15 * 300


@pytest.mark.parametrize(
    ("wins", "losses", "count", "least"), [(0.2, 0.05, 200, 0.9), (0.4, 0.05, 60, 0.9)]
)
def test_a_candidate_that_is_much_better_nearly_always_passes(wins, losses, count, least):
    weights = (wins, 1 - wins - losses, losses)
    tried = [
        drawn(seed, lambda random: random.choices((1, 0, -1), weights=weights)[0], count)
        for seed in range(300)
    ]
    assert sum(evidence(each, 0) >= NEEDED for each in tried) >= least * 300


@given(st.lists(st.sampled_from([-1.0, -0.3, 0.0, 0.2, 1.0]), max_size=60), st.randoms())
def test_evidence_is_the_same_in_any_order_and_grows_with_better_values(values, random):
    found = evidence(values, 0.05)
    assert evidence(random.sample(values, len(values)), 0.05) == pytest.approx(found)
    assert evidence([*values, 1.0], 0.05) > found
    assert evidence([*values, -1.0], 0.05) < found


def test_evidence_of_any_number_of_prompts_is_a_number():
    assert evidence([1.0] * 100_000, 0) > 1e40
    assert evidence([-1.0] * 100_000, 0) == pytest.approx(0)
