"""ShareGPT: `conversations` of `from` and `value`, as exported chats are passed around.

Its variants: `role` and `content` inside, tool calls as `function_call` and their results as
`observation`, tools as JSON in a text beside
(https://github.com/hiyouga/LLaMA-Factory/blob/main/data/README.md#sharegpt-format).
"""

from typing import Any

from tuning.datasets.convert.conversation import (
    Conversation,
    Role,
    Text,
    ToolCall,
    ToolResult,
    Turn,
)
from tuning.datasets.convert.sources.fields import Fields, refuse
from tuning.datasets.convert.sources.from_openai import dialogue, tools_of
from tuning.datasets.convert.sources.strict_json import loads

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
_LISTS = ("conversations", "conversation", "messages")


def sharegpt(record: Fields) -> Conversation:
    """Reads all variants. Raises RecordRefusedError for a speaker or a call that nobody understands."""
    name = next((name for name in _LISTS if name in record), "conversations")
    given = list(record.each(name))
    tools = tools_of(record)
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
        try:
            value = loads(written) if isinstance(written, str) else written
        except ValueError as error:
            refuse("CV210", f"a function_call that is not JSON: {error}", "Write it as JSON.", at)
        calls = tuple(self._one(one, at) for one in (value if isinstance(value, list) else [value]))
        # Calls that follow one another, or what the assistant says first, are of one turn.
        same = bool(self._turns) and self._turns[-1].role == "assistant"
        calling = same and isinstance(self._turns[-1].blocks[-1], ToolCall)
        self._open = [*(self._open if calling else ()), *(call.id for call in calls)]
        before = self._turns.pop().blocks if same else ()
        self._turns.append(Turn(role="assistant", blocks=(*before, *calls)))

    def _one(self, value: Any, at: str) -> ToolCall:
        arguments = (
            value.get("arguments", value.get("parameters", {})) if isinstance(value, dict) else None
        )
        if isinstance(arguments, str):
            try:
                arguments = loads(arguments)
            except ValueError as error:
                refuse("CV210", f"arguments that are not JSON: {error}", "Write them as JSON.", at)
        name = value.get("name") if isinstance(value, dict) else None
        if not isinstance(name, str) or not isinstance(arguments, dict):
            refuse(
                "CV210",
                "a function_call without a name, or whose arguments are no object",
                'Write {"name": "…", "arguments": {…}}.',
                at,
            )
        self._calls += 1
        return ToolCall(id=f"call_{self._calls}", name=name, arguments=arguments)

    def _result(self, message: Fields) -> None:
        content = Text(text=message.text("value"))
        result = ToolResult(id=self._open.pop(0), content=(content,))
        if self._turns[-1].role == "user":
            self._turns[-1] = Turn(role="user", blocks=(*self._turns[-1].blocks, result))
        else:
            self._turns.append(Turn(role="user", blocks=(result,)))
