"""A merge from S3 to S3: the bytes of a merge on a disk, through broken connections, kills and repetitions."""

import hashlib
import tracemalloc
from contextlib import suppress

import pytest
import tiny_models
from multipart_s3 import MultipartS3
from test_merge_same_bytes import everything

from tuning.adapters.distributed_merge import (
    DistributedPlan,
    GroupResult,
    assembled,
    group_work,
    planned,
)
from tuning.adapters.folder_merge import Order, merge
from tuning.adapters.model_folder import content_pieces
from tuning.adapters.tensor_groups import merge_group
from tuning.aws import clients
from tuning.aws.multipart import (
    ForeignPartError,
    PartSink,
    begin_upload,
    complete_upload,
    write_part,
)
from tuning.aws.pinned_folder import PinnedFolder, pinned_files
from tuning.aws.unfinished_uploads import abort_upload

BUCKET = "weights"
LEAST = 200


@pytest.fixture
def s3(monkeypatch):
    fake = MultipartS3(least=LEAST)
    monkeypatch.setattr(clients, "create", lambda _service, _region: fake)
    clients.client.cache_clear()
    return fake


@pytest.fixture
def local(tmp_path):
    base = tiny_models.base(tmp_path / "base", shards=2)
    options = {"r": 5, "use_dora": True, "modules_to_save": ["lm_head"]}
    return base, tiny_models.adapter(tmp_path / "adapter", everything(), **options)


def uploaded(s3, folder, prefix):
    """Each file under a version of its own, as in S3: that of another file finds nothing."""
    for path in folder.iterdir():
        key = f"{prefix}{path.name}"
        s3.lay(BUCKET, key, path.read_bytes(), f"first of {key}")
    return PinnedFolder(f"s3://{BUCKET}/{prefix}", pinned_files(BUCKET, prefix))


class KilledError(Exception):
    pass


class InS3:
    """One import, each step as a function of its own would do it."""

    def __init__(self, s3, local):
        self.s3 = s3
        self.base = uploaded(s3, local[0], "bases/base/")
        self.adapter = uploaded(s3, local[1], "adapters/adapter/")
        plan = planned(
            self.base, self.adapter, converted=False, target=1, least=LEAST, part=2 * LEAST
        )
        self.plan = DistributedPlan.from_json(plan.to_json())
        self.uploads = {name: begin_upload(BUCKET, f"merged/{name}") for name in self.plan.files}
        self.results = {}

    def merge_group(self, number, killed_after=None):
        group = self.plan.groups[number]
        with (
            group_work(self.plan, self.base, self.adapter, threads=1) as work,
            PartSink(self.uploads[group.file], group.first_part, group.part_sizes()) as sink,
        ):
            digests = merge_group(work, group, Mortal(sink, killed_after))
        result = GroupResult(
            group=number,
            before=digests.before,
            after=digests.after,
            parts=tuple(sink.results),
        )
        self.results[number] = GroupResult.from_json(result.to_json())

    def merge_all(self):
        for number in range(len(self.plan.groups)):
            self.merge_group(number)

    def assemble(self):
        made = assembled(self.plan, self.base, self.adapter, self.results.values())
        for file, parts in made.parts.items():
            complete_upload(self.uploads[file], parts)
        return made

    def whole(self):
        self.merge_all()
        return self.assemble()

    def files(self, made):
        small = {name: b"".join(content_pieces(content)) for name, content in made.files.items()}
        return small | {
            file: list(self.s3.versions[BUCKET, f"merged/{file}"].values())[-1]
            for file in self.plan.files
        }


class Mortal:
    def __init__(self, sink, after):
        self.sink, self.after = sink, after

    def write(self, tensor, data):
        if self.after is not None:
            if len(data) > self.after:
                self.sink.write(tensor, data[: self.after])
                raise KilledError
            self.after -= len(data)
        self.sink.write(tensor, data)


@pytest.fixture
def run(s3, local):
    return InS3(s3, local)


def expected(local, place):
    receipt = merge(Order(base=local[0], adapter=local[1]), place)
    files = {p.name: p.read_bytes() for p in place.iterdir() if p.name != "merge-receipt.json"}
    return files, receipt.content()


def without_places(content):
    plain = dict(content)
    for name in ("base", "adapter"):
        plain[name] = {k: v for k, v in content[name].items() if k not in ("path", "versions")}
    return plain


def test_from_s3_to_s3_is_the_same_as_from_folder_to_folder(run, local, tmp_path):
    made = run.whole()
    files, content = expected(local, tmp_path / "out")
    assert run.files(made) == files
    assert without_places(made.content) == without_places(content)
    assert made.content["base"]["path"] == f"s3://{BUCKET}/bases/base/"
    assert made.content["adapter"]["versions"].keys() == run.adapter.files().keys()
    assert len(run.plan.groups) > len(run.plan.files)
    assert not run.s3.uploads


def test_connections_that_break_change_nothing(run, local, tmp_path):
    run.s3.breaks = [0, 3, None, 1, None, 5, 0, 0, None] * 30
    assert run.files(run.whole()) == expected(local, tmp_path / "out")[0]


def test_a_range_that_never_comes_whole_is_given_up(run):
    run.s3.breaks = [0] * 100
    with pytest.raises(Exception, match="0 read"):
        run.merge_group(0)


@pytest.mark.parametrize("after", [0, 1, 250, 500, 700])
def test_killed_in_the_middle_and_begun_again_makes_the_same_bytes(run, local, tmp_path, after):
    for number in range(len(run.plan.groups)):
        with suppress(KilledError):  # a smaller group is done before
            run.merge_group(number, killed_after=after)
    assert len(run.results) < len(run.plan.groups)
    assert run.files(run.whole()) == expected(local, tmp_path / "out")[0]


