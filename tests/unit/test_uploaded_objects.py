"""The datasets bucket is read as an uploader sees it: what is there, what was deleted, what is new."""

from datetime import timedelta

import pytest
from domain_builders import DATASETS
from fake_aws import LAID_AT

from tuning.aws.uploaded_objects import UploadedObjects

KEY = "datasets/support/train.jsonl"


@pytest.fixture
def objects(aws):
    return UploadedObjects(bucket=DATASETS, client=lambda service: getattr(aws, service))


def since(objects, moment):
    return [upload.key for upload in objects.since(moment)]


def test_what_is_there_was_not_deleted_though_a_neighbour_was(aws, objects):
    """Its key begins as the object's does, so that S3 lists it too."""
    for key in (KEY, f"{KEY}.gz"):
        aws.s3.lay(DATASETS, key, b"x")
    aws.s3.deleted.add((DATASETS, f"{KEY}.gz"))
    (found, deleted), (_, neighbour) = (objects.version(k, None) for k in (KEY, f"{KEY}.gz"))
    assert (found.key, deleted, neighbour) == (KEY, False, True)


def test_what_was_uploaded_again_after_it_was_deleted_is_there(aws, objects, monkeypatch):
    aws.s3.lay(DATASETS, KEY, b"x")
    listed = aws.s3.list_object_versions

    def with_an_older_marker(**asked):
        yield from listed(**asked)
        yield {"DeleteMarkers": [{"Key": KEY, "IsLatest": False}]}

    monkeypatch.setattr(aws.s3, "list_object_versions", with_an_older_marker)
    found, deleted = objects.version(KEY, None)
    assert (found.key, deleted) == (KEY, False)


def test_uploads_since_a_moment_are_those_of_that_moment_and_later(aws, objects):
    aws.s3.lay(DATASETS, KEY, b"x")
    assert since(objects, LAID_AT) == [KEY]
    assert since(objects, LAID_AT + timedelta(seconds=1)) == []


def test_an_empty_folder_is_no_upload(aws, objects):
    aws.s3.lay(DATASETS, "datasets/support/", b"")
    aws.s3.lay(DATASETS, "datasets/support/first/", b"x")
    assert since(objects, LAID_AT) == ["datasets/support/first/"]


def test_what_was_deleted_since_it_was_listed_is_no_upload(aws, objects):
    aws.s3.lay_size(f"s3://{DATASETS}/{KEY}", 1)
    assert since(objects, LAID_AT) == []
