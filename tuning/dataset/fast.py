"""Accepts sound lines in C. What it does not accept is not wrong: the exact way decides.

A line that the exact way found sound is cut into a template: the line without its texts. Another
line is sound too when its texts, put into the template, give that line again, byte for byte: then
it differs in nothing but the contents of texts. What is left to check are those texts. So no key
can be unknown, missing or twice, no role wrong, no turn out of order.

msgspec checks the syntax of the whole line, escapes and half surrogates included, without making
a string of it; of `Raw` values it checks everything but UTF-8, which is checked here.
"""

import re
from collections.abc import Callable

from msgspec import DecodeError, Raw, Struct
from msgspec.json import Decoder, Encoder

from tuning.catalog import Method
from tuning.dataset.diagnosis import INVISIBLE

Sound = tuple[bytes, bytes, int, int, frozenset[str]]
"""Prompt and answer as compared, characters, bytes of text, optional parts."""
_TEMPLATES = 4  # shapes kept for each number of texts: real files have one or two
_MAX_TEXTS = 128
_PLAIN_ESCAPES = b'n"\\rt'  # of several spellings, the one that encoders choose
_FEW = 16  # backslashes that are looked at one by one
_ESCAPES = re.compile(rb"\\(.)").findall
_PLAIN = frozenset(bytes([c]) for c in _PLAIN_ESCAPES)
_QUOTE = 0x22
_SYSTEM = frozenset({"system"})
_PLAIN_PARTS: frozenset[str] = frozenset()
_string = Decoder(str).decode
_encode = Encoder().encode

# A text that starts so is no blank one. Others, and all values that are no texts, go the exact way.
_HEADS = frozenset(b'"' + bytes([c]) for c in (*range(0x23, 0x5C), *range(0x5D, 0x7F), 0x21))
_HEADS |= frozenset(b'"' + bytes([c]) for c in (0xC3, *range(0xC4, 0xE1), *range(0xE4, 0xF5)))


class _Text(Struct, gc=False):
    text: Raw


class _Turn(Struct, gc=False):
    content: list[_Text]


class _Converse(Struct, gc=False):
    messages: list[_Turn]
    system: list[_Text] = []


class _Pair(Struct, gc=False):
    prompt: Raw
    completion: Raw


def _converse() -> Callable[[bytes], tuple[list[bytes], list[bytes]]]:
    decode = Decoder(_Converse).decode

    def texts(line: bytes) -> tuple[list[bytes], list[bytes]]:
        record = decode(line)
        return (
            [bytes(block.text) for block in record.system],
            [bytes(block.text) for turn in record.messages for block in turn.content],
        )

    return texts


def _pair() -> Callable[[bytes], tuple[list[bytes], list[bytes]]]:
    decode = Decoder(_Pair).decode

    def texts(line: bytes) -> tuple[list[bytes], list[bytes]]:
        record = decode(line)
        return [], [bytes(record.prompt), bytes(record.completion)]

    return texts


_TEXTS = {"converse": _converse, "prompt_completion": _pair}


class Accepter:
    """Knows the shapes of sound lines that it has seen."""

    def __init__(self, method: Method) -> None:
        self._texts = _TEXTS[method.format]() if method.format in _TEXTS else None
        self._templates: dict[int, list[bytes]] = {}
        self._words = _reserved(method.reserved_words + method.reserved_words_sdk)

    def accept(self, line: bytes) -> Sound | None:
        """What a line holds that is sound for certain, None for any other."""
        if self._texts is None:
            return None
        try:
            system, turns = self._texts(line)
            texts = [*system, *turns]
            held = tuple(texts)
            for template in self._templates.get(len(texts), ()):
                if template % held == line:
                    break
            else:
                return None
            if not _HEADS.issuperset([t[:2] for t in texts]) and _blank(texts):
                return None
            escapes = 0
            if b"\\" in line and (escapes := _escapes(line)) < 0:
                return self._respelled(system, turns)
            size = sum(map(len, texts)) - 2 * len(texts) - escapes
            characters = size if line.isascii() else size + len(line.decode()) - len(line)
        except (DecodeError, UnicodeDecodeError, RecursionError):
            return None
        return self._said(system, turns, characters, size)

    def _respelled(self, system: list[bytes], turns: list[bytes]) -> Sound | None:
        """The same for texts with escapes that have a plainer spelling, in which they compare."""
        texts = [_string(text) for text in (*system, *turns)]
        if any(map(INVISIBLE.search, texts)):
            return None
        plain = [_encode(text) for text in texts]
        size = sum(len(text.encode()) for text in texts)
        characters = sum(map(len, texts))
        return self._said(plain[: len(system)], plain[len(system) :], characters, size)

    def _said(
        self, system: list[bytes], turns: list[bytes], characters: int, size: int
    ) -> Sound | None:
        answer = turns.pop()
        prompt = b"\0".join([*system, b"\1", *turns]) if system else b"\0".join(turns)
        if self._words is not None and (self._words(prompt) or self._words(answer)):
            return None
        return prompt, answer, characters, size, _SYSTEM if system else _PLAIN_PARTS

    def learn(self, line: bytes) -> None:
        """Remember the shape of a line that the exact way found sound."""
        if self._texts is None:
            return
        system, turns = self._texts(line)
        texts = [*system, *turns]
        kept = self._templates.setdefault(len(texts), [])
        if len(kept) >= _TEMPLATES or len(texts) > _MAX_TEXTS:
            return
        template, end = b"", 0
        for text in texts:
            at = line.find(text, end)
            if at < 0:
                return  # the system prompt stands after the turns: such files go the exact way
            template += line[end:at].replace(b"%", b"%%") + b"%b"
            end = at + len(text)
        template += line[end:].replace(b"%", b"%%")
        if template % tuple(texts) == line and template not in kept:
            kept.append(template)


def _blank(texts: list[bytes]) -> bool:
    """Whether one of the values is no text that says something."""
    odd = [text for text in texts if text[:2] not in _HEADS]
    return any(text[0] != _QUOTE or not (said := _string(text)) or said.isspace() for text in odd)


def _escapes(line: bytes) -> int:
    """How many escapes stand in the line; -1 when one of them has another, plainer spelling."""
    count, find = 0, line.find
    at = find(b"\\")
    while at >= 0:
        if line[at + 1] not in _PLAIN_ESCAPES:
            return -1
        count += 1
        if count == _FEW:
            rest = _ESCAPES(line, at + 2)
            return count + len(rest) if _PLAIN.issuperset(rest) else -1
        at = find(b"\\", at + 2)
    return count


def _reserved(words: tuple[str, ...]) -> Callable[[bytes], bool] | None:
    """Tells whether a reserved word may stand in a text: too often rather than too seldom."""
    if not words:
        return None
    ends = tuple(word.encode() for word in words if word.endswith(":"))
    before = frozenset(word[-2:] for word in ends)
    others = [word.encode() for word in words if not word.endswith(":")]
    signs = {word[:1] for word in others}

    def may(text: bytes) -> bool:
        find = text.find
        at = find(b":")
        while at >= 0:
            if text[at - 1 : at + 1] in before and text.endswith(ends, 0, at + 1):
                return True
            at = find(b":", at + 1)
        return any(sign in text for sign in signs) and any(word in text for word in others)

    return may