def test_groups_may_be_repeated_and_come_in_any_order(run, local, tmp_path):
    numbers = range(len(run.plan.groups))
    for number in [*reversed(numbers), *numbers]:
        run.merge_group(number)
    assert run.files(run.assemble()) == expected(local, tmp_path / "out")[0]


def test_a_result_noted_by_one_attempt_and_parts_written_by_another_fit(run):
    """An attempt that was given up may still have written last, with other ETags."""
    run.merge_all()
    noted = dict(run.results)
    run.merge_group(1)
    run.results = noted
    run.assemble()


def test_assembling_twice_is_assembling_once(run):
    made = run.whole()
    versions = {key: list(found) for key, found in run.s3.versions.items()}
    for file, parts in made.parts.items():
        assert complete_upload(run.uploads[file], parts) == versions[BUCKET, f"merged/{file}"][-1]
    assert {key: list(found) for key, found in run.s3.versions.items()} == versions


def test_a_part_of_other_bytes_is_never_assembled(run):
    run.merge_all()
    group = run.plan.groups[2]
    write_part(run.uploads[group.file], group.first_part, b"x" * group.part_sizes()[0])
    with pytest.raises(ForeignPartError, match="not those that were merged"):
        run.assemble()


def test_an_object_of_other_bytes_is_not_taken_for_the_assembled_one(run):
    made = run.whole()
    file, parts = next(iter(made.parts.items()))
    key = f"merged/{file}"
    run.s3.checksums[BUCKET, key] = hashlib.sha256(b"other").hexdigest()[:44]
    with pytest.raises(ForeignPartError, match="the object is another"):
        complete_upload(run.uploads[file], parts)


def test_an_upload_is_aborted_once_and_again(run):
    for upload in run.uploads.values():
        abort_upload(upload)
        abort_upload(upload)
    assert not run.s3.uploads


def test_what_is_read_is_the_version_that_was_pinned(run, local, tmp_path):
    for (bucket, key), _ in list(run.s3.versions.items()):
        run.s3.lay(bucket, key, b"newer", "v2")
    assert run.files(run.whole()) == expected(local, tmp_path / "out")[0]


def test_a_version_that_was_deleted_is_named(run):
    run.s3.versions[BUCKET, "bases/base/config.json"].clear()
    with pytest.raises(FileNotFoundError, match=r"config\.json"):
        run.merge_group(0)


def test_only_the_newest_versions_are_pinned_and_nothing_that_was_deleted(s3):
    s3.lay(BUCKET, "bases/a/one", b"1")
    s3.lay(BUCKET, "bases/a/one", b"22", "v2")
    s3.lay(BUCKET, "bases/a/gone", b"1")
    s3.deleted.add((BUCKET, "bases/a/gone"))
    s3.lay(BUCKET, "bases/a/", b"")
    s3.lay(BUCKET, "bases/ab/other", b"1")
    s3.lay(BUCKET, "bases/a/inner/two", b"1")
    found = {each.name: (each.version_id, each.size) for each in pinned_files(BUCKET, "bases/a/")}
    assert found.pop("one") == ("v2", 2)
    assert set(found) == {"inner/two"}


def test_reads_are_ranges_of_a_few_megabytes_of_exactly_what_is_asked(s3, monkeypatch):
    monkeypatch.setattr("tuning.aws.pinned_folder.PART_BYTES", 100)
    body = bytes(range(250)) * 2
    s3.lay(BUCKET, "bases/a/w", body)
    folder = PinnedFolder(f"s3://{BUCKET}/bases/a/", pinned_files(BUCKET, "bases/a/"))
    with folder.source("w") as source:
        assert source.read(7, 250) == body[7:257]
        assert [end - first for _, first, end in s3.ranges] == [100, 100, 50]
        assert source.read(0, 0) == b""
        with pytest.raises(OSError, match="has 500 bytes"):
            source.read(400, 101)
    with pytest.raises(FileNotFoundError), folder.source("other"):
        pass


@pytest.mark.parametrize("pieces", [1, 3, 1000])
def test_parts_have_the_planned_sizes_however_the_bytes_come(s3, pieces):
    body, sizes = bytes(range(256)) * 4, [300, 301, 423]
    upload = begin_upload(BUCKET, "merged/x")
    with PartSink(upload, 5, sizes) as sink:
        for first in range(0, len(body), pieces):
            sink.write(None, body[first : first + pieces])
    assert [(part.number, part.size) for part in sink.results] == [(5, 300), (6, 301), (7, 423)]
    complete_upload(upload, sink.results)
    assert next(iter(s3.versions[BUCKET, "merged/x"].values())) == body


@pytest.mark.parametrize("size", [99, 101, 250])
@pytest.mark.usefixtures("s3")
def test_more_or_fewer_bytes_than_were_planned_are_a_fault(size):
    upload = begin_upload(BUCKET, "merged/x")
    with pytest.raises(ForeignPartError), PartSink(upload, 1, [50, 50]) as sink:
        sink.write(None, b"x" * size)


def test_a_sink_holds_two_parts_at_most(s3):
    """Of 40 MB, two parts of 2 MB and what comes in."""
    s3.upload_part = lambda **_: {"ETag": "e"}
    upload = begin_upload(BUCKET, "merged/x")
    piece = b"x" * 500_000
    tracemalloc.start()
    with PartSink(upload, 1, [2_000_000] * 20) as sink:
        for _ in range(80):
            sink.write(None, piece)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 3 * 2_000_000
