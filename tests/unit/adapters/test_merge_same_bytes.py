"""The bytes depend on the inputs alone: not on chunks, threads or shards."""

import numpy as np
import pytest
import tiny_models
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_models import HIDDEN, NARROW, PREFIX, Q0, V1, VOCABULARY, numbers, pair

from tuning.adapters.folder_merge import Order, merge
from tuning.adapters.merged_tensor import row_chunks
from tuning.adapters.ordered_arithmetic import add_low_rank, row_norms

WHOLE = 10**9


def everything():
    """Every formula at once."""
    embedding = f"{PREFIX}model.embed_tokens"
    magnitudes = {Q0: HIDDEN, V1: NARROW, "model.embed_tokens": HIDDEN}
    return {
        **pair(Q0, HIDDEN, HIDDEN, rank=5),
        **pair(V1, NARROW, HIDDEN, rank=5, seed=8),
        f"{embedding}.lora_embedding_A": numbers(5, VOCABULARY),
        f"{embedding}.lora_embedding_B": numbers(HIDDEN, 5),
        **{
            f"{PREFIX}{module}.lora_magnitude_vector": np.abs(numbers(length)) + 1
            for module, length in magnitudes.items()
        },
        f"{PREFIX}lm_head.weight": numbers(VOCABULARY, HIDDEN, seed=6),
    }


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    base = tiny_models.base(folder / "base", shards=3)
    adapter = tiny_models.adapter(
        folder / "adapter", everything(), r=5, use_dora=True, modules_to_save=["lm_head"]
    )
    return base, adapter


def files(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir()}


@pytest.mark.parametrize("rounding", ["once", "peft"])
@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("chunk", [1, HIDDEN, 3 * HIDDEN, 7 * HIDDEN, WHOLE])
def test_chunks_and_threads_change_no_byte(inputs, tmp_path, chunk, threads, rounding):
    base, adapter = inputs
    merge(Order(base=base, adapter=adapter, rounding=rounding), tmp_path / "first")
    order = Order(base=base, adapter=adapter, rounding=rounding, chunk=chunk, threads=threads)
    merge(order, tmp_path / "second")
    assert files(tmp_path / "first") == files(tmp_path / "second")


def test_shards_change_no_tensor_and_keep_their_names(inputs, tmp_path):
    base, adapter = inputs
    single = tiny_models.base(tmp_path / "base")
    merge(Order(base=base, adapter=adapter), tmp_path / "sharded")
    merge(Order(base=single, adapter=adapter), tmp_path / "single")
    many, one = (tiny_models.weights(tmp_path / name) for name in ("sharded", "single"))
    assert {n: t.tobytes() for n, t in many.items()} == {n: t.tobytes() for n, t in one.items()}
    names = {p.name for p in base.glob("*.safetensors*")}
    assert {p.name for p in (tmp_path / "sharded").glob("*.safetensors*")} == names


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 9), st.integers(1, 40), st.booleans())
@settings(max_examples=60)
def test_rows_do_not_depend_on_one_another(rows, columns, rank, height, fused):
    left, right = numbers(rows, rank, seed=1), numbers(rank, columns, seed=2)
    whole, parts = (numbers(rows, columns, seed=3) for _ in range(2))
    options = {"through": "F32", "fused": fused}
    add_low_rank(whole, left, right, 0.7, **options)
    for first, count in row_chunks(rows, columns, height * columns):
        place = slice(first, first + count)
        add_low_rank(parts[place], left[place], right, 0.7, **options)
        assert (row_norms(parts[place]) == row_norms(whole)[place]).all()
    assert whole.tobytes() == parts.tobytes()


def test_the_order_of_summation_is_the_order_of_the_ranks():
    """In float32, 1e8 + 1 - 1e8 is 0 from the left, and 1 in another order."""
    left, right = np.array([[1e8, 1, -1e8]], np.float32), np.ones((3, 1), np.float32)
    values = np.zeros((1, 1), np.float32)
    add_low_rank(values, left, right, 1, through="F32", fused=False)
    assert values == 0


@given(st.integers(1, 300))
@settings(max_examples=40)
def test_norms_are_right_to_the_last_bit_of_float32_or_its_neighbour(width):
    values = numbers(3, width, seed=width)
    wanted = np.sqrt((values.astype(np.float64) ** 2).sum(axis=1)).astype(np.float32)
    assert (np.abs(row_norms(values) - wanted) <= np.spacing(wanted)).all()
