r"""Accepts sound lines where the kernel was not built. What it does not accept is not wrong: the exact way decides.

msgspec refuses all that is not strict JSON of these types: bad UTF-8, half surrogates, NaN, control
characters, unknown keys, unknown roles. It does not see that a key appears twice. The quotation marks
tell: a line whose decoded strings are K, keys among them, holds 2K marks and one for each mark in a
text. A key twice adds at least two that no decoded string explains; only marks written as \u0022 could
make up for them.
"""

from collections.abc import Callable
from typing import Annotated, Literal

from msgspec import UNSET, DecodeError, Meta, Struct, UnsetType
from msgspec.json import Decoder

from tuning.datasets.formats.reserved_words import searcher
from tuning.datasets.unseen import PARTS
from tuning.models.catalog import Method

SoundRecords = tuple[bytes, bytes, int, frozenset[str]]
"""Prompt and answer as they compare, characters, optional parts."""
Accept = Callable[[bytes], SoundRecords | None]
Search = Callable[[bytes], object]
Suspect = Callable[[bytes, bytes, bytes], object]

_SPELT_OUT = tuple(f"\\u00{row}" for row in range(3, 8))
"""How the escapes begin that a letter of a reserved word may hide behind."""

_SYSTEM = frozenset({"system"})
_NO_PARTS: frozenset[str] = frozenset()
_ROLES = {n: ["user", "assistant"] * (n // 2) for n in range(2, 130, 2)}
_isspace = str.isspace


class _Text(Struct, gc=False, forbid_unknown_fields=True):
    text: Annotated[str, Meta(min_length=1)]


class _Turn(Struct, gc=False, forbid_unknown_fields=True):
    role: Literal["user", "assistant"]
    content: Annotated[list[_Text], Meta(min_length=1)]


class _Converse(Struct, gc=False, forbid_unknown_fields=True):
    schemaVersion: Literal["bedrock-conversation-2024"]  # noqa: N815 — as the format spells it
    messages: Annotated[list[_Turn], Meta(min_length=2)]
    system: Annotated[list[_Text], Meta(min_length=1)] | UnsetType = UNSET


class _Pair(Struct, gc=False, forbid_unknown_fields=True):
    prompt: Annotated[str, Meta(min_length=1)]
    completion: Annotated[str, Meta(min_length=1)]


def accepter(method: Method, *, thorough: bool) -> Accept:
    """Returns what a line of a known shape holds that is sound for certain, None for any other line."""
    words = method.reserved_words + (method.reserved_words_sdk if thorough else ())
    search = searcher(words + (_SPELT_OUT if words else ()) + (PARTS if thorough else ()))
    suspect = _suspect(words, thorough=thorough)
    if method.format == "converse":
        return _converse(search, suspect, method.max_system_blocks or 1 << 30)
    return _pair(search, suspect)


def _suspect(words: tuple[str, ...], *, thorough: bool) -> Suspect:
    """Whether what was found in a line is a reserved word where it matters, or an odd character."""
    reserved, odd = searcher(words), searcher(PARTS)
    if thorough:
        return lambda line, prompt, answer: reserved(prompt) or reserved(answer) or odd(line)
    return lambda _line, prompt, _answer: reserved(prompt)


def _converse(search: Search, suspect: Suspect, most: int) -> Accept:
    decode = Decoder(_Converse).decode

    def accept(line: bytes) -> SoundRecords | None:
        try:
            record = decode(line)
        except (DecodeError, UnicodeDecodeError, RecursionError):
            return None
        turns, system = record.messages, record.system
        count = len(turns)
        if [turn.role for turn in turns] != _ROLES.get(count) or len(turns[-1].content) != 1:
            return None
        texts = [block.text for turn in turns for block in turn.content]
        strings, parts = 3 + 3 * count + 2 * len(texts), _NO_PARTS
        if system is not UNSET:
            if len(system) > most:
                return None
            texts[:0] = [block.text for block in system]
            strings += 1 + 2 * len(system)
            parts = _SYSTEM
        if any(map(_isspace, texts)):
            return None
        answer = texts.pop()
        prompt = "\0".join(texts)
        given, learnt = prompt.encode(), answer.encode()
        if not _once(line, given + learnt, strings) or (
            search(line) and suspect(line, given, learnt)
        ):
            return None
        return given, learnt, len(prompt) - len(texts) + 1 + len(answer), parts

    return accept


def _pair(search: Search, suspect: Suspect) -> Accept:
    decode = Decoder(_Pair).decode

    def accept(line: bytes) -> SoundRecords | None:
        try:
            record = decode(line)
        except (DecodeError, UnicodeDecodeError, RecursionError):
            return None
        prompt, answer = record.prompt, record.completion
        if prompt.isspace() or answer.isspace():
            return None
        given, learnt = prompt.encode(), answer.encode()
        if not _once(line, given + learnt, 4) or (search(line) and suspect(line, given, learnt)):
            return None
        return given, learnt, len(prompt) + len(answer), _NO_PARTS

    return accept


def _once(line: bytes, texts: bytes, strings: int) -> bool:
    """Whether no key can be twice in a line that was decoded to so many strings."""
    marks = texts.count(b'"')
    if marks and b"\\u0022" in line:
        return False
    return line.count(b'"') - marks == 2 * strings
