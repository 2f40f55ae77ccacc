"""What fields that are called otherwise may be meant for: `--map` options to propose."""

import re
from collections.abc import Iterable, Iterator, Mapping
from shlex import quote
from typing import Any

from tuning.datasets.convert.conversion_refusals import Option
from tuning.datasets.convert.sources.written_lists import written_list

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
            "text",
            "sentence",
        ),
        *("prompt_text", "input_text", "user_input", "pergunta", "frage", "pregunta", "domanda"),
        *("问题", "問題", "提问", "输入", "指令", "質問", "질문", "вопрос", "سؤال", "prompts"),
    ),
    "completion": (
        *("completion", "answer", "answers", "response", "responses", "output", "outputs", "reply"),
        *("assistant", "bot", "a", "target", "targets", "solution", "chosen", "gpt", "label_text"),
        *("label", "category", "intent", "sentiment"),
        *("completion_text", "output_text", "assistant_message", "generation", "expected_output"),
        *("resposta", "antwort", "respuesta", "reponse", "réponse", "risposta", "completions"),
        *("回答", "答案", "输出", "回复", "答え", "답변", "ответ", "جواب"),
    ),
    "system": ("system", "system_prompt", "system_message", "systemprompt"),
    "output": ("output", "response", "answer", "completion", "target", "chosen"),
    "input": ("input", "context"),
}
"""What the fields of the dialects are commonly called."""
_ROLES = frozenset(
    {
        *("user", "assistant", "human", "gpt", "bot", "chatbot", "model", "ai", "system"),
        *("customer", "client", "agent", "prompter"),
    }
)
_CALLED = frozenset({"content", "value", "text", "message", "body", "utterance"})
_ASIDE = 500
"""Letters."""
_LETTERS = re.compile(r"[^\w]+|_")


def commonly_named(names: Iterable[str]) -> bool:
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
    if not wanted:
        found |= _left_over(record, found)
    return tuple(("--map", f"{name}={field}") for name, field in found.items())


def _left_over(record: Mapping[str, Any], found: Mapping[str, str]) -> dict[str, str]:
    """What is asked and what is answered, where no more texts are left than are missing."""
    missing = [
        name for name in ("prompt", "completion") if name not in found and name not in record
    ]
    taken = {"system", "prompt", "completion", *found.values()}
    left = [name for name, v in record.items() if isinstance(v, str) and name not in taken]
    if "text" in record or len(left) != len(missing):  # which may be running text
        return {}
    return dict(zip(missing, left, strict=True))


def of_messages(record: Mapping[str, Any]) -> tuple[Option, ...]:
    """The `--map` options for a list of messages that has another name, or other names inside."""
    for field, held in record.items():
        value = written_list(held) or held
        if isinstance(value, list) and value and all(isinstance(m, dict) for m in value):
            inside = of_message("messages", value[0])
            if inside or {"role", "content"} <= value[0].keys():
                return (*([("--map", f"messages={field}")] if field != "messages" else []), *inside)
    return ()


def of_message(listed: str, message: Mapping[str, Any]) -> tuple[Option, ...]:
    """The `--map` options for the fields of one message; none when it is not like one."""
    who, what = ("from", "value") if listed == "conversations" else ("role", "content")
    role = next((k for k, v in message.items() if str(v).strip().lower() in _ROLES), None)
    texts = [k for k, v in message.items() if isinstance(v, str) and k != role]
    text = next((k for k in texts if _plain(k) in _CALLED), texts[0] if len(texts) == 1 else None)
    if role is None or text is None:
        return ()
    named = {who: role, what: text}
    return tuple(("--map", f"{listed}.{k}={v}") for k, v in named.items() if k != v)


def records_in(value: Mapping[str, Any]) -> tuple[Option, ...]:
    """The option for the one list of records in an object that wraps them."""
    named = list(value.values())
    if len(named) > 1 and all(isinstance(one, dict) and one for one in named):
        return (("--records", "*"),) if len({tuple(one) for one in named}) == 1 else ()
    lists = {k: v for k, v in value.items() if isinstance(v, list) and v and isinstance(v[0], dict)}
    most = max(lists, key=lambda name: len(lists[name]), default=None)
    if most is None or _message(lists[most][0]) or _answered(value, most):
        return ()
    return (("--records", most),)


def _answered(value: Mapping[str, Any], most: str) -> bool:
    """Whether an object is a record of its own, with texts beside its list."""
    return any(
        isinstance(v, str) and len(v) > _ASIDE for k, v in value.items() if k != most
    ) or bool(suggested({k: v for k, v in value.items() if k != most}))


def _message(message: Mapping[str, Any]) -> bool:
    return bool(of_message("messages", message)) or {"role", "content"} <= message.keys()


def spelt(options: Iterable[Option]) -> str:
    """The options as a shell takes them."""
    return " ".join(f"{name} {quote(value)}" if value else name for name, value in options)


def _texts(record: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Fields that hold text, each with its name as it compares; of objects inside too."""
    for name, value in record.items():
        if isinstance(value, dict) and not path:
            yield from _texts(value, f"{name}.")
        elif isinstance(value, str | list | int | float) and not isinstance(value, bool):
            inside = path and _plain(name) in _CALLED  # what is around it says what it is
            yield f"{path}{name}", _plain(path if inside else name)


def _plain(name: str) -> str:
    return _LETTERS.sub("", name.casefold())


_ALIASES = {_plain(alias) for name in ("prompt", "completion") for alias in SPOKEN[name]}
