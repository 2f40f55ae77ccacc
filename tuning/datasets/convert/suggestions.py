"""What fields that are called otherwise may be meant for: `--map` options to propose."""

import re
from collections.abc import Iterable, Iterator, Mapping
from shlex import quote
from typing import Any

from tuning.datasets.convert.conversion_refusals import Option

SPOKEN = {
    "prompt": (
        *("prompt", "question", "query", "instruction", "instructions", "q", "user", "human"),
        *(
            "input",
            "inputs",
            "source",
            "context",
            "problem",
            "request",
            "user_message",
            "utterance",
        ),
        *("prompt_text", "input_text", "user_input", "pergunta", "frage", "pregunta"),
    ),
    "completion": (
        *("completion", "answer", "answers", "response", "responses", "output", "outputs", "reply"),
        *("assistant", "bot", "a", "target", "targets", "solution", "chosen", "gpt", "label_text"),
        *("completion_text", "output_text", "assistant_message", "generation", "expected_output"),
        *("resposta", "antwort", "respuesta", "reponse", "réponse"),
    ),
    "system": ("system", "system_prompt", "system_message", "systemprompt"),
    "output": ("output", "response", "answer", "completion", "target", "chosen"),
    "input": ("input", "context"),
}
"""What the fields of the dialects are commonly called."""
_ROLES = frozenset(
    {"user", "assistant", "human", "gpt", "bot", "model", "ai", "system", "customer", "agent"}
)
_CALLED = {
    "role": ("role", "from", "speaker", "author", "sender"),
    "content": ("content", "value", "text", "message", "body"),
}
_LETTERS = re.compile(r"[^\w]+|_")


def known(names: Iterable[str]) -> bool:
    """Whether any of the names is what a prompt or a completion is commonly called."""
    return bool({_plain(name) for name in names} & _ALIASES)


def suggested(record: Mapping[str, Any], *wanted: str) -> tuple[Option, ...]:
    """The `--map` options for fields, also of objects in the record, with other names."""
    fields = {plain: field for field, plain in reversed([*_texts(record)])}
    found: dict[str, str] = {}
    for name in wanted or ("prompt", "completion", "system"):
        called = (fields.pop(_plain(alias), None) for alias in SPOKEN[name])
        if name not in record and (field := next(filter(None, called), None)):
            found[name] = field
    return tuple(("--map", f"{name}={field}") for name, field in found.items())


def of_messages(record: Mapping[str, Any]) -> tuple[Option, ...]:
    """The `--map` options for a list of messages that has another name, or other names inside."""
    for field, value in record.items():
        if not (isinstance(value, list) and value and all(isinstance(m, dict) for m in value)):
            continue
        role = next((k for k, v in value[0].items() if str(v).lower() in _ROLES), None)
        text = next(
            (
                k
                for k, v in value[0].items()
                if isinstance(v, str) and k != role and _plain(k) in _CALLED["content"]
            ),
            None,
        )
        text = text or next(
            (k for k, v in value[0].items() if isinstance(v, str) and k != role), None
        )
        if role and text:
            named = {"messages": field, "messages.role": role, "messages.content": text}
            return tuple(
                ("--map", f"{k}={v}") for k, v in named.items() if k.rpartition(".")[2] != v
            )
    return ()


def spelt(options: Iterable[Option]) -> str:
    """The options as a shell takes them."""
    return " ".join(f"{name} {quote(value)}" if value else name for name, value in options)


def _texts(record: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Fields that hold text, each with its name as it compares; of objects inside too."""
    for name, value in record.items():
        if isinstance(value, dict) and not path:
            yield from _texts(value, f"{name}.")
        elif isinstance(value, str) or (isinstance(value, list) and not path):
            yield f"{path}{name}", _plain(name)


def _plain(name: str) -> str:
    return _LETTERS.sub("", name.casefold())


_ALIASES = {_plain(alias) for name in ("prompt", "completion") for alias in SPOKEN[name]}
