"""The kernel: `lines.c`, built for this machine, and the memory that it shares with Python."""

import ctypes
import platform
from collections.abc import Callable
from ctypes import c_char_p, c_uint8, c_uint32, c_uint64, c_void_p
from enum import IntEnum
from functools import cache
from pathlib import Path

from tuning.errors import KernelError

GUARD = 64
"""Bytes that must be readable behind each buffer."""
GROWTH = 3
"""Times its size that the normal form of a text may take."""
DIGEST_BITS = 48
ENDS = 4
"""How many different signs reserved words may end in."""
WIDTH = 6
"""Digits of a number in an outline."""
SLOTS = 2048
"""Places in the table of elements, more than there are elements."""
RECORD_PARTS = (
    *("system", "toolConfig", "image", "video", "document"),
    *("reasoningContent", "toolUse", "toolResult"),
)
"""The optional parts of a record, each a bit."""
FORMATS = (
    *("converse", "prompt_completion", "distillation", "image_caption", "continued_pre_training"),
    *("openai_chat", "anthropic_messages"),
)
"""Those that the kernel knows, in its order."""
CHAT_PARTS = ("reference_answer", "id", "tools")
"""The optional parts of a record for reinforcement fine-tuning, each a bit."""
CONTESTED = 16
"""How many subjects AWS's pages may disagree on."""
COUNTED_RULES = (
    *("DS202", "DS301", "DS302", "DS303", "DS304", "DS305", "DS306", "DS307", "DS308", "DS113"),
    *("DS309", "DS410", "DS501", "DS502", "DS503", "DS504", "DS505", "DS506", "DS507", "DS509"),
    *("DS401", "DS402", "DS403", "DS404", "DS405", "DS406", "DS407", "DS408", "DS413"),
    *("DS409", "DS411", "DS412", "DS414", "DS415", "DS416", "DS417", "DS418", "DS419", "DS420"),
    *("DS421", "DS422", "DS605", "DS609"),
    *("DS101", "DS103", "DS104", "DS105", "DS109", "DS201", "DS203", "DS204", "DS205", "DS206"),
    "DS208",
)
"""Those that the kernel counts by itself, in its order: of records (verdicts.h, tool_verdicts.h), and of lines that hold none (unreadable.h)."""
SIGNS = 32
"""How many kinds of records may be told by their fields."""
NUL = b"\xff"
"""What the kernel hands over in place of a NUL in a text, where zeros join the texts of a line."""
SOURCE = Path(__file__).parent / "lines.c"
_PIECES = (
    *("private", "normal", "folds", "blocks", "parts"),
    *("verdicts", "tool_verdicts", "formats", "unreadable"),
)
SOURCES = (
    SOURCE,
    *(SOURCE.with_name(f"{name}.h") for name in _PIECES),
)
PRIVATE = (
    *(
        "an AWS access key id",
        "a private key",
        "a JSON web token",
        "a GitHub token",
        "a Slack token",
    ),
    *("a phone number", "an e-mail address", "a payment card number", "a Brazilian CPF"),
    *("a Brazilian CNPJ", "an IBAN"),
)
"""What `lines_private` counts, in the order of its counts."""


class Found(IntEnum):
    """What made the kernel stop; see `lines_next`."""

    DONE = 0
    ASK = 1
    LOOK = 2
    LONG = 3
    FULL = 4
    OUTLINED = 5


class Why:
    """Why a sound line is worth a look: plain numbers, for a flag of enum takes a microsecond to ask."""

    TOO_LONG = 1
    PRIVATE = 2
    SCRIPT = 4
    NEAR = 8
    UNSEEN = 16


class Known(ctypes.Structure):
    """`Known` of lines.c, field by field."""

    _fields_ = (
        *((name, c_uint64) for name in ("size", "times", "readable", "system")),
        *(("prompt", c_uint64), ("pieces", c_uint64)),
        *(("outline", c_char_p), ("text", c_void_p)),
    )


class KnownPart(ctypes.Structure):
    """`Element` of lines.c, field by field."""

    _fields_ = (
        *((name, c_uint64) for name in ("digest", "size", "times", "contested")),
        ("name", c_char_p),
    )


