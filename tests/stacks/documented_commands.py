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
_FENCE = re.compile(r"^ *```([^\n]*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)
LANGUAGES = {"sh", "console", "bash", "json", "mermaid", "python", "toml"}
"""Of a block; one without would be no command's, whatever it says."""
_BLOCK = re.compile(r"^```(?:sh|console|bash)\n(.*?)^```", re.DOTALL | re.MULTILINE)
_KEYWORDS = {"do", "while", "then", "if", "for", "in", "!", "{", "return", "done", "fi"}
_ASSIGNED = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)


FOLLOWED = {
    "README.md": ("tuning check samples/broken", ". .venv/bin/activate", "make setup"),
    "docs/adapters.md": ("pip install 'bedrock",),
    "docs/convert.md": ("tuning convert questions.csv",),
    "docs/emulator.md": (
        ".venv/bin/python -m emulator up        #",
        'eval "$(.venv/bin/python -m emulator up)"',
        ".venv/bin/python -m emulator fault fail",
        'eval "$(.venv/bin/python -m emulator up --auth)"',
    ),
    "docs/evaluation.md": ("tuning evaluate", "tuning split all.jsonl"),
    "docs/first-deployment.md": (
        "make synth",
        "tuning doctor",
        "npx cdk deploy 'dev/*'",
        "tuning canary",
    ),
    "docs/network.md": (
        "aws ec2 describe-managed-prefix-lists",
        "aws ec2 describe-vpc-endpoint-services",
    ),
    "docs/operations.md": (
        "export AWS_REGION",
        "aws sns subscribe",
        "tuning approve",
        "TOKEN=$(aws dynamodb",
        "aws s3 cp validation.jsonl",
        "tuning runs",
        "tuning releases",
        "tuning costs",
        "# runs of a month",
        "JOB=$(aws dynamodb",
        "aws sqs receive-message",
        "npx cdk destroy 'dev/Training'",
        "# interfaces of agents",
        "aws cloudformation list-stack-resources",
        "aws bedrock list-custom-models",
    ),
}
"""Blocks, by how they begin, that `tests/flow/test_documents_are_followed.py` runs on an emulated account; those
of the first deployment `tests/flow/test_first_deployment.py`, in both profiles; that of agents `tests/flow/test_agents.py`."""
BY_CI = "CI runs it in a fresh clone, before anything else"
NOT_FOLLOWED = {
    "make demo KEEP=1": "as the next, and leaves an emulator up, which others on the machine may have too",
    "make demo": "test_demo_to_its_end runs what it runs",
    "make setup": BY_CI,
    "make synth": BY_CI,
    "make wheel": "test_wheel builds the same wheel",
    "$EDITOR app.py recipes/*.toml": BY_CI,
    "tuning release ": "test_releases runs it, on a model of its own",
    "tuning promote": "test_releases runs it, on a model of its own",
    "tuning guard": "test_guard_command runs it as it is there",
    "tuning evaluate questions.jsonl": "test_assistant_evaluation runs both, and test_documents on an account",
    "tuning ask": "test_releases runs it, on a model of its own",
    "tuning advise": "test_train_or_retrieve runs each as it is there",
    "tuning console": "test_asked_assistants runs it, on assistants of its own",
    "tuning releases tone": "test_documents_are_followed asks it of a recipe of dev",
    "tuning releases adapters": "as the next of a recipe that imports: test_model_imports",
    "tuning imports": "test_imports_command runs it; the emulated account of dev imports nothing",
    "aws s3 cp --recursive": "test_model_imports uploads these objects, to an account of its own",
    "aws s3 cp travel.md": "test_documents uploads and deletes documents, on an account of its own",
    "aws s3 rm": "as above",
    "npx cdk deploy Acme/Application": "test_wheel synthesizes that stack; its function is run by test_asking_applications",
    "tuning rollback": "test_releases runs it, on a model of its own",
    "pip install": "the package is in no index; test_wheel installs what was built",
}
"""Commands, by how they begin, that no test runs as they are, with the reason."""


@dataclass(frozen=True, kw_only=True)
class Block:
    document: str
    text: str

    @property
    def followed(self) -> str:
        """How it begins, if a test runs it on the emulated account; else empty."""
        beginnings = FOLLOWED.get(self.document, ())
        commands = "\n".join(line.removeprefix("$ ") for line in self.text.splitlines())
        return next((b for b in beginnings if commands.startswith(b)), "")


@dataclass(frozen=True, kw_only=True)
class Command:
    document: str
    words: tuple[str, ...]
    block: Block

    @property
    def reason(self) -> str:
        """Why no test runs it; empty when one does."""
        said = " ".join(self.words)
        return next((why for begin, why in NOT_FOLLOWED.items() if said.startswith(begin)), "")

    def __str__(self) -> str:
        return f"{self.document}: {' '.join(self.words)}"

    @property
    def program(self) -> str:
        return self.words[0]


def documented() -> list[Command]:
    """Every command of every block; a block with prompts shows output too, which is left out."""
    return [
        Command(document=block.document, words=words, block=block)
        for block in blocks()
        for line in _lines(block.text)
        for words in _commands(line)
    ]


def languages() -> set[tuple[str, str]]:
    """The language of each block, with its document."""
    return {
        (name, language)
        for name in DOCUMENTS
        for language, _ in _FENCE.findall((ROOT / name).read_text("utf-8"))
    }


def blocks() -> list[Block]:
    return [
        Block(document=name, text=text)
        for name in DOCUMENTS
        for text in _BLOCK.findall((ROOT / name).read_text("utf-8"))
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
    ahead = [] if words[:1] == ["for"] else list(words)  # a loop's variable is no command
    while ahead and (ahead[0] in _KEYWORDS or _ASSIGNED.fullmatch(ahead[0])):
        ahead.pop(0)
    return tuple(ahead)
