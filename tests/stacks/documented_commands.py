"""The commands in README and the documents, word by word, as a shell would take them apart."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md")),
)
_BLOCK = re.compile(r"^```(?:sh|console|bash)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_KEYWORDS = {"do", "while", "then", "if", "for", "in", "!", "{", "return", "done", "fi"}
_ASSIGNED = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Command:
    document: str
    words: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.document}: {' '.join(self.words)}"

    @property
    def program(self) -> str:
        return self.words[0]


def documented() -> list[Command]:
    """Every command of every block; a block with prompts shows output too, which is left out."""
    return [
        Command(document=name, words=words)
        for name in DOCUMENTS
        for block in _BLOCK.findall((ROOT / name).read_text("utf-8"))
        for line in _lines(block)
        for words in _commands(line)
    ]


def _lines(block: str) -> list[str]:
    lines = block.replace("\\\n", " ").splitlines()
    if any(line.startswith("$ ") for line in lines):
        return [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    return lines


def _commands(line: str) -> Iterator[tuple[str, ...]]:
    named = re.sub(r"<([\w-]+)>", r"\1", line)  # what a reader fills in
    lexer = shlex.shlex(named.replace("<<<", " <<< "), posix=True, punctuation_chars="();<>|&")
    lexer.whitespace_split = True
    words: list[str] = []
    for token in [*lexer, ";"]:
        if set(token) <= set("();<>|&"):
            if found := _said(words):
                yield found
            words = []
        else:
            words.append(token)


def _said(words: list[str]) -> tuple[str, ...]:
    """Without keywords and assignments; substitutions inside of quotes belong to their word."""
    ahead = list(words)
    while ahead and (ahead[0] in _KEYWORDS or _ASSIGNED.fullmatch(ahead[0])):
        ahead.pop(0)
    return tuple(ahead)
