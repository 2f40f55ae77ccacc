"""The tokens that money is reserved for follow from the size of what is trained, as far as they can."""

import io
import json
from decimal import Decimal

import pytest
from dataset_lines import SOUND, lines, record
from domain_builders import any_recipe, any_run
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from lambdas import authorize_spend
from tuning.aws.budgets import Budgets
from tuning.aws.ledger import Ledger
from tuning.aws.s3_objects import ForeignCopyError
from tuning.datasets.paid_tokens import paid_tokens
from tuning.models.estimate import estimated
from tuning.models.prices import storage_per_month
from tuning.runs.money_records import Charged
from tuning.runs.preparation import prepare
from tuning.runs.progress import Progress
from tuning.runs.readings import Source

LEDGER = Ledger(table="ledger")
SIZE = 80_000_000
STORAGE = storage_per_month()
KEY = f"prepared/{'ab' * 32}/train.jsonl"
URI = f"s3://prepared-bucket/{KEY}"


def any_source(content):
    return Source(name="train.jsonl", stream=io.BytesIO(content), copy=io.BytesIO())


@pytest.fixture
def authorize(aws, context):
    aws.s3.lay_size(URI, SIZE)

    def authorized(tokens, uri=URI, **more):
        dataset = {"training_uri": uri, "training_tokens": tokens, **more}
        event = {"run": any_run().to_dict(), "dataset": dataset, "approval": {}}
        return authorize_spend.handler(event | {"refused_answer": {}}, context)

    return authorized


def price(tokens, most=None):
    return estimated(any_recipe(), tokens=tokens, most=most)


