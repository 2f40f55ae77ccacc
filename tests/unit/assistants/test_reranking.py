"""What reranking costs: by the question, at most, and reserved before anything is looked for."""

from dataclasses import replace
from decimal import Decimal

import pytest
from answering_parts import PRICE, World, answering, passage
from asked_world import AskedWorld, DiedError
from hypothesis import given
from hypothesis import strategies as st

from tuning.assistants.assistant import KnowledgeBase
from tuning.assistants.assistant_answer import OVER_BUDGET
from tuning.assistants.reranking import PaidReranking, candidates_of, rerank_queries, rerank_usd
from tuning.aws import clients
from tuning.models.catalog import catalog
from tuning.models.prices import RERANKING, prices

COHERE = "cohere.rerank-v3-5:0"
RERANKED = KnowledgeBase(passages=3, least_score=0.2, rerank=COHERE)
USD = Decimal("0.002")


@pytest.mark.parametrize(
    ("passages", "chunk_tokens", "queries"),
    [(1, 20, 1), (5, 300, 1), (20, 256, 1), (20, 257, 2), (20, 8192, 32), (5, 8192, 8)],
)
def test_a_query_holds_a_hundred_documents_and_a_long_passage_is_several(
    passages, chunk_tokens, queries
):
    assert rerank_queries(passages, chunk_tokens) == queries


@given(st.integers(1, 20))
def test_more_is_looked_for_than_is_left_and_no_more_than_one_search_finds(passages):
    assert passages < candidates_of(passages) <= 100


def test_each_reranker_has_a_price_and_nothing_else_costs_any():
    assert prices()[RERANKING].keys() == catalog().rerankers.keys()
    assert rerank_usd(RERANKED) == USD
    assert rerank_usd(KnowledgeBase()) == 0


def paid(world, budget):
    return replace(answering(world, RERANKED), reranking=PaidReranking(budget=budget, usd=USD))


def test_reranking_is_reserved_before_and_settled_after_with_a_reservation_of_its_own():
    world, budget = World(found=[passage("Open at nine.")], says="At nine [1]."), World()
    said = paid(world, budget).answer("When?")
    assert budget.calls == [("reserve", USD), ("settle", USD)]
    assert world.did() == ["asked", "retrieve", "asked", "reserve", "model", "settle", "answered"]
    assert said.to_json()["rerank_usd"] == "0.002"
    assert said.use.usd == PRICE.of(10, 5)


def test_where_the_day_has_not_enough_left_nothing_is_looked_for():
    world = World(found=[passage("x")])
    said = paid(world, World(left=Decimal("0.001"))).answer("When?")
    assert (said.outcome, said.text) == ("over_budget", OVER_BUDGET)
    assert world.did() == ["asked"]


def test_what_is_not_known_after_reranking_was_paid_and_says_so():
    world, budget = World(found=[passage("x", score=0.1)]), World()
    said = paid(world, budget).answer("When?")
    assert (said.outcome, said.use) == ("not_known", None)
    assert said.to_json()["rerank_usd"] == said.facts()["rerank_usd"] == "0.002"
    assert budget.calls == [("reserve", USD), ("settle", USD)]


def test_a_search_that_fails_stays_reserved():
    class Broken(World):
        def retrieve(self, _question):
            raise TimeoutError

    budget = World()
    with pytest.raises(TimeoutError):
        paid(Broken(), budget).answer("When?")
    assert budget.calls == [("reserve", USD)]


def test_a_blocked_question_reranks_nothing():
    budget = World()
    said = paid(World(), budget).answer("ATTACK")
    assert (said.outcome, budget.calls) == ("blocked", [])
    assert "rerank_usd" not in said.to_json()


@pytest.fixture
def world(tmp_path, monkeypatch):
    """The function of an assistant whose passages are reranked."""
    knowledge = f'[knowledge_base]\nrerank = "{COHERE}"\nleast_score = 0.2\n'
    return AskedWorld(tmp_path, monkeypatch, knowledge=knowledge, rerank_usd="0.002")


def test_a_day_has_what_the_model_and_the_reranker_cost(world):
    _, said = world.ask()
    model = Decimal(said["use"]["usd"])
    assert said["rerank_usd"] == "0.002"
    (day,) = (each for name, each in world.dynamodb.budgets.items() if "#day#" in name)
    assert day["spent"] == day["committed"] == model + USD
    assert not day.get("open_requests")


def test_killed_while_it_looks_for_passages_it_keeps_what_reranking_costs(world):
    world.ask()
    (day,) = (each for name, each in world.dynamodb.budgets.items() if "#day#" in name)
    before = day["committed"]
    world.dies_after = len(world.calls) + world.calls.index(
        "retrieve"
    )  # one call fewer: its minute has begun
    with pytest.raises(DiedError):
        world.ask()
    assert world.calls[-1] == "retrieve"
    (day,) = (each for name, each in world.dynamodb.budgets.items() if "#day#" in name)
    assert day["committed"] == before + USD
    assert len(day["open_requests"]) == 1


@pytest.mark.parametrize(("rerank", "attempts"), [(COHERE, 1), (None, None)])
def test_what_is_billed_by_the_query_is_sent_once(tmp_path, monkeypatch, rerank, attempts):
    """A retry of the SDK would be billed again, and was reserved once."""
    said = f'rerank = "{rerank}"\nleast_score = 0.2\n' if rerank else ""
    world = AskedWorld(tmp_path, monkeypatch, knowledge=f"[knowledge_base]\n{said}")
    create, made = clients.create, {}

    def noted(service, region, **more):
        made.setdefault(service, []).append(more.get("attempts"))
        return create(service, region, **more)

    monkeypatch.setattr(clients, "create", noted)
    assert world.ask()[0] == 200
    assert made["bedrock-agent-runtime"] == [attempts]
