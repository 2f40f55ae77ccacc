"""ShareGPT: `conversations` of `from` and `value`, as exported chats are passed around."""

from tuning.datasets.convert.conversation import Conversation, Role, Text, Turn
from tuning.datasets.convert.sources.fields import Fields, refuse

_ROLES: dict[str, Role] = {
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "assistant": "assistant",
    "model": "assistant",
}


def sharegpt(record: Fields) -> Conversation:
    system = [text] if (text := record.maybe_text("system")) else []
    turns: list[Turn] = []
    for message in record.each("conversations"):
        speaker, text = message.text("from"), message.text("value")
        if speaker == "system":
            if turns or system:
                refuse(
                    "CV207",
                    "a second system message; no Bedrock format holds one inside a dialogue",
                    "Keep one, at the head.",
                    message.at("from"),
                )
            system.append(text)
        elif speaker in _ROLES:
            turns.append(Turn(role=_ROLES[speaker], blocks=(Text(text=text),)))
        else:
            refuse(
                "CV204",
                f"unknown speaker {speaker!r}",
                f"Use system or one of {', '.join(_ROLES)}; write tool calls as OpenAI chat.",
                message.at("from"),
            )
        message.close()
    return Conversation(system=tuple(system), turns=tuple(turns), extras=record.rest())