@pytest.mark.parametrize(
    ("said", "tokens"),
    [
        (-(10**12), SIZE // 8),
        (0, SIZE // 8),
        (SIZE // 8 - 1, SIZE // 8),
        (SIZE // 8 + 1, SIZE // 8 + 1),
        (SIZE // 5, SIZE // 5),
        (SIZE // 4, SIZE // 4),
        (SIZE // 4 + 1, SIZE // 4),
        (10**12, SIZE // 4),
    ],
)
def test_what_a_check_says_of_tokens_is_held_against_the_size_of_what_is_trained(
    authorize, said, tokens
):
    assert Decimal(authorize(said)["high_usd"]) == price(tokens).high_usd
    assert LEDGER.read(any_run().id).reservation.usd == price(tokens).high_usd + STORAGE


def test_what_is_reserved_covers_all_bytes_at_four_a_token_whatever_is_said(authorize):
    assert Decimal(authorize(0)["high_usd"]) >= price(SIZE // 4).training_usd


@pytest.mark.parametrize(
    ("said", "most"),
    [
        (None, SIZE // 2),  # by a former version
        (-(10**12), SIZE // 2),
        (0, SIZE // 2),
        (SIZE // 2 + 1, SIZE // 2 + 1),
        (SIZE, SIZE),
        (10**12, SIZE),
    ],
)
def test_what_a_check_says_of_the_most_tokens_is_held_against_the_size_too(authorize, said, most):
    found = Decimal(authorize(SIZE // 4, training_tokens_at_most=said)["high_usd"])
    assert found == price(SIZE // 4, most).high_usd


@pytest.mark.parametrize(
    "uri",
    [
        URI.replace("ab", "cd", 1),
        URI.replace("prepared-bucket", "datasets-bucket"),
        URI.replace("train.jsonl", "validation.jsonl"),
        f"{URI}/train.jsonl",
        "s3://prepared-bucket/prepared/",
        None,
    ],
)
def test_nothing_is_paid_for_where_no_prepared_copy_lies(aws, authorize, uri):
    aws.s3.lay_size(f"{URI}/train.jsonl", SIZE)
    aws.s3.lay_size(URI.replace("prepared-bucket", "datasets-bucket"), SIZE)
    with pytest.raises(ForeignCopyError, match="no prepared copy of this environment lies there"):
        authorize(1000, uri)
    assert LEDGER.read(any_run().id) is None


def test_the_size_is_that_of_the_copy_and_not_of_what_is_named_like_it(aws, authorize):
    """A list of a prefix has longer keys, too; the key itself is the first of it."""
    aws.s3.lay_size(f"{URI}.more", 10 * SIZE)
    assert Decimal(authorize(0)["high_usd"]) == price(SIZE // 8).high_usd
    aws.s3.sizes.pop(("prepared-bucket", KEY))
    with pytest.raises(ForeignCopyError):
        authorize(1000)


@given(st.lists(st.text(min_size=1, max_size=300), min_size=10, max_size=20), st.booleans())
def test_no_check_counts_more_than_a_quarter_of_the_bytes(texts, escaped):
    """However its characters are written."""
    records = [record(number, f"{text} {number}") for number, text in enumerate(texts)]
    content = "".join(json.dumps(each, ensure_ascii=escaped) + "\n" for each in records)
    data = content.encode("utf-8", "surrogatepass")
    copy = io.BytesIO()
    prepared = prepare(any_recipe(), Source(name="train.jsonl", stream=io.BytesIO(data), copy=copy))
    counted = prepared.report.statistics["training"]["estimated_tokens"]
    assert paid_tokens(counted, len(data)) in (counted, -(-len(data) // 8))


@pytest.mark.parametrize(
    ("script", "text", "bytes_a_token"),
    [
        ("English", "Where is my order of last week? ", 2),
        ("Portuguese", "Não consigo acessar a conta já há três dias. ", 1.8),
        ("Russian", "Где мой заказ, сделанный на прошлой неделе? ", 1.08),
        ("Thai", "คำสั่งซื้อของฉันอยู่ที่ไหน", 1),
        ("Chinese", "我上周的订单在哪里。", 1),
        ("signs", "😀🎉👩‍💻", 1),
    ],
)
def test_what_is_reserved_for_a_dense_script_covers_a_token_for_each_byte(
    script, text, bytes_a_token
):
    content = lines(*(record(number, text * 50) for number in range(10)))
    report = prepare(any_recipe(), any_source(content)).report
    text_bytes = 4 * report.statistics["training"]["estimated_tokens"]
    assert report.verdict == "accepted", script
    assert report.most_tokens() * bytes_a_token >= 0.99 * text_bytes
    assert report.most_tokens() <= len(content)


@given(st.lists(st.text(min_size=1, max_size=300), min_size=10, max_size=20))
def test_the_most_tokens_are_no_fewer_than_the_bytes_that_are_not_ascii_and_half_of_those_that_are(
    texts,
):
    content = lines(*(record(n, f"{text} {n}") for n, text in enumerate(texts)))
    written = [f"{text} {n}".encode("utf-8", "ignore") for n, text in enumerate(texts)]
    plain = sum(sum(byte < 128 for byte in each) for each in written)
    foreign = sum(map(len, written)) - plain
    report = prepare(any_recipe(), any_source(content)).report
    if report.verdict == "accepted":
        assert report.most_tokens() >= plain / 2 + foreign
        assert report.most_tokens() >= 2 * report.tokens()


def test_conversations_are_paid_for_as_they_are_counted_and_what_is_mostly_keys_is_not():
    def counted_and_paid(content):
        found = prepare(any_recipe(), any_source(content))
        return found.report.statistics["training"]["estimated_tokens"], found.tokens

    counted, paid = counted_and_paid(lines(*(record(n, "Some words. " * 20) for n in range(10))))
    assert counted == paid
    counted, paid = counted_and_paid(SOUND)
    assert counted < paid == -(-len(SOUND) // 8)


@pytest.mark.parametrize(("cost", "settled"), [("0", "low"), ("21.00", "cost"), ("900", "high")])
def test_a_trained_run_settles_within_what_was_authorized_whatever_its_cost_is_said_to_be(
    aws, authorize, cost, settled
):
    """The cost is computed from the count of another function."""
    authorize(SIZE // 8)
    row = aws.dynamodb.record(any_run().id)
    said = {"progress": Progress(state="trained", phase="Training")}
    forged = Charged(usd=Decimal(1), most_usd=Decimal(cost))
    aws.dynamodb.lay(structs.replace(row, cost=forged, **said))
    usd = Budgets(ledger=LEDGER, table="budgets").settle(any_run().id, "job")
    price = row.estimate
    expected = {"low": price.low_usd, "cost": Decimal(cost), "high": price.high_usd}
    assert price.low_usd < Decimal("21.00") < price.high_usd
    assert usd == expected[settled] + STORAGE
