"""Fields under other names, and pictures that are named without their place."""

from builders import converse, media, turn


def test_columns_are_mapped_also_out_of_objects(converted):
    record = {"id": 1, "meta": {"question": "Hi", "topic": "x"}, "answer": "Ho"}
    mapping = {"prompt": "meta.question", "completion": "answer"}
    (written,), _, _ = converted([record], "openai_chat", mapping=mapping)
    assert written["meta"] == {"topic": "x"}
    assert [message["content"] for message in written["messages"]] == ["Hi", "Ho"]


def test_captions_of_a_folder_become_references(converted):
    raw = '{\n "a.jpg": "A dog",\n "b/c.png": "A cat"\n}\n'
    written, summary, _ = converted(
        raw, "image_caption", name="captions.json", media_folder="s3://pictures/pets"
    )
    assert summary.shape == "captions"
    assert written == [
        {"image-ref": "s3://pictures/pets/a.jpg", "caption": "A dog"},
        {"image-ref": "s3://pictures/pets/b/c.png", "caption": "A cat"},
    ]


def test_a_question_that_is_only_a_picture_is_a_caption(converted):
    shown = turn("user", media(uri="s3://pictures/a.png"))
    (written,), _, _ = converted([converse(shown, "A dog")], "image_caption")
    assert written == {"image-ref": "s3://pictures/a.png", "caption": "A dog"}
