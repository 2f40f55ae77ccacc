"""What the kernel makes of a dataset, and what is made of it line by line where the kernel leaves it."""

import io

import pytest
from builders import method
from msgspec import structs

from tuning.datasets import chunks
from tuning.datasets.opening import opened
from tuning.datasets.scan import MAX_LINE, Scanner
from tuning.datasets.tally import Policy, Tally


def stops(content, of=None, policy=Policy()):  # noqa: B008 — frozen
    """What the kernel counts, and where it stops."""
    tally = Tally("", policy)
    reader = chunks.Chunks(of or method(), tally, longest=MAX_LINE, long=1 << 62)
    return tally, list(reader.stops(io.BufferedReader(io.BytesIO(content)), len(content)))


def outlined(content, of, policy, room=None):
    """The numbers and the copy of what is read by outlines, which take so much room."""
    copy = io.BytesIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "OUTLINE", room or chunks.OUTLINE)
        tally = Scanner("train.jsonl", of, policy).scan(opened(io.BytesIO(content)), copy)
    return structs.asdict(tally), copy.getvalue()


def outlined_as_read(content, of, policy):
    """The same, which is what each line by itself comes to, for none has the room for an outline."""
    exact, copied = outlined(content, of, policy, room=1)
    numbers, copy = outlined(content, of, policy)
    assert copy == copied, content[:999]
    for name, value in exact.items():
        assert numbers[name] == value, (name, content[:999])
    return exact