class Scan(ctypes.Structure):
    """`Scan` of lines.c, field by field."""

    _fields_ = (
        ("data", c_void_p),
        ("at", c_uint64),
        ("end", c_uint64),
        ("texts", c_void_p),
        ("words", c_char_p),
        ("refusing", c_uint64),
        ("ends", c_uint8 * ENDS),
        ("pairs", c_uint32),
        ("thorough", c_uint32),
        ("reports_unseen", c_uint32),
        ("in_joined", c_uint32),
        *((name, c_uint64) for name in ("longest_line", "long_text", "compared", "system_blocks")),
        *((name, c_uint64) for name in ("start", "stop", "why", "characters")),
        *((name, c_uint64) for name in ("prompt_at", "prompt_size", "answer_at", "answer_size")),
        ("outline", c_void_p),
        *((name, c_uint64) for name in ("outline_room", "outline_size", "texts_size")),
        ("notes", c_void_p),
        *(("known", c_void_p), ("digests", c_void_p), ("knows", c_uint64)),
        *(("joined", c_void_p), ("joined_room", c_uint64)),
        *((name, c_void_p) for name in ("elements", "slots", "element")),
        *(("element_size", c_uint64), ("most", c_uint64 * 3), ("reasoned", c_uint64)),
        *(("contested", c_uint64 * CONTESTED), ("contested_line", c_uint64 * CONTESTED)),
        ("buckets", c_void_p),
        *((name, c_uint64) for name in ("buckets_full", "buckets_size")),
        *((name, c_uint64) for name in ("its_buckets", "its_buckets_end")),
        *(("asked", c_uint64), ("enough", c_uint64), ("judged", c_uint64 * len(COUNTED_RULES))),
        *((name, c_char_p) for name in ("top", "offered", "fields", "templates", "subjects")),
        ("formats", c_char_p * 3),
        *((name, c_uint64) for name in ("required", "servers", "no_datasets", "datasets")),
        *(("signs", c_uint64 * SIGNS), ("blank_lines", c_uint64), ("ctrl_z", c_uint64)),
        *((name, c_uint64) for name in ("line", "records", "total_characters", "total_bytes")),
        ("crlf", c_uint64),
        ("histogram", c_uint64 * DIGEST_BITS),
        ("most_bits", c_uint64),
        ("most_bits_line", c_uint64),
        ("traits", c_uint64 * (1 << len(RECORD_PARTS))),
        ("traits_line", c_uint64 * (1 << len(RECORD_PARTS))),
        ("latin", c_uint64),
        ("latin_line", c_uint64),
        ("kept", c_uint64),
        ("room", c_uint64),
        *((name, c_void_p) for name in ("prompts", "answers", "places")),
        *((name, c_void_p) for name in ("near_prompts", "near_answers", "normal")),
        ("counts", c_uint32 * (len(PRIVATE) + 1)),
        ("counts_kind", c_uint32 * len(PRIVATE)),
        ("counts_unseen", c_uint32),
        *((name, c_uint64 * len(PRIVATE)) for name in ("private_records", "private_times")),
        ("unseen_records", c_uint64),
        *((name, c_uint64) for name in ("format", "expected", "longest_record")),
        *(("least_caption", c_uint64), ("longest_caption", c_uint64)),
    )


def library_name(system: str, machine: str) -> str:
    """What the library is called for a machine; a folder may be shared by several."""
    return f"lines-{system}-{machine}.so".lower()


@cache
def library() -> ctypes.CDLL | None:
    """The kernel, or None where it was never built."""
    path = SOURCE.parent / library_name(platform.system(), platform.machine())
    if not path.exists():
        return None
    found = ctypes.CDLL(str(path))
    found.lines_size.restype = found.lines_digest.restype = found.lines_notes.restype = c_uint64
    found.lines_source.restype = c_char_p
    found.lines_digest.argtypes = (c_char_p, c_uint64)
    found.lines_next.argtypes = (c_void_p,)
    found.lines_private.argtypes = (c_char_p, c_uint64, c_void_p)
    found.lines_private.restype = None
    if found.lines_size() != ctypes.sizeof(Scan):
        raise KernelError(f"{path} was built from another source; `make setup` builds it anew")
    return found


def digest() -> Callable[[bytes], int]:
    """The function whose numbers the kernel compares texts by."""
    found = library()
    assert found is not None  # noqa: S101 — for the type checker
    compute = found.lines_digest
    return lambda text: int(compute(text, len(text)))


def private_counter() -> Callable[[bytes], tuple[int, ...]]:
    """The function that counts what is private in a text, kind by kind."""
    found = library()
    assert found is not None  # noqa: S101 — for the type checker
    compute, counts = found.lines_private, (c_uint32 * len(PRIVATE))()

    def count(text: bytes) -> tuple[int, ...]:
        compute(text + bytes(GUARD), len(text), counts)
        return tuple(counts)

    return count
