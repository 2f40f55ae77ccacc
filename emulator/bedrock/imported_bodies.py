"""What an imported model answers, in each of the three shapes that InvokeModel takes of it. No weights are run.

https://docs.aws.amazon.com/bedrock/latest/userguide/invoke-imported-model.html
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from emulator.bedrock.api_errors import ValidationError

_CHARACTERS = 4
"""Of a token, as everywhere in the emulator."""
_MOST_TOKENS = 512
"""Of an answer whose request names none. UNCONFIRMED."""
_PIECES = 5
"""Of a stream."""


def no_weights(prompt: str) -> str:
    """An answer that says what it is, and depends on what was asked."""
    return f"[emulated: no weights were run] {prompt}"


@dataclass(frozen=True, kw_only=True)
class ImportedCall:
    """A body, understood."""

    shape: str
    prompt: str
    most_tokens: int

    @property
    def answer(self) -> str:
        return no_weights(self.prompt)[: self.most_tokens * _CHARACTERS]

    @property
    def stop(self) -> str:
        return "length" if len(no_weights(self.prompt)) > len(self.answer) else "stop"


def understood(body: Any, *, chat_template: bool) -> ImportedCall:
    """Raises `ValidationError`; the texts are INVENTED. By which member AWS tells the two completions apart is
    UNCONFIRMED; its page shows max_gen_len in one and max_tokens in the other.
    """
    if not isinstance(body, dict):
        raise ValidationError(message="The request body is not a JSON object.")
    if "messages" in body:
        if not chat_template:
            raise ValidationError(message="The model has no chat template, so send a prompt.")
        most = body.get("max_completion_tokens", body.get("max_tokens", _MOST_TOKENS))
        return _call("OpenAIChatCompletion", _asked(body["messages"]), most)
    prompt = body.get("prompt")
    if not isinstance(prompt, str):
        raise ValidationError(message="The request names neither a prompt nor messages.")
    if "max_tokens" in body:
        return _call("OpenAICompletion", prompt, body["max_tokens"])
    return _call("BedrockCompletion", prompt, body.get("max_gen_len", _MOST_TOKENS))


def whole_answer(call: ImportedCall, model: str, created: int) -> dict[str, Any]:
    """The document of InvokeModel."""
    asked, said = tokens(call.prompt), tokens(call.answer)
    usage = {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}
    about = {"id": f"emulated-{created}", "created": created, "model": model, "usage": usage}
    ended = {"index": 0, "finish_reason": call.stop, "logprobs": None}
    match call.shape:
        case "OpenAIChatCompletion":
            message = {"role": "assistant", "content": call.answer}
            choices = [ended | {"message": message}]
            return about | {"object": "chat.completion", "choices": choices}
        case "OpenAICompletion":
            choices = [ended | {"text": call.answer}]
            return about | {"object": "text_completion", "choices": choices}
        case _:
            return {
                "generation": call.answer,
                "prompt_token_count": asked,
                "generation_token_count": said,
                "stop_reason": call.stop,
            }


def pieces(call: ImportedCall, model: str, created: int) -> Iterator[dict[str, Any]]:
    """The chunks of InvokeModelWithResponseStream. UNCONFIRMED how AWS cuts them, and which members each has."""
    size = max(1, -(-len(call.answer) // _PIECES))
    cut = [call.answer[at : at + size] for at in range(0, len(call.answer), size)] or [""]
    for number, text in enumerate(cut, 1):
        last = number == len(cut)
        stop = call.stop if last else None
        about = {"id": f"emulated-{created}", "created": created, "model": model}
        ended = {"index": 0, "finish_reason": stop}
        match call.shape:
            case "OpenAIChatCompletion":
                delta = {"role": "assistant", "content": text}
                choices = [ended | {"delta": delta}]
                yield about | {"object": "chat.completion.chunk", "choices": choices}
            case "OpenAICompletion":
                yield about | {"object": "text_completion", "choices": [ended | {"text": text}]}
            case _:
                yield {
                    "generation": text,
                    "prompt_token_count": tokens(call.prompt) if number == 1 else None,
                    "generation_token_count": tokens(call.answer) if last else None,
                    "stop_reason": stop,
                }


def tokens(text: str) -> int:
    return -(-len(text) // _CHARACTERS)


def _call(shape: str, prompt: str, most: Any) -> ImportedCall:
    if not isinstance(most, int) or isinstance(most, bool) or most < 1:
        raise ValidationError(message="The number of tokens to answer must be positive.")
    return ImportedCall(shape=shape, prompt=prompt, most_tokens=most)


def _asked(messages: Any) -> str:
    if not isinstance(messages, list) or not all(isinstance(each, dict) for each in messages):
        raise ValidationError(message="messages is not an array of objects.")
    if not messages:
        raise ValidationError(message="messages is empty.")
    return " ".join(_text(each.get("content")) for each in messages if each.get("role") == "user")


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    texts = (part.get("text") for part in parts if isinstance(part, dict))
    return "\n".join(text for text in texts if isinstance(text, str))
