"""ShareGPT: `conversations` of `from` and `value`, as exported chats are passed around.

Its variants: `role` and `content` inside, tool calls as `function_call` and their results as
`observation`, tools as JSON in a text beside
(https://github.com/hiyouga/LLaMA-Factory/blob/main/data/README.md#sharegpt-format).
"""

import re
from typing import Any

from tuning.datasets.convert.conversation import (
    Conversation,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
)
from tuning.datasets.convert.sources import written_calls
from tuning.datasets.convert.sources.fields import Fields, refuse
from tuning.datasets.convert.sources.from_openai import dialogue, tools_of

_ROLES: dict[str, Role] = {
    **dict.fromkeys(("human", "user", "customer"), "user"),
    **dict.fromkeys(("gpt", "chatgpt", "assistant", "model", "bot", "bing", "bard"), "assistant"),
    **dict.fromkeys(("claude", "ai", "chatbot"), "assistant"),
}
_CALLS = ("function_call", "function-call", "tool_call", "tool-call")
_RESULTS = (
    "observation",
    "tool",
    "function_response",
    "function-response",
    "tool_response",
    "function",
)
_CALL = re.compile(r"(?s)<tool_call>(.*?)</tool_call>")
_RESPONSE = re.compile(r"(?s)<tool_response>(.*?)</tool_response>")
_TOOLS = re.compile(r"(?s)<tools>(.*?)</tools>")
"""How Hermes marks calls, results and tools: https://github.com/NousResearch/Hermes-Function-Calling"""
_LISTS = ("conversations", "conversation", "messages")


def sharegpt(record: Fields) -> Conversation:
    """Reads all variants. Raises RecordRefusedError for a speaker or a call that nobody understands."""
    name = next((name for name in _LISTS if name in record), "conversations")
    given = list(record.each(name))
    tools = tools_of(record) or _head_tools(given, record)
    own = record.maybe_text("system")
    if given and "from" not in given[0] and "role" in given[0]:
        system, turns = dialogue(given)
    else:
        system, turns = _Talk().read(given)
    if own and system:
        refuse("CV207", "a second system text beside that of the dialogue", "Keep one.", "system")
    return Conversation(
        system=(own,) if own else tuple(system),
        turns=tuple(turns),
        tools=tools,
        extras=record.rest(),
    )


def _head_tools(given: list[Fields], record: Fields) -> tuple[Tool, ...]:
    """The tools that a system text lists between marks; the text keeps them."""
    head = given[0].peek("value") if given and given[0].peek("from") == "system" else None
    found = _TOOLS.search(head) if isinstance(head, str) else None
    if found is None or not found[1].strip():
        return ()
    listed = written_calls.value(found[1].strip(), given[0].at("value"))
    record.changed("tools of the system text declared")
    return tools_of(Fields({"tools": listed}, "", record.account))


class _Talk:
    """One dialogue being read; calls get ids, which results repeat in their order."""

    def __init__(self) -> None:
        self._system: list[str] = []
        self._turns: list[Turn] = []
        self._calls = 0
        self._open: list[str] = []

    def read(self, messages: list[Fields]) -> tuple[list[str], list[Turn]]:
        for message in messages:
            speaker = message.text("from")
            plain = speaker.strip().lower()
            # A mark that the answer is trained on, which is what happens here anyhow.
            if message.peek("weight") == 1:
                message.value("weight")
            if plain == "system":
                self._head(message)
            elif plain in _CALLS:
                self._call(message)
            elif plain in _RESULTS and self._open:
                self._result(message)
            elif _ROLES.get(plain) == "assistant" and _CALL.search(str(message.peek("value"))):
                self._tagged(message.text("value"), message.at("value"))
            elif plain in _ROLES:
                text = Text(text=message.text("value"))
                self._turns.append(Turn(role=_ROLES[plain], blocks=(text,)))
            elif plain in _RESULTS:
                refuse(
                    "CV204",
                    f"the speaker {speaker[:40]!r} gives a result, and no function_call is before it",
                    "Put the function_call before it, or write the result as the user's message.",
                    message.at("from"),
                )
            else:
                refuse(
                    "CV204",
                    f"unknown speaker {speaker[:40]!r}",
                    f"Use system, function_call, observation or one of {', '.join(_ROLES)}.",
                    message.at("from"),
                )
            message.close()
        return self._system, self._turns

    def _head(self, message: Fields) -> None:
        if self._turns or self._system:
            refuse(
                "CV207",
                "a second system message; no Bedrock format holds one inside a dialogue",
                "Keep one, at the head.",
                message.at("from"),
            )
        if text := message.maybe_text("value"):
            self._system.append(text)

    def _call(self, message: Fields) -> None:
        at, written = message.at("value"), message.value("value")
        value = written_calls.value(written, at) if isinstance(written, str) else written
        self._called(value if isinstance(value, list) else [value], at)

    def _called(self, written: list[Any], at: str) -> None:
        calls = tuple(self._one(one, at) for one in written)
        # Calls that follow one another, or what the assistant says first, are of one turn.
        same = bool(self._turns) and self._turns[-1].role == "assistant"
        calling = same and isinstance(self._turns[-1].blocks[-1], ToolCall)
        self._open = [*(self._open if calling else ()), *(call.id for call in calls)]
        before = self._turns.pop().blocks if same else ()
        self._turns.append(Turn(role="assistant", blocks=(*before, *calls)))

    def _one(self, value: Any, at: str) -> ToolCall:
        self._calls += 1
        return written_calls.call(value, self._calls, at)

    def _result(self, message: Fields) -> None:
        text = message.text("value")
        given = [one.strip() for one in _RESPONSE.findall(text)]
        # Without its marks, each answer is of one call; else all that is written is of the first.
        texts = given if given and len(given) <= len(self._open) and all(given) else [text]
        results = tuple(
            ToolResult(id=self._open.pop(0), content=(Text(text=one),)) for one in texts
        )
        if self._turns[-1].role == "user":
            self._turns[-1] = Turn(role="user", blocks=(*self._turns[-1].blocks, *results))
        else:
            self._turns.append(Turn(role="user", blocks=results))

    def _tagged(self, text: str, at: str) -> None:
        """What the assistant says, with its calls between marks."""
        said = _CALL.sub("", text).strip()
        if said:
            self._turns.append(Turn(role="assistant", blocks=(Text(text=said),)))
        self._called(_CALL.findall(text), at)
