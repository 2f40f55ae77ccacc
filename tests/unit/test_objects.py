"""An object is read whole and in order, in ranges where it is large, and never another version."""

import io

import pytest
from botocore.exceptions import IncompleteReadError
from domain_builders import DATASETS

from tuning.aws import s3_objects

KEY = "datasets/support/train.jsonl"
PART = 64


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch):
    monkeypatch.setattr(s3_objects, "PART", PART)


def content(size):
    return bytes(i * 7 % 251 for i in range(size))


def read(version="v1", size=None, aws=None):
    size = len(aws.s3.versions[DATASETS, KEY][version]) if size is None else size
    with s3_objects.reading(DATASETS, KEY, version, size) as stream:
        return stream.read()


@pytest.mark.parametrize("size", [0, 1, PART - 1, PART, PART + 1, 2 * PART, 9 * PART + 5])
def test_every_byte_comes_in_order_whatever_the_size(aws, size):
    aws.s3.lay(DATASETS, KEY, content(size))
    assert read(aws=aws) == content(size)


def test_a_large_object_is_fetched_in_ranges_and_a_small_one_at_once(aws):
    aws.s3.lay(DATASETS, KEY, content(4 * PART))
    read(aws=aws)
    assert len(aws.s3.reads) == 4
    aws.s3.lay(DATASETS, KEY, content(PART))
    read(aws=aws)
    assert len(aws.s3.reads) == 5


def test_every_range_is_of_the_same_version(aws):
    aws.s3.lay(DATASETS, KEY, content(5 * PART), "v1")
    aws.s3.lay(DATASETS, KEY, b"x" * 5 * PART, "v2")
    assert read("v1", aws=aws) == content(5 * PART)


def test_only_few_ranges_are_fetched_ahead(aws):
    aws.s3.lay(DATASETS, KEY, content(50 * PART))
    with s3_objects.reading(DATASETS, KEY, "v1", 50 * PART) as stream:
        stream.raw.readinto(bytearray(1))
        assert len(aws.s3.reads) <= 3


@pytest.mark.parametrize("lie", [None, "v2"], ids=["deleted key", "deleted version"])
def test_a_deleted_large_object_is_a_missing_file(aws, lie):
    if lie:
        aws.s3.lay(DATASETS, KEY, content(5 * PART), lie)
    with (
        pytest.raises(FileNotFoundError, match="version v1"),
        s3_objects.reading(DATASETS, KEY, "v1", 5 * PART),
    ):
        pass


def test_an_object_deleted_while_it_is_read_is_a_missing_file(aws):
    aws.s3.lay(DATASETS, KEY, content(9 * PART))
    with s3_objects.reading(DATASETS, KEY, "v1", 9 * PART) as stream:
        aws.s3.versions.clear()
        with pytest.raises(FileNotFoundError):
            stream.read()


def test_a_range_of_another_length_is_an_error(aws):
    aws.s3.lay(DATASETS, KEY, content(5 * PART))
    with pytest.raises(IncompleteReadError, match="0 read, but total bytes expected is 64"):
        read(size=5 * PART + 67, aws=aws)


def test_what_breaks_in_a_thread_is_raised_where_it_is_read(aws):
    class Breaking(io.BytesIO):
        def read(self, *_amount):
            raise ConnectionResetError("cut")

    aws.s3.lay(DATASETS, KEY, content(5 * PART))
    aws.s3.stream = Breaking
    with pytest.raises(ConnectionResetError, match="cut"):
        read(aws=aws)
