"""An object is read whole and in order, in ranges where it is large, and never another version."""

import hashlib
import io
from concurrent.futures import Future

import pytest
from botocore.exceptions import ClientError, IncompleteReadError
from domain_builders import DATASETS, PREPARED

from tuning.aws import s3_objects

KEY = "datasets/support/train.jsonl"
PART = 64


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch):
    monkeypatch.setattr(s3_objects, "PART_BYTES", PART)


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


def test_an_object_of_exactly_one_part_is_streamed(aws, monkeypatch):
    """It need not be in memory whole."""
    answered, ranges = aws.s3.get_object, []

    def get_object(**where):
        ranges.append(where.get("Range"))
        return answered(**where)

    monkeypatch.setattr(aws.s3, "get_object", get_object)
    aws.s3.lay(DATASETS, KEY, content(PART))
    read(aws=aws)
    assert ranges == [None]


def test_every_range_is_of_the_same_version(aws):
    aws.s3.lay(DATASETS, KEY, content(5 * PART), "v1")
    aws.s3.lay(DATASETS, KEY, b"x" * 5 * PART, "v2")
    assert read("v1", aws=aws) == content(5 * PART)


def test_only_few_ranges_are_fetched_ahead(aws):
    aws.s3.lay(DATASETS, KEY, content(50 * PART))
    with s3_objects.reading(DATASETS, KEY, "v1", 50 * PART) as stream:
        stream.raw.readinto(bytearray(1))
        assert len(aws.s3.reads) <= 3


class AtOnce:
    """Threads that are done as soon as they are asked."""

    def __init__(self, *_arguments, **_options):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        pass

    def submit(self, function, *arguments):
        done = Future()
        done.set_result(function(*arguments))
        return done


def test_no_more_ranges_are_in_memory_however_much_was_read(aws, monkeypatch):
    monkeypatch.setattr("concurrent.futures.ThreadPoolExecutor", AtOnce)
    aws.s3.lay(DATASETS, KEY, content(50 * PART))
    with s3_objects.reading(DATASETS, KEY, "v1", 50 * PART) as stream:
        for number in range(1, 20):
            assert stream.raw.readinto(bytearray(PART)) == PART
            assert len(aws.s3.reads) == number + 2


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


def test_the_connection_that_gave_the_newest_version_is_free_again(aws):
    bodies = []
    aws.s3.stream = lambda content: bodies.append(io.BytesIO(content)) or bodies[-1]
    aws.s3.lay(DATASETS, KEY, b"four", "v7")
    assert s3_objects.latest(DATASETS, KEY) == ("v7", 4)
    assert [body.closed for body in bodies] == [True]


def put(content, digest=None):
    digest = digest or hashlib.sha256(content).hexdigest()
    return s3_objects.put_once(PREPARED, f"prepared/{digest}/a", io.BytesIO(content), sha256=digest)


def test_the_same_content_is_written_once(aws):
    assert put(b"good") == put(b"good")
    assert len(aws.s3.versions) == 1


@pytest.mark.parametrize("checksum", [None, "of the planted bytes"])
def test_what_was_planted_under_the_name_of_other_content_is_never_trained(aws, checksum):
    digest = hashlib.sha256(b"good").hexdigest()
    aws.s3.lay(PREPARED, f"prepared/{digest}/a", b"planted")
    if checksum:
        aws.s3.checksums[PREPARED, f"prepared/{digest}/a"] = checksum
    with pytest.raises(s3_objects.ForeignCopyError, match="does not hold what its name says"):
        put(b"good")


def test_bytes_that_changed_on_the_way_are_not_stored(aws):
    with pytest.raises(ClientError, match="BadDigest"):
        put(b"cut short", hashlib.sha256(b"good").hexdigest())
    assert aws.s3.versions == {}
