"""Where a model is cut: every part is one that S3 takes, and every byte is in one part."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tuning.adapters.merge_steps import LowRank, Origin, TensorPlan, WeightRows
from tuning.adapters.tensor_groups import (
    GROUP_BYTES,
    LEAST_BYTES,
    TensorGroup,
    effort_of,
    grouped,
)
from tuning.adapters.tensor_header import made_header

MOST_PARTS, MOST_BYTES = 10_000, 5 * 1024**3
"""Of an upload, and of a part: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html"""

small = st.lists(st.lists(st.integers(0, 300), max_size=20), min_size=1, max_size=4)
large = st.lists(
    st.lists(st.integers(0, 3 * GROUP_BYTES), min_size=1, max_size=60), min_size=1, max_size=3
)


def headers(sizes):
    return {
        f"model-{n}.safetensors": made_header(
            [(f"t{n}.{i}", "U8", (size,)) for i, size in enumerate(row)], {}
        )
        for n, row in enumerate(sizes)
    }


def sound(files, groups, least):
    assert [group.number for group in groups] == list(range(len(groups)))
    assert [group.file for group in groups] == sorted(group.file for group in groups)
    for file, header in files.items():
        own = [group for group in groups if group.file == file]
        assert [name for group in own for name in group.tensors] == list(header.tensors)
        assert own[0].first_byte == 0
        assert own[0].first_part == 1
        for one, two in pairwise(own):
            assert two.first_byte == one.first_byte + one.bytes
            assert two.first_part == one.first_part + one.parts
        assert own[-1].first_byte + own[-1].bytes == header.size
        sizes = [size for group in own for size in group.part_sizes()]
        assert sum(sizes) == header.size
        assert all(size >= least for size in sizes[:-1])


@given(small, st.integers(1, 2000), st.integers(1, 400), st.integers(1, 400))
@settings(max_examples=300)
def test_groups_of_any_measure_cover_every_byte_once_and_cross_no_file(sizes, target, least, part):
    files = headers(sizes)
    sound(files, grouped(files, target=target, least=least, part=part), least)


@given(large, st.floats(1, 60))
@settings(max_examples=200)
def test_parts_of_real_models_are_within_the_limits_of_s3(sizes, effort):
    files = headers(sizes)
    groups = grouped(files, effort=lambda _: effort)
    sound(files, groups, LEAST_BYTES)
    assert all(max(group.part_sizes()) <= MOST_BYTES for group in groups)
    for file in files:
        assert sum(group.parts for group in groups if group.file == file) <= MOST_PARTS
    for group in groups:
        last = files[group.file].tensors[group.tensors[-1]].nbytes
        assert group.bytes <= GROUP_BYTES or group.bytes - last < LEAST_BYTES


def test_the_largest_file_that_import_takes_has_fewer_parts_than_s3_allows():
    files = headers([[500_000_000] * 400])
    groups = grouped(files)
    assert sum(group.parts for group in groups) < MOST_PARTS


@given(small, st.integers(1, 300))
def test_a_group_survives_json(sizes, target):
    for group in grouped(headers(sizes), target=target, least=1, part=7):
        assert TensorGroup.from_json(group.to_json()) == group


def test_two_cuts_of_the_same_model_are_the_same():
    files = headers([[10, 20, 30], [40]])
    assert grouped(files, target=50, least=1) == grouped(files, target=50, least=1)


def test_a_usual_rank_cuts_no_finer():
    files = headers([[GROUP_BYTES // 4] * 12])
    changed = grouped(files, effort=lambda _: effort_of(planned(256), "once"))
    assert changed == grouped(files)


def test_groups_of_what_takes_very_long_are_smaller():
    files = headers([[GROUP_BYTES // 4] * 12])
    assert [len(group.tensors) for group in grouped(files)] == [3, 4, 4, 1]
    slow = grouped(files, effort=lambda _: 80.0)
    assert [len(group.tensors) for group in slow] == [1, 2, 2, 2, 2, 2, 1]


def planned(rank, **step):
    block = WeightRows(first=0, rows=4)
    low = LowRank(a="a", b="b", rank=rank, scale=1, layout="linear", blocks=(block,), **step)
    return TensorPlan(
        name="t",
        file="f",
        dtype="BF16",
        shape=(4, 4),
        origin=Origin(kind="base", name="t"),
        steps=(low,),
    )


def test_effort_grows_with_the_rank_and_with_what_is_done_twice():
    once = effort_of(planned(16), "once")
    assert 1 == effort_of(None, "once") < once < effort_of(planned(32), "once")
    assert effort_of(planned(16), "peft") > once
    twice = planned(16, magnitude="m", norm_of_columns=True)
    assert effort_of(twice, "once") == effort_of(planned(32), "once")
