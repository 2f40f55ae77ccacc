"""Accepts sound lines in C. What it does not accept is not wrong: the exact way decides.

msgspec checks the syntax of a whole line, escapes and half surrogates included, without making an
object of it (of `Raw` it checks everything but UTF-8, which is checked here). What the line says is
told by its shape: a line that the exact way found sound becomes a pattern, its texts the groups.
Another line of the same pattern differs in nothing but the contents of texts: no key can be
unknown, missing or twice, no role wrong, no turn out of order. Left to check are the texts.

A pattern ends a text at the first quote without a backslash before it. Were that quote not the true
end — the text ends in an escaped backslash — the pattern would go on inside of the structure, where
it cannot match: structure holds no quote after a backslash. Such lines go the exact way.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from msgspec import DecodeError, Raw, Struct
from msgspec.json import Decoder, Encoder

from tuning.catalog import Method
from tuning.dataset.diagnosis import INVISIBLE
from tuning.dataset.formats.walk import Walk

Sound = tuple[bytes, bytes, int, int, frozenset[str]]
"""Prompt and answer as compared, characters, bytes of text, optional parts."""
Match = Callable[[bytes], "re.Match[bytes] | None"]

_MAX_TEXTS = 32  # a longer conversation costs no more the exact way
_MAX_SHAPES = 64
_FEW = 6  # backslashes that are looked at one by one
# White space of other scripts, which makes no text: U+0085, U+00A0, U+1680, U+2000…
_WHITE = rb"\xc2[\x85\xa0]|\xe1\x9a\x80|\xe2\x80[\x80-\x8a\xa8\xa9\xaf]|\xe2\x81\x9f|\xe3\x80\x80"
# A text that starts so says something; others go the exact way. The first, plain case comes first.
_SAYS = (
    rb"(?=[!#-\[\]-~\xc3-\xe0\xe4-\xf4]|(?: |\\[nrt])*+(?!"
    + _WHITE
    + rb')(?:[!#-\[\]-~\xc2-\xf4]|\\["\\/]|\\u(?!00|16|20|30)))'
)
_TEXT = rb"(" + _SAYS + rb'[^"]*+(?:(?<=\\)"[^"]*+)*+)'
# An escape that has a plainer spelling, or that is a backslash itself and so hard to count.
_UNUSUAL = re.compile(rb'\\[^n"rt]').search
_USUAL = b'n"rt'
_SYSTEM = frozenset({"system"})
_NO_PARTS: frozenset[str] = frozenset()
_valid = Decoder(Raw).decode
_string = Decoder(str).decode
_encode = Encoder().encode


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


def _converse_texts(line: bytes) -> tuple[list[bytes], int]:
    """The texts of a converse record as they are written, and how many are of the system."""
    record = Decoder(_Converse).decode(line)
    system = [bytes(block.text) for block in record.system]
    return [*system, *(bytes(b.text) for t in record.messages for b in t.content)], len(system)


def _pair_texts(line: bytes) -> tuple[list[bytes], int]:
    record = Decoder(_Pair).decode(line)
    return [bytes(record.prompt), bytes(record.completion)], 0


_TEXTS = {"converse": _converse_texts, "prompt_completion": _pair_texts}


@dataclass(frozen=True, slots=True)
class _Leaf:
    """The end of one shape: which groups of the pattern are its texts."""

    groups: tuple[int, ...]
    parts: frozenset[str]


class Accepter:
    """Knows the shapes of sound lines that it has seen."""

    def __init__(self, method: Method, *, thorough: bool) -> None:
        self._texts = _TEXTS.get(method.format)
        self._thorough = thorough
        self._shapes: dict[tuple[bytes, ...], int] = {}
        self._match: Match = re.compile(b"(?!)").fullmatch
        self._leaves: dict[int | None, _Leaf] = {}
        self._groups = 0
        words = method.reserved_words + (method.reserved_words_sdk if thorough else ())
        self._words = _reserved(words)

    def accept(self, line: bytes) -> Sound | None:
        """What a line holds that is sound for certain, None for any other."""
        found = self._match(line)
        if found is None:
            return None
        try:
            _valid(line)
            characters = len(line) if line.isascii() else len(line.decode())
        except (DecodeError, UnicodeDecodeError, RecursionError):
            return None
        leaf = self._leaves[found.lastindex]
        texts = found.group(*leaf.groups)
        if (escapes := _escapes(line)) < 0:
            return self._respelled(line, texts, leaf)
        structure = len(line) - sum(map(len, texts)) + escapes
        prompt, answer = b"\0".join(texts[:-1]), texts[-1]
        if (words := self._words) is not None and (
            words(prompt) or (self._thorough and words(answer))
        ):
            return None
        return prompt, answer, characters - structure, len(line) - structure, leaf.parts

    def _respelled(self, line: bytes, texts: tuple[bytes, ...], leaf: _Leaf) -> Sound | None:
        """The same for texts with escapes that have a plainer spelling, in which they compare."""
        if INVISIBLE(line):
            return None
        said = [_string(b'"' + text + b'"') for text in texts]
        plain = [_encode(text)[1:-1] for text in said]
        prompt, answer = b"\0".join(plain[:-1]), plain[-1]
        if (words := self._words) is not None and (words(prompt) or words(answer)):
            return None
        size = sum(len(text.encode()) for text in said)
        return prompt, answer, sum(map(len, said)), size, leaf.parts

    def learn(self, line: bytes, walk: Walk) -> None:
        """Remember the shape of a line that the exact way found sound, if it is all plain text."""
        plain = walk.traits <= _SYSTEM and len(walk.answer or ()) == 1
        if self._texts is None or walk.faults or not plain or len(self._shapes) >= _MAX_SHAPES:
            return
        try:
            texts, system = self._texts(line)
        except DecodeError:
            return  # what only the exact way takes, such as a number that a double cannot hold
        gaps, end = [], 0
        for text in texts:
            at = line.find(text, end)
            if at < 0 or len(texts) > _MAX_TEXTS:
                return  # the system prompt stands after the turns: such files go the exact way
            gaps.append(line[end : at + 1])
            end = at + len(text) - 1
        shape = (*gaps, line[end:])
        if shape not in self._shapes:
            self._shapes[shape] = system
            self._compile()

    def _compile(self) -> None:
        """One pattern of all shapes, which share it as far as they are alike."""
        self._leaves, self._groups = {}, 0
        pattern = b"".join(self._branch(list(self._shapes), 0, ()))
        self._match = re.compile(pattern, re.DOTALL).fullmatch

    def _branch(
        self, shapes: list[tuple[bytes, ...]], depth: int, groups: tuple[int, ...]
    ) -> Iterator[bytes]:
        heads = dict.fromkeys(shape[depth] for shape in shapes)
        yield b"(?:"
        for i, head in enumerate(heads):
            alike = [shape for shape in shapes if shape[depth] == head]
            yield (b"|" if i else b"") + re.escape(head)
            if ended := [shape for shape in alike if len(shape) == depth + 1]:
                parts = _SYSTEM if self._shapes[ended[0]] else _NO_PARTS
                self._leaves[groups[-1]] = _Leaf(groups, parts)
            else:
                yield _TEXT
                self._groups += 1
                yield from self._branch(alike, depth + 1, (*groups, self._groups))
        yield b")"


def _escapes(line: bytes) -> int:
    """How many escapes stand in the line; -1 when one of them has another, plainer spelling."""
    find = line.find
    at = find(b"\\")
    count = 0
    while at >= 0:
        if line[at + 1] not in _USUAL:
            return -1
        count += 1
        if count == _FEW:
            return -1 if _UNUSUAL(line, at) else len(line) - len(line.replace(b"\\", b""))
        at = find(b"\\", at + 2)
    return count


def _reserved(words: tuple[str, ...]) -> Callable[[bytes], bool] | None:
    """Tells whether a reserved word may stand in a text: too often rather than too seldom."""
    if not words:
        return None
    colon = [word.encode() for word in words if word.endswith(":")]
    others = [word.encode() for word in words if not word.endswith(":")]
    searches = [_anchored(colon)] if colon else []
    for sign in sorted({word[:1] for word in others}):
        searches.append(_starting(sign, [word[1:] for word in others if word[:1] == sign]))

    def may(text: bytes) -> bool:
        for sign, search in searches:  # noqa: SIM110 — a generator costs more than the search
            if sign in text and search(text):
                return True
        return False

    return may


def _anchored(words: list[bytes]) -> tuple[bytes, Callable[[bytes], object]]:
    # A pattern that starts with one literal is searched for in C; the cheap look back rejects
    # nearly every colon before the words are tried.
    ends = b"".join(sorted({re.escape(word[-2:-1]) for word in words}))
    tried = b"|".join(b"(?<=" + re.escape(word) + b")" for word in words)
    return b":", re.compile(b":(?<=[" + ends + b"]:)(?:" + tried + b")").search


def _starting(sign: bytes, rests: list[bytes]) -> tuple[bytes, Callable[[bytes], object]]:
    tried = b"|".join(map(re.escape, rests))
    return sign, re.compile(re.escape(sign) + b"(?:" + tried + b")").search
