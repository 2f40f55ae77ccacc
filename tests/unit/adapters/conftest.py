"""A merge in a temporary folder."""

import pytest
import tiny_models

from tuning.adapters.folder_merge import Order, merge
from tuning.adapters.refused import MergeRefusedError


@pytest.fixture
def merged(tmp_path):
    """Merges tensors of an adapter into tensors of a base; the new folder and the receipt."""

    def run(tensors=None, *, of=None, dtype="BF16", shards=1, model=None, order=None, **config):
        count = len(list(tmp_path.iterdir()))
        base = tiny_models.base(
            tmp_path / f"base{count}", of, dtype=dtype, shards=shards, **(model or {})
        )
        adapter = tiny_models.adapter(tmp_path / f"adapter{count}", tensors, **config)
        out = tmp_path / f"out{count}"
        receipt = merge(Order(base=base, adapter=adapter, **(order or {})), out)
        return tiny_models.weights(out), receipt, out

    return run


@pytest.fixture
def refused(merged, tmp_path):
    """The reason of a refusal; nothing may have been written."""

    def run(*arguments, **options):
        with pytest.raises(MergeRefusedError) as caught:
            merged(*arguments, **options)
        assert not [p.name for p in tmp_path.iterdir() if "out" in p.name]
        return str(caught.value)

    return run
